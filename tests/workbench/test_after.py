"""After a pass: only what was seen is said, and where to go from here."""

import io
import multiprocessing
import shutil
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from mlpath.workbench import seen as seen_module
from mlpath.workbench.after import commands, graded, show_after
from mlpath.workbench.curriculum import exercises
from mlpath.workbench.progress import record_pass
from mlpath.workbench.seen import Look, Seen, extreme, is_watched
from mlpath.workbench.verdict import PartVerdict, Verdict
from mlpath.workbench.workspace import Workspace

ROOT = Path(__file__).parents[2]
NORMS, PCA, MOMENTUM = (exercises()[id_] for id_ in ("linalg/norms", "linalg/pca", "optim/momentum"))
SOLUTION = NORMS.reference.read_text(encoding="utf-8")
PLENTY = 60.0  # seconds, on a busy machine


@pytest.fixture
def workspace(tmp_path):
    """A workspace in which linalg/norms is solved."""
    shutil.copytree(ROOT / "tests/linalg", tmp_path / "tests/linalg")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "exercises/linalg").mkdir(parents=True)
    (tmp_path / NORMS.file).write_text(SOLUTION, encoding="utf-8")
    return Workspace(tmp_path)


def look(workspace, *changes, **options):
    """What is seen of the reference with some changes, as the learner's file."""
    text = SOLUTION
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    workspace.file(NORMS).write_text(text, encoding="utf-8")
    with Look(workspace, NORMS, **({"seconds": PLENTY} | options)) as looking:
        return looking.result()


LINE = "return float(np.abs(x).sum())"


def test_the_reference_is_as_fast_as_itself_and_works_at_extremes(workspace):
    seen = look(workspace)
    assert seen is not None
    assert seen.rounds == seen_module.ROUNDS
    assert seen.arrays > 200
    said = " ".join(graded(seen))
    assert "arrays that your functions were given are as they were." in said
    assert "numbers whose squares overflow or vanish" in said
    assert 1 / 3 < seen.mine / seen.reference < 3
    assert seen.extremes == {"overflow": 28}
    assert multiprocessing.active_children() == []


def test_slow_code_is_told_how_slow_it_is(workspace):
    seen = look(workspace, (LINE, f"sum(range(5_000_000))\n    {LINE}"))
    said = list(graded(seen))
    assert seen.mine > 2 * seen.reference
    assert (
        said[-1] == f"Your code takes the tests {seen.mine / seen.reference:.1f} times as long as the reference does."
    )


@pytest.mark.parametrize(
    "change",
    [
        "return float(x.sum())",
        "total = float(np.abs(x).sum()); x *= 0; return total",
        "import os; os._exit(3)",
        "raise SystemExit",
    ],
)
def test_nothing_is_said_of_code_that_fails(workspace, change):
    assert look(workspace, (LINE, change)) is None


def test_who_does_not_come_to_an_end_is_ended(workspace, monkeypatch):
    monkeypatch.setattr(seen_module, "START_SECONDS", 0.0)
    assert look(workspace, (LINE, "while True: pass"), seconds=0.5) is None
    assert multiprocessing.active_children() == []


def test_without_time_to_measure_nothing_is_said_about_speed():
    assert list(graded(Seen(arrays=7))) == ["All 7 arrays that your functions were given are as they were."]
    assert list(graded(Seen(mine=9.0, reference=1.0, rounds=1))) == []
    assert list(graded(Seen())) == []
    assert list(graded(None)) == []


@pytest.mark.parametrize(
    ("mine", "said"),
    [
        (1.2, "Your code is as fast as the reference, in these tests."),
        (2.1, "Your code takes the tests 2.1 times as long as the reference does."),
        (0.4, "Your code is faster: with the reference, the tests take 2.5 times as long."),
    ],
)
def test_speed_is_said_as_a_ratio(mine, said):
    assert list(graded(Seen(mine=mine, reference=1.0, rounds=2))) == [said]


