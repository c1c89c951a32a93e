"""The pytest plugin: the shared tests of `tests/`, run on the references or on the learner's files of `exercises/`.

`pytest` runs the tests on the references. `pytest exercises/...` collects *exercise files*: for each, the tests are
collected on the reference, which can do no harm, and run in a child process in which the module under test is the
learner's. `--in-process` runs them here instead, for breakpoints and `--pdb`.
"""

import ast
import importlib
import os
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from mlpath.workbench.curriculum import CurriculumError, Exercise, exercises, find, unknown
from mlpath.workbench.failures import explain, why
from mlpath.workbench.isolation import CAN_FORK, Child, ChildFailed, serve
from mlpath.workbench.patterns import fingerprint
from mlpath.workbench.rules import broken_rule
from mlpath.workbench.scoreboard import Scoreboard, part_of
from mlpath.workbench.stubs import is_untouched, parts
from mlpath.workbench.swap import load_learner, load_tests, preload, swapped

BOARD = pytest.StashKey[Scoreboard]()
RUNNING = pytest.StashKey["ExerciseFile"]()  # whose child is alive: one at a time
MAX_TIMEOUTS = 3  # of ten seconds each: then the rest of the exercise is not run


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of mlpath."""
    group = parser.getgroup("mlpath")
    group.addoption("--in-process", action="store_true", help="run exercises without child processes (for --pdb)")
    group.addoption("--fresh-process", action="store_true", help="run exercises in fresh processes instead of forks")
    group.addoption("--seconds", type=float, default=10.0, help="time limit of each test of an exercise")
    group.addoption("--as", dest="as_exercise", metavar="ID", help="take the named files for solutions of exercise ID")


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the scoreboard; keep the tests of an exercise together under xdist."""
    if config.option.usepdb:
        config.option.in_process = True
    named = [Path(config.invocation_params.dir, argument.partition("::")[0]) for argument in config.args]
    if getattr(config.option, "dist", "no") == "load" and any(_is_under(path, config, "exercises") for path in named):
        config.option.dist = "loadfile"
    config.stash[BOARD] = board = Scoreboard(config)
    config.pluginmanager.register(board, "mlpath-scoreboard")
    if "hypothesis" in sys.modules:
        quiet_hypothesis()


def quiet_hypothesis() -> None:
    """Make hypothesis deterministic, and its failures short."""
    from hypothesis import Phase, settings

    phases = [Phase.explicit, Phase.generate, Phase.shrink]
    settings.register_profile("mlpath", derandomize=True, deadline=None, max_examples=20, database=None, phases=phases)
    settings.load_profile("mlpath")


# ---------------------------------------------------------------- collecting


