"""Run the shared tests of an exercise on any sources as its solution.

A child process starts pytest once; each source is tried in a fork of it, which loads the source and the tests anew.
Where there is no safe fork, each gets a fresh process with a pytest of its own.

`elsewhere` is as if it were another machine: linear algebra rounds otherwise there, since it is made for other processors.
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, Self

import pytest

from mlpath.workbench.curriculum import Exercise
from mlpath.workbench.isolation import CAN_FORK
from mlpath.workbench.plugin import ExerciseFile
from mlpath.workbench.swap import preload

SECONDS = 120.0
OTHER_PROCESSOR = {"OPENBLAS_CORETYPE": "Sandybridge"}  # one without fused multiply-add
WHOLE = "the whole run"  # stands for the tests where none could run, or none came to an end


@dataclass
class Trial:
    """What came of each test, in their order."""

    outcomes: dict[str, str] = field(default_factory=dict)
    """'passed', 'failed', 'skipped', 'not written yet', or 'given' for a test of given code that passed."""
    said: dict[str, str] = field(default_factory=dict)
    """The fingerprint of each failure."""
    messages: dict[str, str] = field(default_factory=dict)
    """What a learner reads about it."""
    errors: dict[str, float] = field(default_factory=dict)
    """Of tests that go by chance, the probability that a right solution fails them."""
    calls: dict[str, set[str]] = field(default_factory=dict)
    """The functions of the source that each test came through, where that was asked for."""

    def failed(self) -> list[str]:
        """The names of the tests that did not pass, in order."""
        return [name for name, outcome in self.outcomes.items() if outcome not in ("passed", "given", "skipped")]


class Request(NamedTuple):
    """What is to be tried, and how."""

    source: str
    seed: int = 0
    seconds: float = SECONDS
    until_failure: bool = False
    tests: frozenset[str] | None = None
    watch: bool = False


class Trials:
    """Tries sources as solutions of one exercise."""

    def __init__(self, exercise: Exercise, root: Path, *options: str, elsewhere: bool = False) -> None:
        """Prepare; `options` are pytest's."""
        self._elsewhere = elsewhere
        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name) / "solution.py"
        self._file.write_text(exercise.reference.read_text(encoding="utf-8"), encoding="utf-8")
        self._arguments = [
            "--in-process",
            f"--as={exercise.id}",
            f"--rootdir={root}",
            "-c",
            str(root / "pyproject.toml"),
        ]
        self._arguments += ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *options, str(self._file)]
        self._server: Any = None
        self._preloaded = root / exercise.tests, exercise.reference
        preload(*self._preloaded)

    def __enter__(self) -> Self:
        """Start the child."""
        if CAN_FORK:
            with environment(OTHER_PROCESSOR if self._elsewhere else {}):
                method = "spawn" if self._elsewhere and OTHER_PROCESSOR else "fork"  # it loads the libraries anew
                self._server = _Process.start(method, _serve, self._arguments, self._file, self._preloaded)
        return self

    def __exit__(self, *_: object) -> None:
        """End the child."""
        if self._server is not None:
            self._server.close()
        self._folder.cleanup()

    def run(
        self,
        source: str,
        *,
        seed: int = 0,
        seconds: float = SECONDS,
        until_failure: bool = False,
        tests: Iterable[str] | None = None,
        watch: bool = False,
    ) -> Trial:
        """Try one source: these tests, or all, with all seeds moved by `seed`, and watch which functions they call."""
        request = Request(source, seed, seconds, until_failure, None if tests is None else frozenset(tests), watch)
        if self._server is None:
            with environment(OTHER_PROCESSOR if self._elsewhere else {}):
                return _Process.start("spawn", _alone, self._arguments, self._file, request).result(seconds)
        self._server.connection.send(request)
        return self._server.connection.recv()


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Have these variables set, for processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection: Connection, arguments: list[str], file: Path, preloaded: tuple[Path, Path]) -> None:
    """Be the child: pytest collects the tests of the reference, and then every request gets a fork."""
    _be_silent()
    preload(*preloaded)
    pytest.main(arguments, plugins=[_Server(connection, file)])


