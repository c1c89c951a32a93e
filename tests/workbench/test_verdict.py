"""What `check` says about real files that a learner might write, and what a teacher's script reads."""

import io
import json
import os
import re
import shutil
import sys
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from mlpath.workbench.curriculum import exercises
from mlpath.workbench.progress import load, record_hint, state
from mlpath.workbench.verdict import WORDS, Failure, PartVerdict, Verdict, run, show, to_json
from mlpath.workbench.workspace import Workspace

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs/verdict.md"
NORMS, PCA = exercises()["linalg/norms"], exercises()["linalg/pca"]
L1 = "return float(np.abs(x).sum())"
UNKNOWN = ("scores @ self.components_ + self.mean_", "np.sin(scores) @ self.components_ + self.mean_")
DIVIDES = ("variances = (singular_values / (n_samples - 1) ** 0.5) ** 2", "variances = singular_values**2 / n_samples")


class Learner:
    """A workspace in miniature, and who works in it."""

    def __init__(self, root):
        self.workspace = Workspace(root)
        settings = (ROOT / "pyproject.toml").read_text()
        (root / "pyproject.toml").write_text(settings.replace('addopts = "', 'addopts = "--seconds 3 '))
        for exercise in (NORMS, PCA):
            (root / exercise.tests).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / exercise.tests, root / exercise.tests)
            self.write(exercise)

    def write(self, exercise=NORMS, append="", **bodies):
        """Write the stub, with `bodies` in the place of its holes."""
        text = exercise.stub
        for part, body in bodies.items():
            hole = f'raise NotImplementedError("not written yet: {part}")'
            assert hole in text
            text = text.replace(hole, body.replace("\n", "\n    "))
        file = self.workspace.file(exercise)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + append)
        return file

    def solve(self, exercise, change=("", "")):
        """Write the reference as the learner's file, changed in one place."""
        source = exercise.reference.read_text()
        assert change[0] in source
        self.workspace.file(exercise).write_text(source.replace(*change))

    def check(self, exercise=NORMS, **how):
        self.verdict = run(self.workspace, exercise, **how)
        return self.verdict

    def shown(self, verdict=None):
        console = Console(file=io.StringIO(), width=80, highlight=False)
        show(verdict or self.verdict, self.workspace, console)
        return console.file.getvalue()


@pytest.fixture
def learner(tmp_path):
    return Learner(tmp_path)


def statuses(verdict):
    return {part.name: part.status for part in verdict.parts}


# ------------------------------------------------------------------ how far it is


def test_an_untouched_stub_is_not_started_and_its_first_part_is_to_be_written(learner):
    verdict = learner.check()
    assert verdict.status == "not started"
    assert set(statuses(verdict).values()) == {"not written"}
    assert verdict.first is None
    assert verdict.to_do == "l1_norm"
    assert "Next: write l1_norm, exercises/linalg/norms.py:" in learner.shown()
    assert "Stuck? mlpath hint linalg/norms" in learner.shown()


def test_parts_are_done_to_be_mended_or_not_written_yet(learner):
    learner.write(l1_norm=L1, max_norm="print('seen')\nreturn float(x.max())")
    verdict = learner.check()
    assert verdict.status == "failed"
    assert [*statuses(verdict).values()][:3] == ["passed", "failed", "not written"]
    assert verdict.to_do == "max_norm"
    max_norm = verdict.parts[1]
    assert 0 < max_norm.failed <= max_norm.tests
    assert verdict.first is not None
    assert verdict.first.part == "max_norm"
    assert verdict.first.message.startswith("max_norm([")
    assert "seen" in verdict.first.printed
    shown = learner.shown()
    assert "  done             l1_norm\n" in shown
    assert f"  to be mended     max_norm               {max_norm.failed} of {max_norm.tests} tests failed\n" in shown
    assert "  not written yet  l2_norm\n" in shown
    assert f"{verdict.first.test}\n{verdict.first.message}\nIt printed:\nseen\n" in shown
    line = learner.workspace.file(NORMS).read_text().splitlines().index(next(iter(_lines(learner, "def max_norm")))) + 1
    assert f"Next: mend max_norm, exercises/linalg/norms.py:{line}\n" in shown


def _lines(learner, start):
    return [line for line in learner.workspace.file(NORMS).read_text().splitlines() if line.startswith(start)]