def test_a_fresh_process_sees_the_same(workspace):
    forked, fresh = look(workspace), look(workspace, fork=False)
    assert (fresh.arrays, fresh.extremes) == (forked.arrays, forked.extremes)


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (np.array([1.0, -1e160]), "overflow"),
        (np.array([1e-160, 0.0]), "overflow"),
        (np.array([1e20], np.float32), "overflow"),
        (np.array([1e20]), None),
        (np.array([1.0, 1e-200]), None),
        (np.array([-np.inf, 1.0]), "infinite"),
        (np.array([[np.nan]]), "infinite"),
        (np.zeros((0, 3)), "empty"),
        (np.zeros(3), None),
        (np.array([2**62]), None),
    ],
)
def test_extremes_are_told_by_the_numbers(array, kind):
    assert extreme(array) == kind
    assert is_watched(array)


def test_tensors_are_told_too():
    torch = pytest.importorskip("torch")
    assert extreme(torch.tensor([1.0, float("inf")], requires_grad=True)) == "infinite"
    assert extreme(torch.ones(3)) is None
    assert is_watched(torch.ones(3))


def test_what_is_no_array_or_a_huge_one_is_not_watched():
    assert not is_watched(3.0)
    assert not is_watched(abs)
    assert not is_watched(np.zeros(1_000_001))


def shown(workspace, exercise, width=80, seconds=0.1):
    parts = [PartVerdict(name, "passed", 3, 0) for name in exercise.parts]
    title = exercise.details.title
    verdict = Verdict(
        exercise=exercise.id,
        title=title,
        mlpath="0",
        tests="",
        status="passed",
        parts=parts,
        others=parts[0],
        seconds=seconds,
    )
    out = io.StringIO()
    show_after(verdict, workspace, Console(file=out, width=width, force_terminal=True, color_system=None))
    return out.getvalue()


def test_after_a_pass_there_is_something_to_read_to_see_to_try_and_to_do_next(workspace):
    record_pass(workspace, NORMS)
    said = shown(workspace, NORMS)
    assert said.startswith("8 parts, 27 tests, all passed.\n\nA norm is one line of NumPy,")
    assert "Besides being right:\n  All " in said
    assert "mlpath figure linalg/norms --mine " in said
    assert "mlpath notes linalg/norms " in said
    assert "mlpath solution linalg/norms --other " in said
    assert "mlpath ask linalg/norms  " in said
    assert "\n\nThis opens:\n  linalg/inner_products: Inner products" in said
    assert max(map(len, said.splitlines())) <= 80


def test_of_many_exercises_that_open_the_first_three_are_named(workspace, monkeypatch):
    every = list(exercises().values())
    monkeypatch.setattr("mlpath.workbench.after.unlocked", lambda *_: every[1:7])
    record_pass(workspace, NORMS)
    said = shown(workspace, NORMS)
    assert [f"  {exercise.id}: " in said for exercise in every[1:7]] == [True] * 3 + [False] * 3
    assert said.endswith("  and 3 more:  mlpath list\n")


def test_where_nothing_opens_the_way_on_is_said(workspace, monkeypatch):
    class Blind:
        def __init__(self, *_):
            self.result = lambda: None

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(seen_module, "Look", Blind)
    monkeypatch.setattr("mlpath.workbench.after.unlocked", lambda *_: [])
    assert shown(workspace, NORMS).endswith("What comes next:  mlpath next\n")


def test_tests_that_take_long_are_not_run_again(workspace, monkeypatch):
    monkeypatch.setattr(seen_module, "Look", None)  # to call it would fail
    said = shown(workspace, NORMS, seconds=2.5)
    assert "Besides" not in said
    assert "mlpath ask linalg/norms" in said


def test_only_what_there_is_is_offered(workspace, monkeypatch):
    offered = [command.split()[1] for command, _ in commands(workspace, NORMS)]
    assert offered == ["figure", "notes", "solution", "ask"]
    monkeypatch.setattr("mlpath.workbench.figure.gallery_of", lambda *_: None)
    monkeypatch.setattr("mlpath.workbench.after.installed", lambda path: workspace.root / path)
    shutil.rmtree(workspace.root / NORMS.alternatives)
    assert [command.split()[1] for command, _ in commands(workspace, NORMS)] == ["notes", "ask"]
