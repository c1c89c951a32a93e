"""The wheel in a fresh environment, far from the clone: lay out the exercises, solve one, test it."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from mlpath.workbench.curriculum import exercises

ROOT = Path(__file__).parents[2]
NORMS = exercises()["linalg/norms"]


def run(*command, **where):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV"))}
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=env | {"COLUMNS": "120"}, **where)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the clone."""
    folder = tmp_path_factory.mktemp("wheel")
    alone = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *alone, "-w", folder, ROOT)
    return next(folder.glob("mlpath-*.whl"))


@pytest.fixture(scope="module")
def scripts(wheel, tmp_path_factory):
    """The folder of commands of an environment that has the wheel, and the packages of the present one after it."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    run(sys.executable, "-m", "pip", "--python", scripts / "python", "install", "-q", "--no-deps", "--no-index", wheel)
    site = run(scripts / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(site) / "zz_packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return scripts


def test_the_wheel_carries_what_exercises_need_and_no_stubs(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for exercise in exercises().values():
        for suffix in (".py", ".toml", ".proof.json"):
            assert f"mlpath/{exercise.id}{suffix}" in names
        assert f"mlpath/workbench/shared/{exercise.tests}" in names
        for file in [*(ROOT / exercise.alternatives).glob("*.py"), ROOT / f"gallery/{exercise.id}.py"]:
            assert not file.exists() or f"mlpath/workbench/shared/{file.relative_to(ROOT).as_posix()}" in names
    assert {f"mlpath/workbench/shared/.vscode/{name}.json" for name in ("settings", "launch")} <= set(names)
    assert not [name for name in names if name.startswith(("exercises", "tests", "src")) or "shared/exercises" in name]
    assert not [name for name in names if "shared/tests/workbench" in name or "shared/tests/testing" in name]


def test_a_learner_with_the_wheel_lays_out_solves_and_tests(scripts, tmp_path):
    python = scripts / "python"
    place = run(python, "-c", "import mlpath; print(mlpath.__file__)", cwd=tmp_path).strip()
    assert Path(place).is_relative_to(scripts.parent), "this is not the wheel's"
    said = run(scripts / "mlpath", "init", "w", cwd=tmp_path)
    assert f"{len(exercises())} exercises and their tests are laid out" in said
    work = tmp_path / "w"
    laid_out = {file.relative_to(work).as_posix() for file in work.rglob("*") if file.is_file()}
    expected = {path for exercise in exercises().values() for path in (exercise.file, exercise.tests)}
    expected |= {"pyproject.toml", "README.md", ".vscode/settings.json", ".vscode/launch.json"}
    assert {path for path in laid_out if not path.startswith(".mlpath/")} == expected, "no mistakes, no alternatives"
    assert (work / NORMS.file).read_text() == NORMS.stub

    assert f"{len(exercises())} not started" in run(python, "-m", "pytest", cwd=work)
    shutil.copy(NORMS.reference, work / NORMS.file)
    said = run(python, "-m", "pytest", "exercises/", "-p", "no:randomly", cwd=work)
    assert "linalg/norms: done, all 8 parts" in said
    assert list(json.loads((work / ".mlpath/progress.json").read_text())["passed"]) == ["linalg/norms"]

    mine = (work / NORMS.file).read_text()
    assert "Nothing is new" in run(scripts / "mlpath", "init", ".", cwd=work)
    assert (work / NORMS.file).read_text() == mine
