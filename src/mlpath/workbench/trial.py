"""Run the shared tests of an exercise on any source as its solution, in a warm child process."""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from mlpath.workbench.curriculum import Exercise
from mlpath.workbench.isolation import CAN_FORK

SECONDS = 120.0
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

    def failed(self) -> list[str]:
        """The names of the tests that did not pass, in order."""
        return [name for name, outcome in self.outcomes.items() if outcome not in ("passed", "given", "skipped")]


def run_tests(
    exercise: Exercise,
    source: str,
    root: Path,
    *options: str,
    seed: int = 0,
    seconds: float = SECONDS,
) -> Trial:
    """Try `source` as a solution; all seeds are moved by `seed`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "solution.py"
        file.write_text(source, encoding="utf-8")
        arguments = ["--in-process", f"--as={exercise.id}", f"--rootdir={root}", "-c", str(root / "pyproject.toml")]
        arguments += ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *options, str(file)]
        context = multiprocessing.get_context("fork" if CAN_FORK else "spawn")
        mine, theirs = context.Pipe()
        recorder = _Recorder()
        child = context.Process(target=_session, args=(theirs, arguments, recorder, seed))  # type: ignore[attr-defined]
        child.start()
        theirs.close()
        try:
            return mine.recv() if mine.poll(seconds) else Trial({WHOLE: "failed"})
        except EOFError:
            return Trial({WHOLE: "failed"})
        finally:
            child.kill()
            child.join()


class _Recorder:
    """A plugin that keeps what came of each test."""

    def __init__(self) -> None:
        self.trial = Trial()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        from mlpath.testing._statistics import spent

        before = len(spent)
        try:
            return (yield)
        finally:
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


def _name(nodeid: str) -> str:
    return nodeid.partition("::")[2]


def _session(connection: Connection, arguments: list[str], recorder: _Recorder, seed: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    if seed:
        _move_seeds(seed)
    pytest.main(arguments, plugins=[recorder])
    connection.send(recorder.trial if recorder.trial.outcomes else Trial({WHOLE: "failed"}))


def _move_seeds(by: int) -> None:
    """Let every generator that the shared tests make with a seed be another one than it was."""
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