class _Process(NamedTuple):
    process: Any
    connection: Any

    @classmethod
    def start(cls, method: str, target: Callable[..., None], *arguments: Any) -> Self:
        context = multiprocessing.get_context(method)
        mine, theirs = context.Pipe()
        process = context.Process(target=target, args=(theirs, *arguments))  # type: ignore[attr-defined]
        process.start()
        theirs.close()
        return cls(process, mine)

    def result(self, seconds: float) -> Trial:
        try:
            return self.connection.recv() if self.connection.poll(seconds) else Trial({WHOLE: "failed"})
        except EOFError:
            return Trial({WHOLE: "failed"})
        finally:
            self.close()

    def close(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


class _Server:
    """A plugin in place of pytest's loop: it answers requests, each from a fork."""

    def __init__(self, connection: Connection, file: Path) -> None:
        self.connection, self.file, self.times = connection, file, count(1)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        while True:
            request = self.connection.recv()
            self.file.write_text(request.source, encoding="utf-8")
            now = next(self.times)
            os.utime(self.file, (now, now))  # Python's cache tells texts apart by their times
            self.connection.send(_Process.start("fork", self._try, session, request).result(request.seconds))

    def _try(self, connection: Connection, session: pytest.Session, request: Request) -> None:
        _move_seeds(request.seed)
        config, recorder = session.config, _Recorder(self.file if request.watch else None)
        config.pluginmanager.register(recorder)
        items = list(ExerciseFile.from_parent(session, path=self.file).collect())
        config.hook.pytest_collection_modifyitems(session=session, config=config, items=items)
        if request.tests is not None:
            items = [item for item in items if _name(item.nodeid) in request.tests]
        for item, following in zip(items, [*items[1:], None]):
            config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if request.until_failure and recorder.trial.failed():
                break
        connection.send(recorder.result())


def _alone(connection: Connection, arguments: list[str], file: Path, request: Request) -> None:
    """Be a fresh process, for one request."""
    _be_silent()
    _move_seeds(request.seed)
    file.write_text(request.source, encoding="utf-8")
    recorder = _Recorder(file if request.watch else None)
    if request.tests is not None:
        arguments = [*arguments[:-1], *(f"{file}::{name}" for name in request.tests)]
    pytest.main([*arguments, *(["-x"] if request.until_failure else [])], plugins=[recorder])
    connection.send(recorder.result())


class _Recorder:
    """A plugin that keeps what came of each test."""

    def __init__(self, watched: Path | None) -> None:
        self.trial, self.watched = Trial(), str(watched or "")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        from mlpath.testing._statistics import spent

        before, called = len(spent), set[str]()

        def watch(frame: FrameType, event: str, _: object) -> None:
            if event == "call" and frame.f_code.co_filename == self.watched:
                called.add(frame.f_code.co_qualname)

        try:
            sys.setprofile(watch if self.watched else None)
            return (yield)
        finally:
            sys.setprofile(None)
            self.trial.calls[_name(item.nodeid)] = called
            if spent[before:]:
                self.trial.errors[_name(item.nodeid)] = sum(spent[before:])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name, outcomes = _name(report.nodeid), self.trial.outcomes
        if report.failed:
            outcomes[name] = "not written yet" if hasattr(report, "not_written") else "failed"
            self.trial.said.setdefault(name, getattr(report, "fingerprint", ""))
            self.trial.messages.setdefault(name, report.longreprtext)
        elif report.when == "call" or report.skipped:
            outcomes.setdefault(name, "given" if "given" in report.keywords else report.outcome)

    def result(self) -> Trial:
        return self.trial if self.trial.outcomes else Trial({WHOLE: "failed"})


def _name(nodeid: str) -> str:
    return nodeid.partition("::")[2]


def _be_silent() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _move_seeds(by: int) -> None:
    """Let every generator that the shared tests make with a seed be another one than it was."""
    if not by:
        return
    import numpy as np

    def moved(seed: Any) -> Any:
        by_tests = sys._getframe(2).f_globals.get("__name__", "").startswith("mlpath_shared_")
        return seed + 1_000_003 * by if by_tests and isinstance(seed, int) else seed

    plain = np.random.default_rng
    np.random.default_rng = lambda seed=None: plain(moved(seed))
    if "torch" in sys.modules:
        import torch

        class Generator(torch.Generator):
            def manual_seed(self, seed: int) -> torch.Generator:
                return super().manual_seed(moved(seed))

        torch.Generator = Generator  # type: ignore[misc]
        seed_all = torch.manual_seed
        torch.manual_seed = lambda seed: seed_all(moved(seed))  # type: ignore[assignment]
