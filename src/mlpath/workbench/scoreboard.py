"""What a run of exercises prints: parts not yet written, the first failure of each exercise, and the progress."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import pytest

from mlpath.workbench.curriculum import CurriculumError, Exercise, exercises, tracks
from mlpath.workbench.progress import record_pass
from mlpath.workbench.records import known_mistake
from mlpath.workbench.stubs import left_open
from mlpath.workbench.workspace import Workspace, WorkspaceError

NOT_WRITTEN, LATER, NOT_RUN, NOT_STARTED = "not written yet", "failed later", "not run", "not started"

FINE = {"passed", "skipped"}  # a test is skipped where a library that it compares with is missing


class Scoreboard:
    """Gathers the reports of a run; a plugin of its own."""

    def __init__(self, config: pytest.Config) -> None:
        """Start empty."""
        self.config = config
        self.not_started: set[str] = set()
        self.expected: dict[str, list[str]] = {}  # exercise ID -> node IDs of all its tests
        self.outcomes: dict[str, dict[str, str]] = defaultdict(dict)  # file -> node ID -> outcome
        self.files: dict[str, str] = {}  # file -> exercise ID
        self.waiting: dict[str, Counter[str]] = defaultdict(Counter)  # file -> part not written -> tests
        self.said: dict[str, str] = {}  # node ID of a failed test -> its fingerprint
        self.causes: dict[str, list[str]] = defaultdict(list)  # file -> what the numbers tell, of each failed test
        self.trouble = ""  # why a pass could not be recorded

    def collected(self, exercise: Exercise, tests: list[str]) -> None:
        """Remember which tests a started exercise has."""
        self.files[tests[0].partition("::")[0]] = exercise.id
        self.expected[exercise.id] = tests

    # ------------------------------------------------------------ as it runs

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note each outcome, before the terminal reporter asks for its name."""
        file = report.nodeid.partition("::")[0]
        if file not in self.files and not file.startswith("exercises/"):
            return
        outcomes = self.outcomes[file]
        if report.failed:
            if hasattr(report, "not_written"):
                outcomes[report.nodeid] = NOT_WRITTEN
                self.waiting[file][report.not_written] += 1  # type: ignore[attr-defined]
            elif getattr(report, "not_run", False):
                outcomes[report.nodeid] = NOT_RUN
            else:
                report.later = "failed" in outcomes.values()  # type: ignore[attr-defined]
                outcomes[report.nodeid] = "failed"
                self.said[report.nodeid] = getattr(report, "fingerprint", "")
                self.causes[file].append(getattr(report, "why", ""))
        elif report.when == "call" or report.skipped:
            outcomes.setdefault(report.nodeid, report.outcome)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, Any] | None:
        """Name the outcomes that only exercises have."""
        if hasattr(report, "not_written"):
            return NOT_WRITTEN, "-", ("NOT WRITTEN YET", {"yellow": True})
        if getattr(report, "not_run", False):
            return NOT_RUN, "x", ("NOT RUN", {"yellow": True})
        if getattr(report, "later", False):
            return LATER, "F", ("FAILED", {"red": True})
        return None

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Pass on what a worker of xdist has seen; a tree that nobody has started is no failure."""
        worker: dict[str, Any] | None = getattr(self.config, "workeroutput", None)
        if worker is not None:
            seen = {"not_started": sorted(self.not_started), "expected": self.expected, "files": self.files}
            worker["mlpath"] = seen
            return
        if not self.config.option.as_exercise:
            self._record_passes()
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.not_started:
            session.exitstatus = pytest.ExitCode.OK

    def _record_passes(self) -> None:
        try:
            for id_ in self._done():
                record_pass(Workspace(self.config.rootpath), exercises()[id_])
        except (OSError, WorkspaceError) as error:
            self.trouble = f"this pass could not be recorded: {error}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take in what a worker of xdist has seen."""
        seen = getattr(node, "workeroutput", {}).get("mlpath", {})
        self.not_started |= set(seen.get("not_started", ()))
        self.expected |= seen.get("expected", {})
        self.files |= seen.get("files", {})

    # ------------------------------------------------------------ at the end

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the progress, where exercises were run or met."""
        reporter = terminalreporter
        if self.config.option.collectonly or not (self.not_started or self.outcomes):
            return
        if unseen := self.not_started - set(self.files.values()):
            reporter.stats.setdefault(NOT_STARTED, []).extend(_Counted() for _ in unseen)
        reporter.section("exercises", sep="=", bold=True)
        for file, outcomes in sorted(self.outcomes.items(), key=lambda pair: self._rank(self.files.get(pair[0], ""))):
            self._print_exercise(reporter, file, outcomes)
        self._print_tracks(reporter)
        if self.trouble:
            reporter.write_line(self.trouble, red=True)

    def _rank(self, id_: str) -> int:
        order = list(exercises())
        return order.index(id_) if id_ in order else len(order)

    def _print_exercise(self, reporter: pytest.TerminalReporter, file: str, outcomes: dict[str, str]) -> None:
        id_ = self.files.get(file)
        if id_ is None:  # its tests could not run at all
            reporter.write_line(f"{file}: could not be tested", red=True)
            return
        parts = exercises()[id_].parts
        open_parts = {part_of(name, parts) for name, outcome in outcomes.items() if outcome not in FINE}
        done = [part for part in parts if part not in open_parts]
        complete = set(outcomes) >= set(self.expected.get(id_, ()))
        if complete and not open_parts:
            reporter.write_line(f"{id_}: done, all {len(parts)} parts", green=True)
            return
        counted = (
            f"{len(done)} of {len(parts)} parts"
            if complete
            else f"{len(outcomes)} of {len(self.expected[id_])} tests run"
        )
        reporter.write_line(f"{id_}: {counted}", yellow=True)
        failing = Counter(part_of(name, parts) or "others" for name, outcome in outcomes.items() if outcome == "failed")
        for part, count in failing.items():
            reporter.write_line(f"    to be mended: {part} ({count} {_tests(count)} failed)")
        if failing:
            self._print_why(reporter, exercises()[id_], outcomes, self.causes[file])
        if not_run := sum(outcome == NOT_RUN for outcome in outcomes.values()):
            reporter.write_line(
                f"    {not_run} {_tests(not_run)} not run, as one before took too long or the file did not load"
            )
        for part, count in self.waiting[file].items():
            reporter.write_line(
                f"    not written yet: {part} ({count} {_tests(count)} {'waits' if count == 1 else 'wait'} for it)"
            )

    def _print_why(
        self, reporter: pytest.TerminalReporter, exercise: Exercise, outcomes: dict[str, str], causes: list[str]
    ) -> None:
        """Say what the cause may be or, if nothing is known, which prerequisites are open."""
        if cause := self.cause(exercise, outcomes, causes):
            reporter.write_line(f"    {cause}", bold=True)
            return
        for need in self.open_needs(exercise, outcomes):
            reporter.write_line(f"    if the idea is unclear: it rests on {need}, which you have not finished")

    def open_needs(self, exercise: Exercise, outcomes: Mapping[str, str]) -> list[str]:
        """Return the prerequisites whose files leave something to be written, if what is missing may be found in them.

        Where most tests of a part pass, its idea was understood: no other exercise has the detail that is wrong.
        """
        parts = [part_of(name, exercise.parts) for name in outcomes]
        failed = Counter(part for part, outcome in zip(parts, outcomes.values(), strict=True) if outcome == "failed")
        if all(2 * count < parts.count(part) for part, count in failed.items()):
            return []
        return [
            need
            for need in exercise.details.needs
            if need in exercises() and (self.config.rootpath / exercises()[need].file).exists() and self._is_open(need)
        ]

    def cause(self, exercise: Exercise, outcomes: Mapping[str, str], causes: list[str]) -> str | None:
        """Return the known mistake that the failures look like, or else what later ones tell and the first does not."""
        if mistake := known_mistake(exercise, self.expected[exercise.id], outcomes, self.said):
            return mistake
        later = told_later(causes)
        return f"a later test says why: {later}" if later else None

    def _done(self) -> set[str]:
        """Return the exercises of which all tests were run and are fine."""
        return {
            self.files[file]
            for file, outcomes in self.outcomes.items()
            if file in self.files
            and set(outcomes) >= set(self.expected[self.files[file]])
            and set(outcomes.values()) <= FINE
        }

    def _is_open(self, id_: str) -> bool:
        """Whether the learner's file is not there, or leaves something to be written."""
        file = self.config.rootpath / exercises()[id_].file
        return not file.exists() or bool(left_open(file.read_text(encoding="utf-8", errors="replace")))

    def _print_tracks(self, reporter: pytest.TerminalReporter) -> None:
        done = self._done()
        met = self.not_started | set(self.files.values())
        if len(met) > 1:  # of a single exercise, no track can be told
            self._print_counts(reporter, met, done)
            self._print_next(reporter, [id_ for id_ in exercises() if id_ in met and id_ not in done])
        elif met:
            order = list(exercises())
            later = filter(self._is_open, order[order.index(next(iter(met))) + 1 :])
            after = islice(later, 1)  # reads no more files than it has to
            self._print_next(reporter, list(after) if met <= done else list(met))

    def _print_counts(self, reporter: pytest.TerminalReporter, met: set[str], done: set[str]) -> None:
        width = max(len(track.title) for track in tracks())
        for track in tracks():
            if here := [id_ for id_ in track.exercises if id_ in met]:
                solved, new = len(done.intersection(here)), len(self.not_started.intersection(here))
                suffix = f", {new} not started" if new else ""
                reporter.write_line(f"{track.title:<{width}}  {solved:>3} of {len(here)} done{suffix}")

    def _print_next(self, reporter: pytest.TerminalReporter, candidates: list[str]) -> None:
        if not candidates:
            return
        exercise = exercises()[candidates[0]]
        try:
            details = exercise.details
        except CurriculumError as error:
            reporter.write_line(str(error), red=True)
            return
        mine = [file for file, id_ in self.files.items() if id_ == exercise.id]
        waiting = [part for file in mine for part in self.waiting[file]]
        failed = [name for file in mine for name, outcome in self.outcomes[file].items() if outcome == "failed"]
        begun = bool(mine) and exercise.id not in self.not_started
        if not begun:
            waiting = exercise.parts
        task = "see what is left"
        if failed:
            task = f"mend {part_of(failed[0], exercise.parts) or 'what failed'}"
        elif waiting:
            task = f"write {waiting[0]}"
        facts = f"{details.title}; difficulty {details.difficulty} of 5, {details.minutes} minutes"
        reporter.write_line("")
        reporter.write_line(f"{'Go on with' if begun else 'Start with'} {exercise.id} ({facts}):", bold=True)
        reporter.write_line(f"  open {exercise.file}, {task}, then run  pytest {exercise.file}")


