"""The reference beside the learner's file."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from mlpath.workbench import timing
from mlpath.workbench.curriculum import exercises
from mlpath.workbench.progress import record_pass
from mlpath.workbench.solution import compared, facts, show_solution, written
from mlpath.workbench.timing import Times, compare
from mlpath.workbench.workspace import Workspace, WorkspaceError, init

ROOT = Path(__file__).parents[2]
NORMS, PCA = exercises()["linalg/norms"], exercises()["linalg/pca"]
LOOPS = (ROOT / NORMS.alternatives / "loops.py").read_text()


@pytest.fixture
def workspace(tmp_path):
    list(init(tmp_path))
    return Workspace(tmp_path)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(timing, "FEWEST_ROUNDS", 1)
    monkeypatch.setattr(timing, "MOST_ROUNDS", 1)


def shown(workspace, exercise=NORMS, width=120, other=False, yes=True):
    console = Console(file=io.StringIO(), width=width)
    show_solution(workspace, exercise, console, other=other, yes=yes)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    return "\n".join(line.rstrip() for line in lines)


def with_body(part, body):
    return NORMS.stub.replace(f'raise NotImplementedError("not written yet: {part}")', body)


def test_before_a_pass_a_hint_is_offered_and_nothing_shown(workspace):
    with pytest.raises(WorkspaceError) as caught:
        shown(workspace, yes=False)
    assert "You have not passed linalg/norms yet" in str(caught.value)
    assert "mlpath hint linalg/norms" in str(caught.value)
    assert "mlpath solution linalg/norms --yes" in str(caught.value)


@pytest.mark.parametrize(("answer", "seen"), [("y", True), ("n", False), ("", False), (EOFError, False)])
def test_in_a_terminal_one_is_asked(workspace, monkeypatch, answer, seen):
    def told(*_, **__):
        if answer is EOFError:
            raise EOFError
        return answer

    monkeypatch.setattr("sys.stdin", type("", (), {"isatty": lambda _: True})())
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    monkeypatch.setattr(console, "input", told)
    show_solution(workspace, NORMS, console, other=False, yes=False)
    assert ("the reference" in console.file.getvalue()) is seen


def test_after_a_pass_nobody_is_asked(workspace, quick):
    workspace.file(NORMS).write_text(LOOPS)
    record_pass(workspace, NORMS)
    said = shown(workspace, yes=False)
    assert "What differs" in said
    assert "Only the reference calls" in said
    assert "l1_norm" in said.partition("What differs")[2]
    assert "rounds of both in turn" in said


def test_of_a_stub_only_the_reference_is_shown(workspace):
    said = shown(workspace)
    assert "l1_norm  the reference; yours is not written yet" in said
    assert "What differs" not in said
    assert '"""' not in said


def test_lines_that_differ_are_marked_side_by_side(workspace):
    workspace.file(NORMS).write_text(with_body("l1_norm", "total = 0.0\n    return sum(abs(x))"))
    said = shown(workspace).partition("max_norm")[0]
    assert "l1_norm  left yours, right the reference" in said
    assert any(line.startswith("total = 0.0") and " | " in line for line in said.splitlines())
    assert any(line.startswith("return sum(abs(x))") and line.endswith("<") for line in said.splitlines())


def test_in_a_narrow_terminal_they_stand_one_below_the_other(workspace):
    workspace.file(NORMS).write_text(with_body("l1_norm", "total = 0.0\n    return sum(abs(x))"))
    said = shown(workspace, width=80).partition("max_norm")[0]
    assert "\n< total = 0.0\n< return sum(abs(x))\n  the reference\n" in said
    assert "\n> return float(" in said
    assert '  x = _real(x, "x", ndim=1)\n' in said  # which is given, and so the same


def test_what_is_the_same_is_shown_once(workspace):
    workspace.file(NORMS).write_text(NORMS.reference.read_text())
    said = shown(workspace)
    assert said.count("yours is the same, word for word") == len(NORMS.parts)


def test_a_file_that_is_broken_is_said_to_be(workspace):
    workspace.file(NORMS).write_text(with_body("l1_norm", "return ("))
    said = shown(workspace)
    assert said.startswith("exercises/linalg/norms.py:")
    assert "l1_norm  the reference" in said


def test_helpers_are_shown_with_the_first_part_that_uses_them():
    code = written(PCA.reference.read_text(), PCA)
    assert list(code) == PCA.parts
    assert "def _learn(" in code["PCA.fit"].text
    assert "def _learn(" not in code["PCA.partial_fit"].text
    assert "def _deviations" not in code["PCA.transform"].text  # is given, so the learner has it
    assert "# yours" not in code["PCA.transform"].text


def test_facts_count_lines_loops_and_calls_of_libraries():
    source = with_body(
        "l1_norm",
        "# slow\n    total = 0.0\n    for a in np.abs(x):\n        total += a\n    return sum(b for b in [total])",
    )
    found = facts(written("import numpy as np\n" + source, NORMS)["l1_norm"], "import numpy as np")
    assert (found.lines, found.loops, found.calls) == (5, 2, {"np.abs"})


def test_a_slow_part_is_found_and_the_others_are_not(quick):
    slow = NORMS.reference.read_text().replace(
        "return float(np.abs(x).sum())", "[i * i for i in range(300_000)]\n    return float(np.abs(x).sum())"
    )
    assert slow != NORMS.reference.read_text()
    times, rounds = compare(NORMS, ROOT, slow)
    assert rounds == 1
    assert times.keys() == set(NORMS.parts)
    assert times["l1_norm"].mine > 20 * times["l1_norm"].reference
    assert times["lp_norm"].mine < 5 * times["lp_norm"].reference


def test_times_are_measured_in_fresh_processes_where_there_is_no_fork(quick, monkeypatch):
    monkeypatch.setattr("mlpath.workbench.trial.CAN_FORK", False)
    times, _ = compare(NORMS, ROOT, LOOPS)
    assert times.keys() == set(NORMS.parts)


def test_what_fails_is_not_timed(quick):
    assert compare(NORMS, ROOT, NORMS.stub) == ({}, 0)


def test_ratios_are_told_as_far_as_they_can_be():
    assert compared(None) == ("", "")
    assert compared(Times(0.003, 0.001))[1] == "3.0 times as long"
    assert compared(Times(0.001, 0.004))[1] == "4.0 times as fast"
    assert compared(Times(0.0011, 0.001))[1] == "alike"
    assert compared(Times(0.0001, 0.00001))[1] == "too short to tell"


def test_other_solutions_are_shown_with_what_they_say_of_themselves(workspace):
    said = shown(workspace, other=True)
    assert "\npowers of two\n" in said
    assert "import numpy" in said


def test_where_there_are_no_others_it_is_said_where_they_are(workspace, monkeypatch):
    monkeypatch.setattr("mlpath.workbench.solution.installed", lambda path: workspace.root / path)
    said = shown(workspace, other=True)
    assert "in a clone of mlpath, in tests/linalg/alternatives/norms/" in said
    assert " ".join(NORMS.details.after.split())[:30] in " ".join(said.split())
