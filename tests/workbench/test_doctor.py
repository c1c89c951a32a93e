"""The doctor says what is fine, and what to do where something is not."""

import io
import os
import sys
from pathlib import Path

import pytest
from rich.console import Console

import mlpath
from mlpath.workbench import doctor
from mlpath.workbench.curriculum import exercises
from mlpath.workbench.doctor import (
    completion,
    examine,
    files,
    packages,
    plugin,
    progress,
    python,
    shared_tests,
    terminal,
    writing,
)
from mlpath.workbench.progress import record_pass
from mlpath.workbench.workspace import Workspace, init

ROOT = Path(__file__).parents[2]
NORMS, PCA = exercises()["linalg/norms"], exercises()["linalg/pca"]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A new workspace, which we are in."""
    list(init(tmp_path / "w"))
    monkeypatch.chdir(tmp_path / "w")
    return Workspace((tmp_path / "w").resolve())


def examined(width=80, terminal=False):
    out = io.StringIO()
    well = examine(Console(file=out, width=width, force_terminal=terminal, color_system=None))
    return well, out.getvalue()


def to_do(findings):
    return [(finding.says, finding.command) for finding in findings if finding.level == "to do"]


def test_a_new_workspace_is_well(workspace):
    well, said = examined()
    assert well, said
    assert "to do" not in said
    assert f"fine   mlpath      {mlpath.__version__}, from " in said
    assert f"fine   workspace   {workspace.root}\n" in said
    assert said.count("\n") == len(said.splitlines())
    assert all(line.startswith(("fine   ", "note   ")) for line in said.splitlines())


def test_this_clone_is_found_to_be_one(monkeypatch):
    monkeypatch.chdir(ROOT / "src")
    assert f"workspace   {ROOT}, a clone" in examined()[1]


def test_in_a_terminal_long_lines_are_folded_below_themselves(workspace):
    well, said = examined(terminal=True)
    assert well
    assert max(map(len, said.splitlines())) <= 80
    for line in said.splitlines():
        assert line.startswith(("fine ", "note ", " " * 10))


def test_who_is_in_no_workspace_is_told_how_to_make_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    well, said = examined()
    assert not well
    assert "to do  workspace   no exercises here" in said
    assert "mlpath init FOLDER" in said


def test_an_old_python_and_old_packages_are_told():
    assert to_do([python((3, 10, 2), ">=3.11")])[0][0].startswith("this is 3.10.2, and mlpath needs >=3.11")
    assert not to_do([python((3, 14, 0), ">=3.11")])
    assert to_do(packages(["numpy >= 99", "rich >= 1", "no-such-thing-at-all >= 2"])) == [
        (f"numpy {doctor._version('numpy')} is installed, and >=99 is needed", 'pip install --upgrade "numpy>=99"'),
        ("no-such-thing-at-all is missing", 'pip install "no-such-thing-at-all>=2"'),
    ]


def test_what_a_clone_needs_is_read_from_its_pyproject():
    assert "msgspec >= 0.19" in doctor.requirements(Workspace(ROOT))
    assert not [need for need in doctor.requirements(None) if "torch" in need or "ruff" in need]


def test_without_torch_it_is_counted_what_needs_it(monkeypatch):
    monkeypatch.setattr(doctor, "_version", lambda name: None)
    found = doctor.torch()
    assert found.level == "note"
    networks = {"optim/gradient_clipping", "optim/kfac", "optim/hessian_free", "optim/lr_finder"}
    needing = sum(id_.startswith("models/") or id_ in networks for id_ in exercises())
    assert found.says.startswith(f"not installed; {needing} of {len(exercises())} exercises need it")


def test_a_second_mlpath_is_told(workspace, tmp_path, monkeypatch):
    (tmp_path / "other/mlpath/workbench").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "other")])
    assert [command for _, command in to_do(doctor.installation(workspace))] == ["pip uninstall mlpath"]


def test_a_clone_that_is_not_what_is_imported_is_told(tmp_path):
    (tmp_path / "src/mlpath").mkdir(parents=True)
    (tmp_path / "src/mlpath/curriculum.toml").touch()
    assert to_do(doctor.installation(Workspace(tmp_path)))[0][1] == f"pip install -e {tmp_path}"


def test_the_pytest_of_another_environment_is_told(tmp_path, monkeypatch):
    for name in ("mlpath", "pytest"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    said = [finding.says for finding in doctor.installation(None) if finding.level == "note"]
    assert [f"the shell finds {tmp_path / name}" in text for name, text in zip(("mlpath", "pytest"), said)] == [
        True,
        True,
    ]


def test_missing_and_changed_tests_are_told(workspace):
    (workspace.root / NORMS.tests).unlink()
    (workspace.root / PCA.tests).write_text("def test_nothing():\n    pass\n")
    found = to_do(shared_tests(workspace))
    assert found == [
        (f"{NORMS.tests} is missing", "mlpath init ."),
        (f"{PCA.tests} is not as in mlpath {mlpath.__version__}", "mlpath init ."),
    ]
    list(init(workspace.root))
    assert not to_do(shared_tests(workspace))


def test_other_ends_of_lines_are_no_change(workspace):
    file = workspace.root / NORMS.tests
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert not to_do(shared_tests(workspace))


def test_from_a_folder_below_the_command_names_the_workspace(workspace, monkeypatch):
    (workspace.root / NORMS.tests).unlink()
    monkeypatch.chdir(workspace.root / "exercises")
    assert to_do(shared_tests(workspace))[0][1] == f"mlpath init {workspace.root}"


def test_missing_and_outdated_exercises_are_told_and_not_those_that_are_begun(workspace):
    workspace.file(NORMS).unlink()
    old = PCA.stub + "\n# of an earlier version\n"
    workspace.file(PCA).write_text(old, encoding="utf-8")
    assert to_do(files(workspace)) == [
        (f"{NORMS.file} is missing", "mlpath reset linalg/norms"),
        (f"{PCA.file} is made by another version", "mlpath init ."),
    ]
    hole = f'raise NotImplementedError("not written yet: {PCA.parts[0]}")'
    workspace.file(PCA).write_text(old.replace(hole, "return 1"), encoding="utf-8")
    assert len(to_do(files(workspace))) == 1


def test_new_versions_that_wait_and_files_of_no_exercise_are_noted(workspace):
    (workspace.root / "exercises/linalg/pca.new.py").touch()
    (workspace.root / "exercises/linalg/scratch.py").touch()
    said = [finding.says for finding in files(workspace) if finding.level == "note"]
    assert said[0].startswith("exercises/linalg/pca.new.py is there")
    assert said[1] == "exercises/linalg/scratch.py is of no exercise"


def test_a_broken_progress_is_told_and_left_as_it_is(workspace):
    assert progress(workspace).says == "none so far"
    record_pass(workspace, NORMS)
    assert progress(workspace).says.startswith("1 passed, in ")
    file = workspace.state / "progress.json"
    for broken in (b'{"passed": ', b"\xff\xfe", b'{"passed": 3}'):
        file.write_bytes(broken)
        assert progress(workspace).level == "to do"
        assert file.read_bytes() == broken
    file.write_bytes(b'{"format": 99}')
    assert progress(workspace).command == "pip install --upgrade mlpath"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="an administrator may write anywhere")
def test_a_folder_without_write_access_is_told(workspace):
    (workspace.root / "exercises").chmod(0o500)
    try:
        assert writing(workspace).level == "to do"
    finally:
        (workspace.root / "exercises").chmod(0o700)


def test_a_full_disk_is_told(workspace, monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    assert writing(workspace).level == "fine"
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    assert writing(workspace).says == f"no file can be written in {workspace.root}: No space left on device"


def test_settings_that_do_not_load_the_plugin_are_told(workspace):
    assert not to_do(plugin(workspace))
    file = workspace.root / "pyproject.toml"
    settings = file.read_text(encoding="utf-8")
    for wrong in (settings.replace("-p mlpath.workbench.plugin", ""), "[tool.pytest.ini_options]\n", "[[[", ""):
        file.write_text(wrong, encoding="utf-8")
        assert "does not load the plugin" in to_do(plugin(workspace))[0][0]
    file.write_text('[tool.pytest.ini_options]\naddopts = ["-p mlpath.workbench.plugin"]\n', encoding="utf-8")
    assert not to_do(plugin(workspace))
    (workspace.root / "pytest.ini").write_text("[pytest]\n")
    assert "pytest.ini hides" in to_do(plugin(workspace))[0][0]


def test_narrow_and_plain_terminals_are_noted():
    def of(**settings):
        return terminal(Console(**({"file": io.StringIO(), "width": 80, "force_terminal": True} | settings)))

    assert of(color_system="256").says == "80 columns, colours (256), utf-8"
    assert of(color_system=None).says == "80 columns, no colours, utf-8"
    assert of(width=60).level == "note"
    assert of(file=io.TextIOWrapper(io.BytesIO(), encoding="cp1252")).level == "note"
    assert of(force_terminal=False).says == "none: plain text"


def test_completion_is_found_where_typer_puts_it(tmp_path):
    assert completion({"SHELL": "/usr/bin/fish"}, tmp_path).command == "mlpath --install-completion"
    assert completion({}, tmp_path).level == "note"
    (tmp_path / ".zfunc").mkdir()
    (tmp_path / ".zfunc/_mlpath").touch()
    assert completion({"SHELL": "/bin/zsh"}, tmp_path).level == "fine"
    assert completion({"SHELL": "/bin/bash"}, tmp_path).level == "note"