def test_a_solved_exercise_is_passed_and_remembered(learner):
    learner.solve(NORMS)
    verdict = learner.check()
    assert verdict.passed
    assert set(statuses(verdict).values()) == {"passed"}
    assert sum(part.tests for part in verdict.parts) > 100
    assert verdict.seconds > 0
    assert load(learner.workspace).passed[NORMS.id].tests == verdict.tests
    assert state(learner.workspace, NORMS, load(learner.workspace)) == "passed"
    assert "linalg/norms: done, all 8 parts" in learner.shown()


def test_a_part_whose_tests_wait_for_another_one_is_not_done(learner):
    hole = 'raise NotImplementedError("not written yet: PCA.fit")'
    learner.solve(PCA, ("        X = check_samples(X, min_samples=2)\n        mean", f"        {hole}\n        mean"))
    verdict = learner.check(PCA)
    assert statuses(verdict)["PCA.fit"] == "not written"
    assert statuses(verdict)["fix_signs"] == "passed"
    assert statuses(verdict)["PCA.transform"] == "not run"
    assert verdict.to_do == "PCA.fit"
    assert "not run          PCA.transform          its tests wait for another part" in learner.shown()


def test_the_mistake_that_a_run_looks_like_is_told_and_open_prerequisites_where_it_looks_like_none(learner):
    learner.solve(PCA, DIVIDES)
    verdict = learner.check(PCA)
    assert "it looks like this: Your variances are too small by the factor (n - 1) / n" in verdict.why
    assert verdict.rests_on == []
    assert "It looks like this: Your variances are too small" in " ".join(learner.shown().split())
    learner.solve(PCA, UNKNOWN)
    verdict = learner.check(PCA)
    assert (verdict.why, verdict.rests_on) == ("", ["linalg/norms"])
    shown = " ".join(learner.shown().split())
    assert "If the idea is unclear: it rests on linalg/norms, which you have not finished" in shown
    learner.solve(NORMS)
    assert learner.check(PCA).rests_on == []


def test_hints_that_were_shown_are_in_the_verdict(learner):
    record_hint(learner.workspace, NORMS, "l1_norm", 2)
    assert learner.check().hints == {"l1_norm": 2}


def test_a_fresh_process_gives_the_same_verdict(learner):
    learner.write(l1_norm=L1, max_norm="return float(x.max())")
    forked, fresh = learner.check(), learner.check(fork=False)
    assert msgspec.structs.replace(forked, seconds=0) == msgspec.structs.replace(fresh, seconds=0)


