"""What an editor makes of a clone: VS Code's test explorer asks pytest in these words."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlpath.workbench.curriculum import exercises

ROOT = Path(__file__).parents[2]
NORMS, PCA = exercises()["linalg/norms"], exercises()["linalg/pca"]


def of_vscode(name):
    return json.loads((ROOT / ".vscode" / name).read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path):
    """A workspace of two exercises, of which linalg/norms is begun."""
    shutil.copytree(ROOT / "tests/linalg", tmp_path / "tests/linalg")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "exercises/linalg").mkdir(parents=True)
    hole = 'raise NotImplementedError("not written yet: l1_norm")'
    (tmp_path / NORMS.file).write_text(NORMS.stub.replace(hole, "return np.abs(x).sum()"), encoding="utf-8")
    (tmp_path / PCA.file).write_text(PCA.stub, encoding="utf-8")
    return tmp_path


def run(folder, *arguments, **environment):
    command = [sys.executable, "-m", "pytest", f"--rootdir={folder}", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=100
    )
    return done.returncode, done.stdout


def test_the_explorer_shows_the_tests_of_what_is_begun_and_no_errors(folder):
    settings = of_vscode("settings.json")
    assert settings["python.testing.pytestEnabled"]
    arguments = settings["python.testing.pytestArgs"]
    code, said = run(folder, "--collect-only", "-q", *arguments)
    assert code == 0
    assert f"{NORMS.file}::test_l1_norm_adds_the_absolute_values" in said
    assert PCA.file not in said
    assert "error" not in said.lower()
    (folder / NORMS.file).write_text(NORMS.stub, encoding="utf-8")
    assert run(folder, "--collect-only", "-q", *arguments)[0] == 0


def test_a_file_that_can_not_be_read_is_one_test_and_no_error(folder):
    (folder / NORMS.file).write_text("def l1_norm(x:\n", encoding="utf-8")
    code, said = run(folder, "--collect-only", "-q", "exercises")
    assert code == 0
    assert f"{NORMS.file}::file" in said


def test_a_test_is_run_by_the_absolute_path_of_the_exercise(folder):
    one = f"{folder / NORMS.file}::test_l1_norm_adds_the_absolute_values"
    assert run(folder, one)[0] == 0


@pytest.mark.skipif(os.name == "nt", reason="there, an environment's python starts another one")
def test_debugging_runs_in_the_process_that_the_debugger_is_in(folder):
    (launch,) = of_vscode("launch.json")["configurations"]
    assert launch["purpose"] == ["debug-test"]
    text = (folder / NORMS.file).read_text(encoding="utf-8")
    (folder / NORMS.file).write_text(
        text.replace("return np.abs", "import os; print('in', os.getppid()); return np.abs")
    )
    one = f"{folder / NORMS.file}::test_l1_norm_adds_the_absolute_values"
    assert f"in {os.getpid()}" in run(folder, "-s", one, **launch["env"])[1]
    assert f"in {os.getpid()}" not in run(folder, "-s", one)[1]