def told_later(causes: list[str]) -> str | None:
    """Return what the failures after the first have in common, if the first, which is shown in full, tells no cause."""
    return in_common(causes) if causes and not causes[0] else None


def in_common(causes: list[str]) -> str | None:
    """Return the cause that most of the tests tell that tell one, if these are several; its numbers may differ.

    Where something is not quite right, or not right at an edge, that is seen of many causes, and nothing is said.
    """
    told = [(re.sub(r"[\d.]+", "#", cause), cause) for cause in causes if cause]
    if not told:
        return None
    (kind, count), first = Counter(kind for kind, _ in told).most_common(1)[0], dict(reversed(told))
    vague = kind.startswith(("All is right but", "The numbers are"))
    return first[kind] if count > max(1, len(told) / 2) and not vague else None


class _Counted:
    """Stands for an exercise in pytest's last line."""

    count_towards_summary = True


def part_of(test: str, parts: Iterable[str]) -> str | None:
    """Return the part that a test is about: the longest that its name begins with."""
    name = test.rpartition("::")[2].partition("[")[0].removeprefix("test_")
    keys = {key: part for part in parts for key in part_keys(part)}
    fitting = [key for key in keys if name == key or name.startswith(key + "_")]
    return keys[max(fitting, key=len)] if fitting else None


def part_keys(part: str) -> list[str]:
    """Return how the name of a test may begin that is about this part: `PCA.fit` gives `fit` and `pca_fit`."""
    kind, _, function = part.rpartition(".")
    function = function.strip("_")
    return (
        [function, f"{_snake(kind)}_{function}", *([_snake(kind)] if function in ("call", "forward") else [])]
        if kind
        else [function]
    )


def _snake(name: str) -> str:
    """CamelCase in the manner of file names: `PCA` is `pca`, `SelfAttention` is `self_attention`."""
    out = ""
    for i, letter in enumerate(name):
        after_small = i > 0 and (name[i - 1].islower() or name[i - 1].isdigit())
        before_small = i > 0 and i + 1 < len(name) and name[i + 1].islower() and name[i - 1].isupper()
        out += ("_" if letter.isupper() and (after_small or before_small) else "") + letter.lower()
    return out


def _tests(count: int) -> str:
    return "test" if count == 1 else "tests"
