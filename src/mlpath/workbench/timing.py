"""How long the functions of a solution take, in the calls that the shared tests make of them.

A child runs the tests, on the learner's file and on the reference in turns, each in a process of its own that the other
has left no traces in. There this module is a plugin of pytest: it puts a clock around each part. The times are the
processor's, which stand still while another process runs, and those of calls by the tests: what a part spends in another
belongs to the first. The checks of shapes are left out. Noise only ever adds, so of each test the least of several rounds
counts.
"""

import functools
import inspect
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from mlpath.workbench.curriculum import Exercise, exercises

PARTS, LOG = "MLPATH_TIMED", "MLPATH_TIMES"
SECONDS = 8.0
FEWEST_ROUNDS, MOST_ROUNDS = 3, 5

ByTest = dict[str, dict[str, float]]  # part -> test -> seconds

_times: ByTest = {}
_running = {"test": ""}


class Times(msgspec.Struct):
    """The seconds that a part took in all the tests together, each at its least: yours and the reference's."""

    mine: float
    reference: float


def compare(exercise: Exercise, root: Path, mine: str) -> tuple[dict[str, Times], int]:
    """Return the times of each part that was called with both, and of how many rounds they are the least.

    Rounds are run for some seconds, three at least. Where a run fails, which it did not before, there are no times.
    """
    import tempfile

    from mlpath.workbench.trial import Trials, environment

    least: tuple[ByTest, ByTest] = {}, {}
    sources = [mine, exercise.reference.read_text(encoding="utf-8")]
    rounds, start = 0, time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="mlpath-") as folder:
        log = Path(folder, "times.json")
        with environment({PARTS: exercise.id, LOG: str(log)}), Trials(exercise, root, "-p", __name__) as trials:
            while rounds < FEWEST_ROUNDS or (rounds < MOST_ROUNDS and time.perf_counter() - start < SECONDS):
                for which, source in enumerate(sources):
                    if trials.run(source).failed() or not log.exists():
                        return {}, 0
                    for part, by_test in msgspec.json.decode(log.read_bytes(), type=ByTest).items():
                        best = least[which].setdefault(part, {})
                        best |= {test: min(seconds, best.get(test, seconds)) for test, seconds in by_test.items()}
                    log.unlink()
                rounds += 1
    mine_times, reference_times = ({part: sum(by_test.values()) for part, by_test in one.items()} for one in least)
    called = {
        part: Times(mine_times[part], reference_times[part])
        for part in exercise.parts
        if part in mine_times and part in reference_times
    }
    return called, rounds


# ------------------------------------------------------------------ the plugin


def pytest_configure() -> None:
    """Put clocks where the checks of shapes would be."""
    from mlpath.workbench import boundary

    parts = exercises()[os.environ[PARTS]].parts
    boundary.guard = lambda learner, _: put_clocks(learner, parts)


def pytest_runtest_logstart(nodeid: str) -> None:
    """Remember whose calls are timed."""
    _running["test"] = nodeid.partition("::")[2]


def pytest_runtest_logfinish() -> None:
    """Write what was measured so far: nobody tells a forked child that it was the last test."""
    Path(os.environ[LOG]).write_bytes(msgspec.json.encode(_times))


def put_clocks(module: ModuleType, parts: Iterable[str]) -> None:
    """Let each part of a module add its time to the times, unless another part has called it.

    How often parts call each other is a solution's own affair: one may do in a loop what another does at once.
    """
    clock = _Clock()
    for part in parts:
        name, _, method = part.rpartition(".")
        owner: Any = getattr(module, name, None) if name else module
        function = vars(owner).get(method) if owner is not None else None
        if inspect.isfunction(function):
            setattr(owner, method, clock.around(part, function))


class _Clock:
    inside = False

    def around(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            if self.inside:
                return function(*args, **kwargs)
            self.inside, start = True, time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                spent = time.process_time() - start
                by_test, test = _times.setdefault(part, {}), _running["test"]
                by_test[test] = by_test.get(test, 0.0) + spent
                self.inside = False

        return timed