@pytest.hookimpl(tryfirst=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a learner's file that stands in a folder."""
    if _is_exercise(file_path, parent.config) and not parent.session.isinitpath(file_path):
        return ExerciseFile.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect a learner's file that is named itself, or shared tests that run on the reference."""
    if _is_exercise(module_path, parent.config):
        return ExerciseFile.from_parent(parent, path=module_path)
    _guard_reference(module_path, parent.config)
    return None


def _is_exercise(path: Path, config: pytest.Config) -> bool:
    if path.suffix != ".py" or path.name.startswith(("_", "conftest")):
        return False
    if config.option.as_exercise:
        return True
    return _is_under(path, config, "exercises") and not path.stem.endswith(".new")  # which `mlpath init` puts beside it


def _is_under(path: Path, config: pytest.Config, folder: str) -> bool:
    return path.is_relative_to(config.rootpath / folder)


def _guard_reference(path: Path, config: pytest.Config) -> None:
    """Check the shapes of a reference as those of a learner are."""
    folder, name = path.parent, path.stem.removeprefix("test_")
    if _is_under(folder, config, "tests"):
        id_ = (folder.relative_to(config.rootpath / "tests") / name).as_posix()
        if id_ in exercises():
            from mlpath.workbench.boundary import guard  # see load_learner

            reference = importlib.import_module(exercises()[id_].module)
            guard(reference, reference)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run exercises in learning order, whatever the order of their files."""
    order = {id_: rank for rank, id_ in enumerate(exercises())}

    def rank(item: pytest.Item) -> int:
        file = item.getparent(ExerciseFile)
        return -1 if file is None else order.get(file.id_, len(order))

    items.sort(key=rank)


class ExerciseFile(pytest.Module):
    """A learner's file, whose tests are the shared ones."""

    exercise: Exercise
    learner: ModuleType | None = None
    child: Child | None = None
    problem: str | None = None  # why the file can't be loaded
    told = False  # and whether a test has said so
    slow: frozenset[str | None] = frozenset()  # parts that ran out of time; their other tests are not run

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the shared tests; one failing item where they can't run; nothing for a stub met in passing."""
        board, problem = self.config.stash[BOARD], None
        try:
            self.exercise = self._which()
            if not self._is_started():
                board.not_started.add(self.exercise.id)
                if not self.session.isinitpath(self.path):
                    return iter([])
            problem = self._refusal()
        except CurriculumError as error:
            problem = str(error)
        except SyntaxError as error:
            problem = explain(error, self.path)
        if problem is None:
            tests = self.config.rootpath / self.exercise.tests
            preload(tests, self.exercise.reference, learner=self.path, but=self.exercise.module)
            items = self.collect_on(self.config.option.in_process)
            if not isinstance(items, str):
                board.collected(self.exercise, [item.nodeid for item in items])
                return iter(items)
            problem = items
        return iter([Refusal.from_parent(self, name="file", reason=problem)])

    def collect_on(self, learner: bool) -> list[pytest.Item] | str:
        """Return the tests bound to the learner's file or the reference, or what is wrong with the file."""
        try:
            if learner:
                module = self.learner = load_learner(self.exercise.module, self.path)
            else:
                module = importlib.import_module(self.exercise.module)
            self.shared = load_tests(self.exercise.module, self.config.rootpath / self.exercise.tests, module)
        except (Exception, SystemExit) as error:
            return explain(error, self.path)
        if "hypothesis" in sys.modules:
            quiet_hypothesis()
        return [node for node in super().collect() if isinstance(node, pytest.Item)]

    def end_child(self) -> None:
        """End the child, if there is one."""
        if self.child is not None:
            self.child.close()
        self.child = None

    def _getobj(self) -> ModuleType:
        return self.shared

    @property
    def id_(self) -> str:
        """The exercise that this file is taken for, which may not exist."""
        if self.config.option.as_exercise:
            return self.config.option.as_exercise
        return self.path.relative_to(self.config.rootpath / "exercises").with_suffix("").as_posix()

    def _which(self) -> Exercise:
        if self.config.option.as_exercise:
            return find(self.id_)
        if self.id_ not in exercises():
            raise CurriculumError(f"{_relative(self)} belongs to no exercise: {unknown(self.id_)}")
        return exercises()[self.id_]

    def _refusal(self) -> str | None:
        """What keeps this file from being tested, read off without running it."""
        exercise, tests = self.exercise, self.config.rootpath / self.exercise.tests
        if not tests.exists():
            return f"{exercise.tests} is missing: the tests of {exercise.id} should be there"
        tree = ast.parse(self.path.read_bytes(), str(self.path))
        if broken := broken_rule(tree, exercise.module, exercise.details.without):
            return f"{_relative(self)}:{broken[0]}: {broken[1]}"
        return None

    def _is_started(self) -> bool:
        """Whether any hole has been filled."""
        text = self.path.read_text(encoding="utf-8", errors="replace")
        return not is_untouched(text) and parts(text, str(self.path)).keys() != self.exercise.holes.keys()


class Refusal(pytest.Item):
    """Stands for a file whose tests can't run: one failure, and the other exercises go on."""

    def __init__(self, *, reason: str, **kwargs: Any) -> None:
        """Remember why."""
        super().__init__(**kwargs)
        self.reason = reason

    def runtest(self) -> None:
        """Fail, with the reason."""
        pytest.fail(self.reason, pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Place the failure in the learner's file."""
        return self.path, 0, _relative(self)


def _relative(node: pytest.Item | pytest.Collector) -> str:
    root = node.config.rootpath
    return str(node.path.relative_to(root) if node.path.is_relative_to(root) else node.path)


# ------------------------------------------------------------------- running


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a test of an exercise in the exercise's child."""
    file = item.getparent(ExerciseFile)
    if file is None or isinstance(item, Refusal):
        return None
    if item.config.option.in_process:
        assert file.learner is not None
        with swapped(file.exercise.module, file.learner):
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            runtestprotocol(item, nextitem=nextitem)
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    same = nextitem is not None and nextitem.getparent(ExerciseFile) is file
    for report in _reports(item, file, nextitem.nodeid if same and nextitem else None):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    if not same:
        file.end_child()
    return True


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave no child behind, where a run stops before its last test."""
    if RUNNING in session.config.stash:
        session.config.stash[RUNNING].end_child()


def _reports(item: pytest.Item, file: ExerciseFile, following: str | None) -> list[pytest.TestReport]:
    """The reports of one test, from the child or about its end."""
    config = item.config
    part = part_of(item.name, file.exercise.parts)
    if part in file.slow or len(file.slow) >= MAX_TIMEOUTS:
        return [_failure(item, f"not run, because a test of {part} before it took too long", not_run=True)]
    if file.child is None and file.problem is None:
        try:
            file.child = _start(file)
            config.stash[RUNNING] = file
        except ChildFailed as failure:
            file.problem = str(failure)
    if file.child is None:
        not_run, file.told = file.told, True
        return [_failure(item, file.problem or "", not_run=not_run)]
    try:
        results = file.child.run(item.nodeid, following)
        return [config.hook.pytest_report_from_serializable(config=config, data=data) for data in results]
    except ChildFailed as failure:
        _forget_output(config)
        file.end_child()
        if failure.is_timeout:
            file.slow |= {part}
        return [_failure(item, str(failure))]


def _failure(item: pytest.Item, message: str, *, not_run: bool = False) -> pytest.TestReport:
    report = pytest.TestReport(item.nodeid, item.location, {}, "failed", message, "call")
    report.not_run = not_run  # type: ignore[attr-defined]
    return report


def _forget_output(config: pytest.Config) -> None:
    """Throw away what a dead child left in the captured streams."""
    capture: Any = config.pluginmanager.getplugin("capturemanager")
    if capture:
        capture.read_global_capture()


def _start(file: ExerciseFile) -> Child:
    config, seconds = file.config, file.config.option.seconds
    if CAN_FORK and not config.option.fresh_process:
        return Child(file.path, seconds, fork=True, target=_forked, arguments=(file,))
    arguments = ["-q", "--in-process", f"--rootdir={config.rootpath}", "-p", "no:cacheprovider", "-p", "no:xdist"]
    arguments += [f"--as={file.exercise.id}", str(file.path), *(["-c", str(config.inipath)] if config.inipath else [])]
    return Child(file.path, seconds, fork=False, target=_spawned, arguments=(seconds, arguments))


def _forked(connection: Connection, trace: str, file: ExerciseFile) -> None:
    """Be a forked child: collect the file anew, on the learner's module this time."""

    def load() -> Any:
        assert file.parent is not None
        mine = ExerciseFile.from_parent(file.parent, path=file.path)
        mine.exercise = file.exercise
        items = mine.collect_on(learner=True)
        return items if isinstance(items, str) else _runner(items)

    serve(connection, trace, file.config.option.seconds, load)


def _spawned(connection: Connection, trace: str, seconds: float, arguments: list[str]) -> None:
    """Be a fresh child: a pytest session of its own, whose loop serves the parent."""

    class Server:
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            serve(connection, trace, seconds, lambda: _problem(session.items) or _runner(session.items))
            return True

    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        pytest.main(arguments, plugins=[Server()])


def _problem(items: list[pytest.Item]) -> str | None:
    return items[0].reason if items and isinstance(items[0], Refusal) else None


def _runner(items: list[pytest.Item]) -> Any:
    """Return the function that runs one of these tests and serialises its reports."""
    by_name = {item.nodeid.partition("::")[2]: item for item in items}

    def run(test: str, following: str | None) -> list[dict[str, Any]]:
        name = test.partition("::")[2]
        if name not in by_name:
            return [_lost(test)]
        item = by_name[name]
        file = item.getparent(ExerciseFile)
        assert file is not None
        assert file.learner is not None
        with swapped(file.exercise.module, file.learner):
            try:
                reports = runtestprotocol(item, log=False, nextitem=by_name.get((following or "").partition("::")[2]))
            except BaseException as error:  # what pytest lets through, such as KeyboardInterrupt
                text = f"your code raised {type(error).__name__}, which ends a program"
                reports = [pytest.TestReport(test, item.location, {}, "failed", text, "call")]
        for report in reports:
            report.nodeid = test
        to_serializable = item.config.hook.pytest_report_to_serializable
        return [to_serializable(config=item.config, report=report) for report in reports]

    return run


def _lost(test: str) -> dict[str, Any]:
    text = "this test is not there with your file: has a name been removed that its cases are made of?"
    report = pytest.TestReport(test, (test.partition("::")[0], 0, test), {}, "failed", text, "call")
    return {**report._to_json(), "$report_type": "TestReport"}


# ----------------------------------------------------------------- reporting


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport | None:
    """Say a learner's failure in words: what is not written yet, or what went wrong where."""
    file = item.getparent(ExerciseFile)
    if file is None or call.excinfo is None or item.config.option.tbstyle != "auto" or isinstance(item, Refusal):
        return None
    error, last = call.excinfo.value, call.excinfo.traceback[-1]
    if isinstance(error, pytest.skip.Exception | pytest.exit.Exception):
        return None
    report = pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords=dict.fromkeys(item.keywords, 1),
        outcome="failed",
        longrepr=explain(error, file.path),
        when="call" if call.when == "collect" else call.when,
        sections=[(f"Captured {key} {when}", content) for when, key, content in item._report_sections],
        duration=call.duration,
        start=call.start,
        stop=call.stop,
    )
    report.fingerprint = fingerprint(error)  # type: ignore[attr-defined]
    report.why = why(str(error)) if isinstance(error, AssertionError) else ""  # type: ignore[attr-defined]
    if isinstance(error, NotImplementedError) and Path(last.path) == file.path:
        report.not_written = last.frame.code.raw.co_qualname  # type: ignore[attr-defined]
        report.longrepr = f"not written yet: {report.not_written}"  # type: ignore[attr-defined]
    report.sections = [(name, _shortened(text)) for name, text in report.sections]
    return report


def _shortened(text: str) -> str:
    """Cut a flood of output."""
    return text if len(text) <= 3000 else f"{text[:2000]}\n... {len(text) - 2500} characters ...\n{text[-500:]}"
