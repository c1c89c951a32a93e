"""Run an exercise's tests in a child process: code that hangs, exits, crashes or floods costs one test, not the run.

On Linux the child is a fork, which has all libraries loaded; elsewhere it is a fresh process. Either way it serves one
test at a time over a connection, and the parent holds the clock.
"""

import ast
import faulthandler
import multiprocessing
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from mlpath.workbench.rules import function_at

START_SECONDS = 60.0  # a fresh process imports its libraries first
GRACE_SECONDS = 1.0  # between the child's last words and its end
FLOOD_BYTES = 8 << 20
CAN_FORK = sys.platform == "linux"

Run = Callable[[str, str | None], Any]


class ChildFailed(Exception):
    """The child ended, had to be ended, or could not load the learner's file; the message says so in words."""

    is_timeout = False


class ChildTimedOut(ChildFailed):
    """The child did not answer in time."""

    is_timeout = True


class Child:
    """The process that runs the tests of one learner's file."""

    def __init__(
        self, file: Path, seconds: float, *, fork: bool, target: Callable[..., None], arguments: tuple[Any, ...]
    ) -> None:
        """Start `target(connection, trace, *arguments)`, which should `serve`; each test may take so many seconds."""
        self.file = file
        self.seconds = seconds
        handle, self.trace = tempfile.mkstemp(prefix="mlpath-", suffix=".trace")
        os.close(handle)
        context = multiprocessing.get_context("fork" if fork else "spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=target, args=(theirs, self.trace, *arguments))  # type: ignore[attr-defined]
        self.process.start()
        theirs.close()
        problem = self._receive("importing your file", seconds if fork else seconds + START_SECONDS)
        if problem is not None:
            self.close()
            raise ChildFailed(problem)

    def run(self, test: str, following: str | None) -> Any:
        """Run one test and return its result; `following` is the next one to come, if any."""
        try:
            self.connection.send((test, following))
        except OSError:
            raise ChildFailed(self._death("the test")) from None
        return self._receive("the test", self.seconds)

    def close(self) -> None:
        """End the child and all that it has started."""
        with suppress(OSError):
            self.connection.send(None)
        self.connection.close()
        self.process.join(GRACE_SECONDS)
        self.process.kill()
        self.process.join()
        with suppress(ProcessLookupError, PermissionError, AttributeError):  # Windows has no process groups
            os.killpg(self.process.pid, signal.SIGKILL)
        Path(self.trace).unlink(missing_ok=True)

    def _receive(self, what: str, seconds: float) -> Any:
        try:
            if self.connection.poll(seconds + GRACE_SECONDS):
                return self.connection.recv()
        except (EOFError, OSError):
            raise ChildFailed(self._death(what)) from None
        self.process.kill()
        raise ChildTimedOut(f"{what} took more than {seconds:g} s{self._where()}: an endless loop?")

    def _death(self, what: str) -> str:
        self.process.join(GRACE_SECONDS)
        code = self.process.exitcode or 0
        if code < 0:
            return f"{what} crashed Python ({signal.Signals(-code).name}){self._where()}"
        return f"{what} ended Python with exit status {code}: is there an `exit` in your file?"

    def _where(self) -> str:
        """The learner's innermost function in the trace that the child left."""
        text = Path(self.trace).read_text(errors="replace")
        line = re.search(rf'File "{re.escape(str(self.file))}", line (\d+)', text)
        if line is None:
            return ""
        with suppress(SyntaxError, OSError):
            if name := function_at(ast.parse(self.file.read_bytes()), int(line[1])):
                return f" in {name}, line {line[1]}"
        return f" at line {line[1]}"


def serve(connection: Connection, trace: str, seconds: float, load: Callable[[], str | Run]) -> None:
    """Be the child: load the learner's file, then run the tests that the parent names until it hangs up.

    `load` returns what is wrong, in words, or the function that runs one test.
    """
    _limit()
    with open(trace, "w") as file:
        faulthandler.enable(file)
        faulthandler.dump_traceback_later(seconds, file=file)
        run = load()
        faulthandler.cancel_dump_traceback_later()
        if isinstance(run, str):
            connection.send(run)
            return
        connection.send(None)
        with suppress(EOFError):
            while (request := connection.recv()) is not None:
                test, following = request
                faulthandler.dump_traceback_later(seconds, file=file)
                result = run(test, following)
                faulthandler.cancel_dump_traceback_later()
                connection.send(result)


def _limit() -> None:
    """Lead a process group, leave no core, and write no endless files."""
    if sys.platform == "win32":
        return
    import resource

    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FLOOD_BYTES, FLOOD_BYTES))
