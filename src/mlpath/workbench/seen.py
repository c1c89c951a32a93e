"""What a solution that passes shows besides: what its functions were given, and how long the tests take.

A child runs the shared tests on the learner's file and on the reference in turns. What it has not seen, it does not say.
"""

import multiprocessing
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
import pytest

from mlpath.testing._compare import plain
from mlpath.workbench import boundary
from mlpath.workbench.curriculum import Exercise
from mlpath.workbench.isolation import CAN_FORK
from mlpath.workbench.plugin import ExerciseFile
from mlpath.workbench.swap import swapped
from mlpath.workbench.workspace import Workspace

SECONDS = 2.0  # for all the measuring, once the libraries are imported
START_SECONDS = 3.0  # for importing them; what takes longer is taken off the measuring
GRACE_SECONDS = 1.0  # for the test that is running when time is up
ROUNDS = 5


class Seen(msgspec.Struct):
    """What a run of the shared tests on the learner's file has shown, and how long they took."""

    arrays: int = 0
    """How many arrays the functions were given; all were left as they were."""
    extremes: dict[str, int] = {}
    """How many tests gave arrays that are 'overflow', 'infinite' or 'empty', and passed."""
    mine: float | None = None
    reference: float | None = None
    """The least seconds of each test, added up; None where there was no time to measure."""
    rounds: int = 0
    """How often both were measured."""


class Look:
    """A child that runs the tests, while others read what is printed meanwhile."""

    def __init__(
        self, workspace: Workspace, exercise: Exercise, *, seconds: float = SECONDS, fork: bool = CAN_FORK
    ) -> None:
        """Start it; it may look for so many seconds."""
        self.seconds = seconds
        context = multiprocessing.get_context("fork" if fork else "spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_child, args=(theirs, workspace, exercise, time.time(), seconds))  # type: ignore[attr-defined]
        self.process.start()
        theirs.close()

    def result(self) -> Seen | None:
        """Return what it has seen, or None where it did not get through all tests."""
        with suppress(EOFError):
            if self.connection.poll(START_SECONDS + self.seconds + GRACE_SECONDS):
                return self.connection.recv()
        return None

    def __enter__(self) -> Self:
        """Be ended when all is said."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, and all that it has started."""
        self.process.kill()
        self.process.join()
        self.connection.close()
        with suppress(ProcessLookupError, PermissionError, AttributeError):  # Windows has no process groups
            os.killpg(self.process.pid, signal.SIGKILL)


def _child(connection: Connection, workspace: Workspace, exercise: Exercise, began: float, seconds: float) -> None:
    """Be the child: a session of pytest, whose loop is ours."""
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    root, file = workspace.root, workspace.file(exercise)
    arguments = ["-q", "--in-process", f"--as={exercise.id}", f"--rootdir={root}", f"-c{root / 'pyproject.toml'}"]
    pytest.main(
        [*arguments, "-pno:cacheprovider", "-pno:xdist", str(file)],
        plugins=[_Looker(connection, exercise, file, seconds, began + START_SECONDS + seconds)],
    )


class _Looker:
    """A plugin that runs the tests on both files in turns, and sends what it has seen."""

    def __init__(self, connection: Connection, exercise: Exercise, file: Path, seconds: float, latest: float) -> None:
        self.connection, self.module, self.seconds, self.latest = connection, exercise.module, seconds, latest
        self.mine, self.reference = file, exercise.reference
        self.test = ""
        self.arrays, self.extremes = 0, defaultdict[str, set[str]](set)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Send what is seen, or None where a test fails or time is up before all are run."""
        self.until = time.perf_counter() + min(self.seconds, self.latest - time.time())
        with _watching(self._note):
            watched = _Loaded(session, self.mine)
        if not self._run(watched):
            self.connection.send(None)
            return True
        seen = Seen(self.arrays, {kind: len(tests) for kind, tests in self.extremes.items()})
        both = [_Loaded(session, file) for file in (self.reference, self.mine)]
        while seen.rounds < ROUNDS and all(map(self._run, both)):
            seen.reference, seen.mine = (sum(loaded.seconds.values()) for loaded in both)
            seen.rounds += 1
        self.connection.send(seen)
        return True

    def _run(self, loaded: "_Loaded") -> bool:
        """Run the tests, and keep the least seconds of each; False if one failed, or time is up.

        Nothing is reported, which would take longer than most tests.
        """
        state = loaded.session._setupstate
        with swapped(self.module, loaded.learner):
            for item, following in zip(loaded.items, [*loaded.items[1:], None]):
                if time.perf_counter() > self.until:
                    return False
                self.test = item.name
                try:
                    item._initrequest()
                    state.setup(item)
                    start = time.process_time()
                    item.runtest()
                    seconds = time.process_time() - start
                    loaded.seconds[item.name] = min(seconds, loaded.seconds.get(item.name, seconds))
                except pytest.skip.Exception:
                    pass
                except Exception:
                    return False
                finally:
                    state.teardown_exact(following)
        return True

    def _note(self, value: Any) -> None:
        """Take in an argument that came through a learner's function."""
        if is_watched(value):
            self.arrays += 1
            if kind := extreme(value):
                self.extremes[kind].add(self.test)


class _Loaded:
    """The tests bound to a file, but for those of given code: they are not about what the learner wrote."""

    def __init__(self, session: pytest.Session, file: Path) -> None:
        node: Any = ExerciseFile.from_parent(session, path=file)
        self.session = session
        self.items: list[Any] = [item for item in node.collect() if not item.get_closest_marker("given")]
        self.learner = node.learner
        self.seconds: dict[str, float] = {}


def is_watched(value: Any) -> bool:
    """Whether the boundary looks if an argument has been written to: an array, and not a huge one."""
    return boundary._fingerprint(value) is not None


def extreme(value: Any) -> str | None:
    """Return the kind of EXTREMES that an array is of, if any.

    Examples
    --------
    >>> import numpy as np
    >>> extreme(np.array([1e200, 1.0])), extreme(np.array([-1e-200, 0.0])), extreme(np.array([1e10, 1e-200]))
    ('overflow', 'overflow', None)
    >>> extreme(np.array([1.0, -np.inf])), extreme(np.zeros((0, 3))), extreme(np.zeros(3))
    ('infinite', 'empty', None)
    """
    array = plain(value)
    if array.dtype.kind != "f":
        return None
    if not array.size:
        return "empty"
    if not np.isfinite(array).all():
        return "infinite"
    largest, range_ = abs(array).max(), np.finfo(array.dtype)
    return "overflow" if largest > range_.max**0.5 or 0 < largest < range_.tiny**0.5 else None


@contextmanager
def _watching(note: Callable[[Any], None]) -> Iterator[None]:
    """Note every argument of a learner's function that has come back, and that the boundary has seen unchanged."""
    unwatched = boundary._guarded

    def guarded(*arguments: Any) -> Callable[..., Any]:
        inner = unwatched(*arguments)

        @wraps(inner)
        def call(*args: Any, **kwargs: Any) -> Any:
            result = inner(*args, **kwargs)
            for value in (*args, *kwargs.values()):
                note(value)
            return result

        return call

    boundary._guarded = guarded
    try:
        yield
    finally:
        boundary._guarded = unwatched