def test_a_change_within_the_same_second_is_seen(learner, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = learner.write(l1_norm="return float(np.abs(x).max())")
    os.utime(file, (1e9, 1e9))
    assert statuses(learner.check())["l1_norm"] == "failed"
    learner.write(l1_norm="return float(np.abs(x).sum())")
    os.utime(file, (1e9, 1e9))
    assert statuses(learner.check())["l1_norm"] == "passed"


def test_settings_of_pytest_in_the_environment_change_nothing(learner, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing --no-such-option")
    learner.solve(NORMS)
    assert learner.check().passed


# --------------------------------------------------------------- what can't be tested


@pytest.mark.parametrize(
    ("append", "said"),
    [
        ("def f(:\n    pass", "SyntaxError: invalid syntax\n    def f(:"),
        ("x = '\0'", "null bytes"),
        ("while True: pass", "importing your file took more than 3 s at line "),
        ("import os; os._exit(2)", "importing your file ended Python with exit status 2"),
        ("import sys; sys.exit(2)", "SystemExit: 2\n  exercises/linalg/norms.py:"),
        ("import ctypes; ctypes.string_at(0)", "importing your file crashed Python (SIGSEGV)"),
        ("y = undefined + 1", "NameError: name 'undefined' is not defined\n  exercises/linalg/norms.py:"),
        ("del max_norm", "there is no `max_norm` in your file any more, and the tests import it"),
        ("from mlpath.linalg.norms import l2_norm", "imports mlpath.linalg.norms, which is the solution"),
        ("x = np.linalg.norm", "uses numpy.linalg.norm, which this exercise asks you to do without"),
    ],
)
def test_a_file_that_cannot_be_tested_is_told_in_words(learner, append, said):
    learner.write(l1_norm=L1, append=f"\n{append}\n")
    verdict = learner.check()
    assert verdict.status == "could not be tested"
    assert verdict.first is not None
    assert said in verdict.first.message
    assert verdict.first.test == ""
    assert "Traceback" not in verdict.first.message
    assert statuses(verdict)["max_norm"] == "not written"
    assert statuses(verdict)["l1_norm"] == "not run"
    shown = learner.shown()
    assert said in shown
    assert shown.endswith("Next: mend exercises/linalg/norms.py\n")


def test_a_file_that_is_missing_is_told_in_words(learner):
    learner.workspace.file(NORMS).unlink()
    verdict = learner.check()
    assert verdict.status == "could not be tested"
    assert verdict.first is not None
    assert "exercises/linalg/norms.py is missing: `mlpath reset linalg/norms`" in verdict.first.message


def test_tests_that_are_missing_are_told_in_words(learner):
    (learner.workspace.root / NORMS.tests).unlink()
    learner.write(l1_norm=L1)
    verdict = learner.check()
    assert verdict.status == "could not be tested"
    assert verdict.tests == ""
    assert verdict.first is not None
    assert "tests/linalg/test_norms.py is missing" in verdict.first.message


def test_settings_that_pytest_cannot_read_are_told_in_words(learner):
    (learner.workspace.root / "pyproject.toml").write_text("[tool.pytest.ini_options\n")
    verdict = learner.check()
    assert verdict.status == "could not be tested"
    assert verdict.first is not None
    assert "pytest could not start" in verdict.first.message
    assert "pyproject.toml" in verdict.first.message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("while True:\n    pass", "the test took more than 3 s in max_norm, line "),
        ("import os\nos._exit(3)", "the test ended Python with exit status 3"),
        ("import ctypes\nctypes.string_at(0)", "the test crashed Python (SIGSEGV) in max_norm, line "),
        ("raise KeyboardInterrupt", "your code raised KeyboardInterrupt"),
        ("while True:\n    print('flood' * 100)", "printed or wrote more than fits"),
    ],
)
def test_code_that_misbehaves_fails_its_own_part_only(learner, body, said):
    learner.write(l1_norm=L1, max_norm=body)
    verdict = learner.check()
    assert verdict.first is not None
    assert said in verdict.first.message
    assert len(verdict.first.printed) < 5000, "the flood was not cut"
    assert statuses(verdict)["l1_norm"] == "passed"
    assert statuses(verdict)["max_norm"] == "failed"
    assert statuses(verdict)["schatten_norm"] == "not written"


def test_code_that_ends_the_process_of_the_tests_still_gets_a_verdict(learner):
    learner.write(l1_norm=f"import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n{L1}")
    verdict = learner.check()
    assert verdict.status == "could not be tested"
    assert verdict.first is not None
    assert "the process that runs the tests was ended" in verdict.first.message


# ------------------------------------------------------------- what scripts rely on


def test_json_holds_all_of_the_verdict(learner):
    learner.write(l1_norm=L1, max_norm="return float(x.max())")
    verdict = learner.check()
    assert msgspec.json.decode(to_json(verdict), type=Verdict) == verdict
    assert "\n" not in to_json(verdict)
    assert json.loads(to_json(verdict))["format"] == 1


def test_the_example_of_the_documentation_is_what_check_says(learner):
    example = re.search(r"```json\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert example, "docs/verdict.md has no example"
    record_hint(learner.workspace, NORMS, "l1_norm", 1)
    learner.write(l1_norm=L1, max_norm="return float(x.max())")
    today = json.loads(to_json(learner.check()))
    assert _without_chance(json.loads(example[1])) == _without_chance(today), (
        f"today's is\n{json.dumps(today, indent=2)}"
    )


def _without_chance(data):
    data["first"]["message"] = re.sub(r"\.py:\d+", ".py:1", data["first"]["message"])
    for part in data["parts"]:
        part["tests"] = min(part["tests"], 1)
        part["failed"] = min(part["failed"], 1)
    return data | {"seconds": 0, "tests": "", "mlpath": ""}


def test_the_documentation_names_every_field_and_every_word():
    text = DOCS.read_text()
    rows = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert rows == {field for kind in (Verdict, PartVerdict, Failure) for field in kind.__struct_fields__}
    words = {*WORDS, "passed", "failed", "not started", "could not be tested"}
    assert all(f'`"{word}"`' in text for word in words)
