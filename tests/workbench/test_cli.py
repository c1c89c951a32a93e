"""The command line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlpath.workbench.cli import app
from mlpath.workbench.curriculum import exercises

NORMS = exercises()["linalg/norms"]


def run(*arguments):
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output + (str(done.exception) if isinstance(done.exception, SystemExit) else "")


def test_a_mistyped_part_of_a_hint_is_one_sentence(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])
    code, said = run("hint", "norms", "l3_norm")
    assert code == 1
    assert "linalg/norms has no part 'l3_norm'; did you mean lp_norm or" in said


def test_outside_of_a_workspace_that_is_said_kindly(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, said = run("hint", "norms", "l1_norm", "1")
    assert code == 1
    assert "is in no workspace; make one with  mlpath init FOLDER" in said


def test_hint_of_an_unknown_exercise_says_which_may_be_meant():
    code, said = run("hint", "linalg/nroms")
    assert code == 1
    assert "there is no exercise 'linalg/nroms'; did you mean linalg/norms?" in said


@pytest.fixture
def clone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src/mlpath").mkdir(parents=True)
    return tmp_path


def test_stubs_are_written_and_are_fresh_then(clone):
    assert run("dev", "stubs", "--check")[0] == 1
    code, said = run("dev", "stubs")
    assert code == 0
    assert said.count("written: ") == len(exercises())
    assert (clone / NORMS.file).read_text() == NORMS.stub
    assert run("dev", "stubs", "--check") == (0, "")


def test_stubs_never_replace_what_somebody_has_written(clone):
    run("dev", "stubs")
    work = NORMS.stub.replace('raise NotImplementedError("not written yet: l1_norm")', "return 1.0")
    (clone / NORMS.file).write_text(work)
    code, said = run("dev", "stubs")
    assert code == 1
    assert f"kept as it is, because something has been written in it: {NORMS.file}" in said
    assert (clone / NORMS.file).read_text() == work


def test_stubs_that_are_replaced_are_kept_in_backups(clone):
    run("dev", "stubs")
    older = NORMS.stub + "# a remark\n"
    (clone / NORMS.file).write_text(older)
    assert run("dev", "stubs") == (0, f"written: {NORMS.file}\n")
    assert [file.read_text() for file in (clone / ".mlpath/backups/exercises/linalg").iterdir()] == [older]


def test_stubs_are_made_in_a_clone_only(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, said = run("dev", "stubs")
    assert code == 1
    assert "run this in the root of a clone" in said
    assert not list(Path.cwd().iterdir())
