"""What is remembered of a learner's progress, and when it counts."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlpath.workbench.curriculum import exercises
from mlpath.workbench.progress import Progress, forget, load, record_hint, record_pass, restamp, stamp, state
from mlpath.workbench.workspace import Workspace, WorkspaceError

ROOT = Path(__file__).parents[2]
NORMS, PCA = exercises()["linalg/norms"], exercises()["linalg/pca"]


@pytest.fixture
def work(tmp_path):
    """Two exercises that nobody has begun."""
    for exercise in (NORMS, PCA):
        for path in (exercise.file, exercise.tests):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / exercise.file).write_text(exercise.stub)
        shutil.copy(ROOT / exercise.tests, tmp_path / exercise.tests)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return Workspace(tmp_path)


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


# ------------------------------------------------------------------ the record


def test_without_a_file_nothing_is_passed_and_nothing_is_written(work):
    assert load(work) == Progress()
    assert not work.state.exists()


def test_passes_and_hints_are_remembered(work):
    record_pass(work, NORMS)
    record_hint(work, NORMS, "l1_norm", 2)
    record_hint(work, NORMS, "l1_norm", 1)
    record_hint(work, PCA, "PCA.fit", 1)
    progress = load(work)
    assert list(progress.passed) == ["linalg/norms"]
    assert progress.passed["linalg/norms"].tests == stamp(work, NORMS)
    assert progress.hints == {"linalg/norms": {"l1_norm": 2}, "linalg/pca": {"PCA.fit": 1}}


def test_the_first_pass_of_the_same_tests_counts(work):
    record_pass(work, NORMS)
    first = load(work)
    file = work.state / "progress.json"
    file.write_text(file.read_text().replace(first.passed["linalg/norms"].when, "2020-01-01T00:00:00+00:00"))
    edit(work.root / NORMS.tests, "import pytest", "import pytest  # a remark")
    record_pass(work, NORMS)
    assert load(work).passed["linalg/norms"].when == "2020-01-01T00:00:00+00:00"
    edit(work.root / NORMS.tests, "import pytest", "import math\nimport pytest")
    record_pass(work, NORMS)
    assert load(work).passed["linalg/norms"].when > "2020-01-01T00:00:00+00:00"


def test_what_is_begun_anew_is_forgotten(work):
    record_pass(work, NORMS)
    record_pass(work, PCA)
    record_hint(work, NORMS, "l1_norm", 2)
    forget(work, NORMS)
    assert (list(load(work).passed), load(work).hints) == (["linalg/pca"], {})


@pytest.mark.parametrize("content", [b'{"passed": {"linalg', b"", b"[]", b'{"passed": 3}', b"\xff\xfe"])
@pytest.mark.parametrize("ask", [load, lambda work: record_hint(work, NORMS, "l1_norm", 1)], ids=["read", "written"])
def test_a_broken_file_is_put_aside_and_that_is_said(work, content, ask, capsys):
    work.state.mkdir()
    (work.state / "progress.json").write_bytes(content)
    ask(work)
    (aside,) = work.state.glob("progress.broken-*.json")
    assert aside.read_bytes() == content
    assert f"it is {aside.name} now, and a new one is begun" in capsys.readouterr().err
    record_pass(work, NORMS)
    assert list(load(work).passed) == ["linalg/norms"]
    assert capsys.readouterr().err == ""


def test_a_file_of_a_newer_version_is_left_alone(work):
    work.state.mkdir()
    (work.state / "progress.json").write_text('{"format": 2, "passed": []}'.replace("[]", "{}"))
    with pytest.raises(WorkspaceError, match="written by a newer mlpath"):
        load(work)
    with pytest.raises(WorkspaceError, match="written by a newer mlpath"):
        record_pass(work, NORMS)
    assert (work.state / "progress.json").read_text() == '{"format": 2, "passed": {}}'


# ------------------------------------------------------------------- the states


def test_the_learners_file_says_whether_an_exercise_is_started(work):
    def now():
        return state(work, NORMS, Progress())

    file = work.file(NORMS)
    assert now() == "not started"
    file.write_text("# My remarks.\n" + NORMS.stub + "import math\n")
    assert now() == "not started"
    edit(file, 'raise NotImplementedError("not written yet: l1_norm")', "return 1.0")
    assert now() == "started"
    file.write_text("def half(")
    assert now() == "started"
    file.write_bytes(b"x = 1\0")
    assert now() == "started"
    file.unlink()
    assert now() == "not started"


def test_a_pass_counts_for_tests_that_mean_the_same(work):
    record_pass(work, NORMS)
    progress, tests = load(work), work.root / NORMS.tests
    assert state(work, NORMS, progress) == "passed"
    assert state(work, PCA, progress) == "not started"
    tests.write_text("# A remark.\n\n" + tests.read_text())
    assert state(work, NORMS, progress) == "passed"
    restamp(work)
    assert load(work).passed["linalg/norms"].text != progress.passed["linalg/norms"].text
    assert state(work, NORMS, load(work)) == "passed"
    tests.write_text(tests.read_text() + "\n\ndef test_more():\n    assert True\n")
    assert state(work, NORMS, progress) == "passed an earlier version"
    restamp(work)
    assert state(work, NORMS, load(work)) == "passed an earlier version"
    tests.unlink()
    assert state(work, NORMS, progress) == "passed"


def test_states_of_many_exercises_are_known_at_once(work):
    record_pass(work, NORMS)
    progress = load(work)
    started = time.process_time()
    states = {state(work, exercise, progress) for exercise in (NORMS, PCA) for _ in range(450)}
    assert states == {"passed", "not started"}
    assert time.process_time() - started < 2  # measured: 0.2


# ----------------------------------------------------------------- what records


def run(work, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", *arguments],
        cwd=work.root,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_a_complete_green_run_of_pytest_is_a_pass(work):
    shutil.copy(NORMS.reference, work.file(NORMS))
    assert "1 of 2 done" in run(work, "exercises")
    assert list(load(work).passed) == ["linalg/norms"]


def test_so_it_is_with_xdist(work):
    shutil.copy(NORMS.reference, work.file(NORMS))
    assert "linalg/norms: done" in run(work, NORMS.file, "-n1")
    assert list(load(work).passed) == ["linalg/norms"]


def test_what_is_no_complete_green_run_of_the_learners_file_is_no_pass(work):
    shutil.copy(NORMS.reference, work.root / "elsewhere.py")
    assert "linalg/norms: done" in run(work, "--as", "norms", "elsewhere.py")
    shutil.copy(NORMS.reference, work.file(NORMS))
    assert " passed" in run(work, NORMS.file, "-k", "l1_norm")
    edit(work.file(NORMS), "np.abs(x).sum()", "x.sum()")
    assert "7 of 8 parts" in run(work, NORMS.file)
    assert not (work.state / "progress.json").exists()


def test_a_pass_that_cannot_be_recorded_is_told_and_the_run_is_green(work):
    shutil.copy(NORMS.reference, work.file(NORMS))
    work.state.write_text("a file where a folder should be")
    said = run(work, NORMS.file)
    assert "linalg/norms: done, all 8 parts" in said
    assert "this pass could not be recorded: " in said
    assert "Error" not in said
