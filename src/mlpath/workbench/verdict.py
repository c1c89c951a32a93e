"""The verdict on a learner's file: what `mlpath check` and `mlpath watch` say, and what a teacher's script reads.

The shared tests run in a child process, by pytest with our plugin; nothing of the learner's is loaded here. What the
fields mean, and which may change, is in `docs/verdict.md`.
"""

import ast
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import cache_from_source
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

import mlpath
from mlpath.workbench.curriculum import CurriculumError, Exercise, exercises
from mlpath.workbench.isolation import CAN_FORK
from mlpath.workbench.stubs import functions, left_open
from mlpath.workbench.workspace import Workspace

if TYPE_CHECKING:
    import pytest
    from rich.console import Console

    from mlpath.workbench.scoreboard import Scoreboard

FORMAT = 1
TICK = 0.2  # seconds between two looks whether a process lives: its pipe may be held open by what it has started
WORDS = {
    "passed": ("done", "green"),
    "failed": ("to be mended", "red"),
    "not written": ("not written yet", "yellow"),
    "not run": ("not run", "yellow"),
}


class PartVerdict(msgspec.Struct, frozen=True):
    """What the tests say about one part."""

    name: str
    status: Literal["passed", "failed", "not written", "not run"]
    tests: int
    failed: int


class Failure(msgspec.Struct, frozen=True):
    """The first test that failed."""

    test: str
    part: str
    message: str
    printed: str = ""
    """What the learner's code printed in this test."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How far a learner's file is."""

    format: int = FORMAT
    exercise: str
    title: str
    mlpath: str
    tests: str
    status: Literal["passed", "failed", "not started", "could not be tested"]
    parts: list[PartVerdict]
    others: PartVerdict | None = None
    """The tests that are about no single part, if there are any."""
    first: Failure | None = None
    why: str = ""
    rests_on: list[str] = []
    """Prerequisites that are not finished, if something failed."""
    hints: dict[str, int] = {}
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether all is done."""
        return self.status == "passed"

    @property
    def to_do(self) -> str:
        """The part to go on with: that of the first failure, else the first that is not written, else nothing."""
        if self.first is not None:
            return self.first.part
        return next((part.name for part in self.parts if part.status == "not written"), "")


def run(workspace: Workspace, exercise: Exercise, *, fork: bool = CAN_FORK) -> Verdict:
    """Run the tests in a child process, and remember a pass."""
    with tempfile.TemporaryDirectory(prefix="mlpath-", ignore_cleanup_errors=True) as folder:
        session = Session(exercise, fork, once, workspace.root, exercise.id, folder, fork)
        try:
            while (verdict := session.result(TICK)) is None:
                pass
        finally:
            session.end()
    return remembered(verdict, workspace, exercise)


def remembered(verdict: Verdict, workspace: Workspace, exercise: Exercise) -> Verdict:
    """Record a pass, and return the verdict with the hints that were shown."""
    from mlpath.workbench.progress import load, record_pass

    if verdict.passed:
        record_pass(workspace, exercise)
    return msgspec.structs.replace(verdict, hints=load(workspace).hints.get(exercise.id, {}))


def to_json(verdict: Verdict) -> str:
    """Return the verdict as one line of JSON.

    Examples
    --------
    >>> to_json(untested(Exercise("linalg/norms"), "pytest did not start"))[:40]
    '{"format":1,"exercise":"linalg/norms","t'
    """
    return msgspec.json.encode(verdict).decode()


# ------------------------------------------------------------------- printing


def show(verdict: Verdict, workspace: Workspace, console: "Console") -> None:
    """Print the verdict: the parts, the first failure in full, why, and what to do next."""
    from rich.text import Text

    def line(*pieces: str | tuple[str, str]) -> None:
        console.print(Text.assemble(*pieces), soft_wrap=True)

    if verdict.passed:
        count = len(verdict.parts)
        line((f"{verdict.exercise}: done, all {count} parts", "bold green"), f"  {verdict.title}")
    else:
        line((verdict.exercise, "bold"), f"  {verdict.title}")
        _show_parts(verdict, line)
    if verdict.first is not None:
        line()
        _show_failure(verdict.first, line)
    if verdict.why or verdict.rests_on:
        line()
    for sentence in verdict.why.splitlines():
        console.print(Text(_capital(sentence), "bold"))
    for need in verdict.rests_on:
        console.print(Text(f"If the idea is unclear: it rests on {need}, which you have not finished."))
    if verdict.passed:
        from mlpath.workbench.after import show_after

        show_after(verdict, workspace, console)
    else:
        line()
        for pieces in _next(verdict, workspace):
            line(*pieces)


def _show_parts(verdict: Verdict, line: Callable[..., None]) -> None:
    if verdict.status == "could not be tested":  # the parts would only say so again
        return
    wide = max((len(part.name) for part in verdict.parts), default=0)
    for part in [*verdict.parts, *([verdict.others] if verdict.others and verdict.others.failed else [])]:
        word, colour = WORDS[part.status]
        counted = f"  {part.failed} of {part.tests} tests failed" if part.failed else ""
        if part.status == "not run":
            counted = "  its tests wait for another part"
        line("  ", (f"{word:<15}", colour), f"  {part.name:<{wide}}{counted}".rstrip())


def _show_failure(first: Failure, line: Callable[..., None]) -> None:
    if first.test:
        line((first.test, "bold red"))
    line(first.message.rstrip())
    if first.printed:
        line(("It printed:", "bold"))
        line(first.printed.rstrip())


def _next(verdict: Verdict, workspace: Workspace) -> Iterator[list[Any]]:
    file, part = exercises()[verdict.exercise].file, verdict.to_do
    do = "mend" if verdict.first is not None else "write"
    if not part:
        yield [("Next: ", "bold"), f"{do} {file if verdict.status == 'could not be tested' else 'what failed'}"]
        return
    yield [("Next: ", "bold"), f"{do} {part}, {file}{_line_of(part, workspace.root / file)}"]
    yield [("Stuck? ", "bold"), (f"mlpath hint {verdict.exercise}", "cyan")]


def _line_of(part: str, file: Path) -> str:
    """`:` and the line where a part begins, if that can be told."""
    with suppress(OSError, SyntaxError, ValueError):
        found = dict(functions(ast.parse(file.read_bytes())))
        return f":{found[part].lineno}" if part in found else ""
    return ""


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


# -------------------------------------------------------------------- judging


def untested(exercise: Exercise, reason: str, text: str = "", **known: Any) -> Verdict:
    """Return the verdict on a file (of this text) that could not be tested, with the reason in words."""
    try:
        title, names = exercise.details.title, exercise.parts
    except CurriculumError:
        title, names = "", []
    holes = left_open(text)
    parts = [PartVerdict(name, "not written" if name in holes else "not run", 0, 0) for name in names]
    known.setdefault("tests", "")
    return Verdict(
        exercise=exercise.id,
        title=title,
        mlpath=mlpath.__version__,
        status="could not be tested",
        parts=parts,
        first=Failure("", "", reason),
        **known,
    )


def ended(exercise: Exercise) -> Verdict:
    """Return the verdict where the process that should give it has died."""
    return untested(exercise, "the process that runs the tests was ended: is memory short?")


class Clerk:
    """A plugin of pytest that notes what the scoreboard does not, and draws up the verdict."""

    def __init__(self, workspace: Workspace, exercise: Exercise) -> None:
        """Start with nothing."""
        self.workspace, self.exercise = workspace, exercise
        self.first: pytest.TestReport | None = None
        self.seconds = self.began = 0.0
        self.problem = ""

    def pytest_collectreport(self, report: "pytest.CollectReport") -> None:
        """Keep what keeps the tests from being collected."""
        if report.failed:
            self.problem = report.longreprtext

    def pytest_runtest_logstart(self) -> None:
        """Start the clock, for a test that does not come back."""
        from time import perf_counter

        self.began = perf_counter()

    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:
        """Keep the first failure, and add up the time."""
        from time import perf_counter

        ended = report.when == "call" and report.duration == 0.0
        self.seconds += perf_counter() - self.began if ended else report.duration
        if report.failed and self.first is None and not hasattr(report, "not_written"):
            self.first = report

    def verdict(self, session: "pytest.Session") -> Verdict:
        """Collect the tests, run them, and judge."""
        from mlpath.workbench.plugin import BOARD, ExerciseFile, Refusal

        session.config.pluginmanager.register(self)
        session.config.pluginmanager.unregister(name="terminalreporter")  # nobody reads it
        text = _without_bytecode(self.workspace.file(self.exercise)).read_text(encoding="utf-8", errors="replace")
        session.perform_collect()
        if not self.problem:
            session.config.hook.pytest_runtestloop(session=session)
        known: dict[str, Any] = {"tests": stamp_of(self.workspace, self.exercise)}
        item = session.items[0] if session.items else None
        file = item.getparent(ExerciseFile) if item else None
        reason = item.reason if isinstance(item, Refusal) else file.problem if file else self.problem
        if file is None or reason is not None:
            return untested(self.exercise, reason or "there are no tests to run", text, **known)
        return self._judge(session.config.stash[BOARD], text, known | {"seconds": round(self.seconds, 3)})

    def _judge(self, board: "Scoreboard", text: str, known: dict[str, Any]) -> Verdict:
        from mlpath.workbench.scoreboard import FINE, part_of

        exercise, file = self.exercise, self.exercise.file
        tests, outcomes, names = board.expected[exercise.id], board.outcomes[file], exercise.parts
        by_part: dict[str, dict[str, str]] = {name: {} for name in [*names, ""]}
        for test in tests:
            by_part[part_of(test, names) or ""][test] = outcomes.get(test, "not run")
        holes = {*board.waiting[file], *left_open(text)}
        parts = [_part(name, by_part[name], holes) for name in names]
        others = _part("others", by_part[""], ()) if by_part[""] else None
        if tests and all(outcomes.get(test) in FINE for test in tests):
            status = "passed"
        else:
            status = "not started" if exercise.id in board.not_started and self.first is None else "failed"
        first = None
        if self.first is not None:
            test = self.first.nodeid.partition("::")[2]
            first = Failure(test, part_of(test, names) or "", self.first.longreprtext, self.first.capstdout)
        why = board.cause(exercise, outcomes, board.causes[file]) or ""
        return Verdict(
            exercise=exercise.id,
            title=exercise.details.title,
            mlpath=mlpath.__version__,
            status=status,
            parts=parts,
            others=others,
            first=first,
            why=why,
            rests_on=board.open_needs(exercise, outcomes) if first and not why else [],
            **known,
        )


def _part(name: str, outcomes: Mapping[str, str], holes: Collection[str]) -> PartVerdict:
    from mlpath.workbench.scoreboard import FINE

    failed = sum(outcome == "failed" for outcome in outcomes.values())
    if failed:
        status = "failed"
    elif outcomes and set(outcomes.values()) <= FINE:
        status = "passed"
    elif name in holes:
        status = "not written"
    else:
        status = "not run" if outcomes else "passed"
    return PartVerdict(name, status, len(outcomes), failed)


def _without_bytecode(file: Path) -> Path:
    """Make Python compile a file anew: it tells texts apart by their size and the second in which they were saved."""
    with suppress(OSError):
        Path(cache_from_source(str(file))).unlink(missing_ok=True)
    return file


def stamp_of(workspace: Workspace, exercise: Exercise) -> str:
    """Return the stamp of the tests, or nothing if they are missing or broken."""
    try:
        return _stamp(workspace, exercise, (workspace.root / exercise.tests).read_bytes())
    except (OSError, ValueError, SyntaxError):
        return ""


@cache
def _stamp(workspace: Workspace, exercise: Exercise, text: bytes) -> str:
    """The stamp of tests of this text: a warm process need not compute it again."""
    from mlpath.workbench.progress import stamp

    return stamp(workspace, exercise)


# ---------------------------------------------------------------- the process


class Session:
    """A process that gives one verdict, and ends with all that it has started."""

    def __init__(self, exercise: Exercise, fork: bool, target: Callable[..., None], *arguments: Any) -> None:
        """Start `target(connection, *arguments)`."""
        self.exercise = exercise
        context = multiprocessing.get_context("fork" if fork else "spawn")
        self.connection, theirs = context.Pipe(duplex=False)
        self.process = context.Process(target=target, args=(theirs, *arguments))  # type: ignore[attr-defined]
        with without_interrupts():
            self.process.start()
        theirs.close()

    def result(self, seconds: float) -> Verdict | None:
        """Return the verdict, or None if there is none after so many seconds."""
        try:
            alive = self.process.is_alive()
            if self.connection.poll(seconds if alive else 0):
                return self.connection.recv()
            if alive:
                return None
        except (EOFError, OSError):
            pass
        return ended(self.exercise)

    def end(self) -> None:
        """End the process and all that it has started."""
        end(self.process)
        self.connection.close()


def end(process: Any) -> None:
    """End a process, gently if it can, and all that it has started.

    On POSIX a session ends its own children, by `_end_all`; these lead process groups.
    """
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True)
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.terminate()
        process.join(2)
    process.kill()
    process.join()


def end_when_told() -> None:
    """Let SIGTERM end this process and its children; Ctrl-C is for the one that talks to the user."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end_all)
    _when_parent_dies(signal.SIGTERM)
    if sys.platform == "linux":
        os.register_at_fork(after_in_child=lambda: _when_parent_dies(signal.SIGKILL))
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _when_parent_dies(number: int) -> None:
    """Ask Linux for a signal at the end of the parent, be it killed: an endless loop would not see it."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, number)


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Let a process that is started here hear no Ctrl-C before it is ready to ignore it."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_all(*_: object) -> None:
    for child in multiprocessing.active_children():
        end(child)
    os._exit(1)


class Standing:
    """A plugin that takes over when pytest stands ready to collect."""

    def __init__(self, then: "Callable[[pytest.Session], None]") -> None:
        """Remember what is to be done then."""
        self.then, self.stood = then, False

    def pytest_collection(self, session: "pytest.Session") -> bool:
        """Do it; there is nothing left for pytest to collect."""
        self.stood = True
        self.then(session)
        return True


def stand(root: Path, exercise: Exercise, *, fork: bool, then: "Callable[[pytest.Session], None]") -> str:
    """Start pytest on the learner's file, and call `then` when it is ready; return what it says if it can't start."""
    import pytest

    os.chdir(root)
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # ours is named in the settings, others take time
    settings = ["-q", f"--rootdir={root}", "-c", str(root / "pyproject.toml"), "-p", "no:cacheprovider"]
    standing = Standing(then)
    with _silence() as said:
        pytest.main([*settings, *([] if fork else ["--fresh-process"]), str(root / exercise.file)], plugins=[standing])
        return "" if standing.stood else said()


def once(connection: Connection, root: Path, id_: str, folder: str, fork: bool) -> None:
    """Be a session: give one verdict."""
    end_when_told()
    tempfile.tempdir = folder  # what is left there goes with the folder
    workspace, exercise = Workspace(root), exercises()[id_]
    if problem := stand(
        root, exercise, fork=fork, then=lambda pytest: connection.send(judge(workspace, exercise, pytest))
    ):
        connection.send(untested(exercise, f"pytest could not start: {problem}"))


def judge(workspace: Workspace, exercise: Exercise, session: "pytest.Session") -> Verdict:
    """Return the verdict of this process, in which pytest stands ready."""
    known = {"tests": stamp_of(workspace, exercise)}
    if not workspace.file(exercise).is_file():
        return untested(
            exercise, f"{exercise.file} is missing: `mlpath reset {exercise.id}` lays it out again", **known
        )
    try:
        return Clerk(workspace, exercise).verdict(session)
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # pytest's own, or the file vanished just now
        return untested(exercise, f"the tests could not be run: {type(error).__name__}: {error}", **known)


@contextmanager
def _silence() -> Iterator[Callable[[], str]]:
    """Let standard output and error of this process go to a file; yield a function that tells its last lines."""
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        sys.stdout = sys.stderr = os.fdopen(os.dup(log.fileno()), "w", errors="replace")

        def said() -> str:
            sys.stdout.flush()
            log.seek(0)
            return "\n".join(log.read().decode(errors="replace").strip().splitlines()[-5:])

        yield said
