"""Test the learner's file whenever it is saved: `mlpath watch`.

Three kinds of processes. The watcher talks to the user, looks at the file, and loads nothing of the exercise. A *server*
has the libraries, the reference and pytest at hand, and forks a *session* for each save, which gives one verdict and
runs the learner's code in a child of its own (see `plugin.py`). Where there is no safe fork, a session is a fresh process.
"""

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing.connection import Connection, wait
from pathlib import Path
from queue import Empty, Queue
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Self

from mlpath.workbench.curriculum import CurriculumError, Exercise, exercises
from mlpath.workbench.isolation import CAN_FORK
from mlpath.workbench.verdict import (
    TICK,
    Session,
    Verdict,
    end,
    end_when_told,
    ended,
    judge,
    once,
    remembered,
    show,
    stamp_of,
    stand,
    without_interrupts,
)
from mlpath.workbench.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    import pytest
    from rich.console import Console

POLL_SECONDS = 0.5  # between two looks at the file, even where the system tells of changes: it may tell nothing
STILL_SECONDS = 0.02  # a save is over when the file has been left alone for so long
ABSENT_SECONDS = 0.6  # and if it has left nothing, there may be more to come
CLOSE_SECONDS = 3.0

Mark = tuple[int, int, int] | None


def watch(
    workspace: Workspace, exercise: Exercise, console: "Console", *, poll: bool = False, fork: bool = CAN_FORK
) -> None:
    """Test the file of an exercise now and at every save, until Ctrl-C or `q`; then nothing is left running."""
    events: Queue[tuple[str, Any]] = Queue()
    following: Exercise | None = exercise
    with suppress(KeyboardInterrupt), keys(events):
        while following is not None:
            with Watch(workspace, following, console, events, poll=poll, fork=fork) as one:
                following = one.go_on()
    console.print()


class Watch:
    """The watch over one exercise."""

    def __init__(
        self,
        workspace: Workspace,
        exercise: Exercise,
        console: "Console",
        events: "Queue[tuple[str, Any]]",
        *,
        poll: bool,
        fork: bool,
    ) -> None:
        """Start the server and the look-out, which put what happens among the events."""
        self.workspace, self.exercise, self.console, self.events = workspace, exercise, console, events
        self.server = Server(workspace, exercise, fork=fork, heard=lambda *event: events.put(event))
        self.stop, self.verdict = threading.Event(), None
        self.look_out = threading.Thread(target=self._look_out, args=(poll,), daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self.look_out.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing running, even if Ctrl-C is pressed again."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.stop.set()
        self.server.close()
        self.look_out.join(CLOSE_SECONDS)
        signal.signal(signal.SIGINT, before)

    def go_on(self) -> Exercise | None:
        """Watch until the user has had enough; return the exercise to go on with, if any."""
        self.test()
        while True:
            try:
                kind, what = self.events.get(timeout=POLL_SECONDS)  # with a timeout, or Windows would not hear Ctrl-C
            except Empty:
                continue
            if kind == "saved":
                self.test()
            elif kind == "verdict" and what[0] == self.server.number:
                self.show(what[1])
            elif kind == "key" and what in "\r\n":
                self.test()
            elif kind == "key" and what == "h" and self.verdict is not None and not self.verdict.passed:
                self.hint()
            elif kind == "key" and what == "n" and (after := self.next()):
                return after
            elif kind == "key" and what in "q\x03\x04":
                return None

    def test(self) -> None:
        """Test what the file holds now; what is being tested is dropped."""
        if self.console.is_terminal:
            self.console.print("testing ...", style="dim", end="\r")
        self.server.test()

    def show(self, verdict: Verdict) -> None:
        """Print a verdict, and what the keys do."""
        if self.console.is_terminal:
            self.console.clear()
        try:
            self.verdict = verdict = remembered(verdict, self.workspace, self.exercise)
            show(verdict, self.workspace, self.console)
        except WorkspaceError as error:
            self.console.print(str(error))
        self._show_keys()

    def hint(self) -> None:
        """Show one hint more for the part to go on with."""
        from mlpath.workbench.hints import show_hint

        assert self.verdict is not None
        self.console.print()
        try:
            show_hint(self.workspace, self.exercise, self.verdict.to_do, 0, self.console)
        except (WorkspaceError, CurriculumError) as error:
            self.console.print(str(error))
        self._show_keys()

    def next(self) -> Exercise | None:
        """Return the exercise that comes after a pass."""
        from mlpath.workbench.overview import current

        after = current(self.workspace) if self.verdict is not None and self.verdict.passed else self.exercise
        return None if after == self.exercise else after

    def _show_keys(self) -> None:
        if not self.console.is_terminal or not sys.stdin.isatty():
            self.console.print(f"\n{self.exercise.file} is watched: save it, and it is tested again. Ctrl-C ends this.")
            return
        own = "n  the next exercise" if self.verdict is not None and self.verdict.passed else "h  a hint"
        self.console.print(
            f"\nSave, and it is tested again.  [bold]{own[0]}[/]{own[1:]}   [bold]Enter[/]  again   [bold]q[/]  quit"
        )

    def _look_out(self, poll: bool) -> None:
        for _ in saves(self.workspace.file(self.exercise), self.stop, poll=poll):
            self.events.put(("saved", None))


# ------------------------------------------------------------------- the file


def saves(file: Path, stop: threading.Event, *, poll: bool = False) -> Iterator[None]:
    """Yield whenever a file has been saved, in whatever way, or has vanished.

    Editors write to it, empty it first, or put another file in its place: what counts is that it is another one than
    before, and has been left alone for a moment.
    """
    seen = _mark(file)
    for _ in _stirrings(file, stop, poll):
        if _mark(file) != seen:
            now = _settled(file, stop)
            if now != seen:
                seen = now
                yield


def _stirrings(file: Path, stop: threading.Event, poll: bool) -> Iterator[object]:
    """Yield when something may have changed near the file, and twice a second in any case."""
    import watchfiles

    milliseconds = int(1000 * POLL_SECONDS)
    while not stop.is_set():
        with suppress(OSError, RuntimeError):  # the folder is gone, or the system has no watches left
            yield from watchfiles.watch(
                file.parent,
                watch_filter=lambda _, path: Path(path).name == file.name,
                debounce=50,
                step=10,
                stop_event=stop,
                rust_timeout=milliseconds,
                yield_on_timeout=True,
                force_polling=poll or None,
                poll_delay_ms=milliseconds,
                recursive=False,
                raise_interrupt=False,
            )
        poll = True
        stop.wait(POLL_SECONDS)
        yield None


def _settled(file: Path, stop: threading.Event) -> Mark:
    """Wait until a save is over, and return what tells the file from others then."""
    mark, since, began = _mark(file), monotonic(), monotonic()
    while not stop.is_set():
        sleep(STILL_SECONDS / 4)
        now = _mark(file)
        if now != mark:
            mark, since = now, monotonic()
        empty = mark is None or mark[1] == 0
        if monotonic() - since > (ABSENT_SECONDS if empty else STILL_SECONDS) or monotonic() - began > 5:
            break
    return mark


def _mark(file: Path) -> Mark:
    """What tells a file from the one that it was before; None if there is none."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


# ------------------------------------------------------------------- the keys


@contextmanager
def keys(events: "Queue[tuple[str, Any]]") -> Iterator[None]:
    """Put the keys that are pressed among the events, if there is a terminal."""
    if not _has_keys():
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_read_keys, args=(events, stop), daemon=True)
    if sys.platform == "win32":
        thread.start()
        try:
            yield
        finally:
            stop.set()
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(1)
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _has_keys() -> bool:
    try:
        return sys.stdin.isatty() and (sys.platform == "win32" or os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp())
    except (OSError, ValueError):
        return False


def _read_keys(events: "Queue[tuple[str, Any]]", stop: threading.Event) -> None:
    while not stop.is_set():
        if sys.platform == "win32":
            import msvcrt

            key = msvcrt.getwch() if msvcrt.kbhit() else ""
            stop.wait(0.05)
        else:
            import select

            ready = select.select([sys.stdin], [], [], 0.1)[0]
            key = os.read(sys.stdin.fileno(), 1).decode(errors="ignore") if ready else ""
            if ready and not key:  # the terminal is gone
                return
        if key:
            events.put(("key", key))


@contextmanager
def interrupts_later() -> Iterator[None]:
    """Hear a Ctrl-C only at the end: what is begun here is whole by then. A mask would not do, as there are threads."""
    pressed = list[object]()
    before = signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


# ----------------------------------------------------------------- the server


class Server:
    """The warm process, seen from the watcher. It is started anew if something has ended it."""

    numbers = count(1)  # of all servers, so that no late verdict is taken for another's

    def __init__(
        self, workspace: Workspace, exercise: Exercise, *, fork: bool, heard: Callable[[str, Any], object]
    ) -> None:
        """Prepare; `heard("verdict", (number, verdict))` is called from a thread."""
        self.workspace, self.exercise, self.fork, self.heard = workspace, exercise, fork, heard
        self.folder = tempfile.TemporaryDirectory(prefix="mlpath-", ignore_cleanup_errors=True)
        self.number, self.process, self.ready = 0, None, False

    def test(self) -> None:
        """Ask for a verdict on what the file holds now; what was asked before is dropped."""
        self.number = next(self.numbers)
        if self.process is None or not self.process.is_alive():
            with interrupts_later():
                self._start()
        self.asked[:] = [self.number]
        with suppress(OSError):  # it has just been ended: the listener says so
            self.connection.send(self.number)

    def close(self) -> None:
        """End it, and all that it has started."""
        if self.process is not None:
            self.asked.clear()
            with suppress(OSError):
                self.connection.send(None)
            if self.ready:
                self.process.join(CLOSE_SECONDS)
                end(self.process)
            else:  # it imports libraries, and has started nothing
                self.process.kill()
                self.process.join()
        self.folder.cleanup()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # the watcher has threads: a fork of it would not be safe
        self.connection, theirs = context.Pipe()
        arguments = (theirs, self.workspace.root, self.exercise.id, self.folder.name, self.fork)
        self.process, self.ready = context.Process(target=_serve, args=arguments), False
        with without_interrupts():
            self.process.start()
        theirs.close()
        self.asked: list[int] = []
        threading.Thread(target=self._listen, args=(self.connection, self.asked), daemon=True).start()

    def _listen(self, connection: Any, asked: list[int]) -> None:
        with suppress(EOFError, OSError):
            while True:
                said = connection.recv()
                if said == "ready":
                    self.ready = True
                else:
                    self.heard("verdict", said)
                    asked.clear()
        for number in asked:  # it died, and owes a verdict
            self.heard("verdict", (number, ended(self.exercise)))


def _serve(commands: Any, root: Path, id_: str, folder: str, fork: bool) -> None:
    """Be the server."""
    end_when_told()
    tempfile.tempdir = folder  # what sessions leave there goes with the folder
    workspace, exercise = Workspace(root), exercises()[id_]
    fresh = lambda: Session(exercise, fork, once, root, id_, folder, fork)  # noqa: E731
    if fork:
        stand(
            root,
            exercise,
            fork=True,
            then=lambda session: _obey(commands, folder, _warm(commands, workspace, exercise, session)),
        )
    _obey(commands, folder, fresh)  # where pytest could not start, each session says so, until that is mended


def _warm(commands: Any, workspace: Workspace, exercise: Exercise, session: "pytest.Session") -> Callable[[], Session]:
    """Load all that a session needs, and return the function that forks one."""
    import gc

    import mlpath.workbench.boundary  # noqa: F401  (a session would load it)
    from mlpath.workbench.swap import load_tests, preload

    tests = workspace.root / exercise.tests
    with suppress(Exception):  # a session will say what is wrong
        preload(tests, exercise.reference)
        load_tests(exercise.module, tests, sys.modules[exercise.module])  # brings what libraries load late
        _ = exercise.holes, exercise.details, stamp_of(workspace, exercise)
    gc.collect()
    gc.freeze()

    def fork() -> Session:
        with suppress(Exception):
            preload(learner=workspace.file(exercise), but=exercise.module)
        return Session(exercise, True, _testify, commands, workspace, exercise, session)

    return fork


def _testify(
    connection: Connection, commands: Any, workspace: Workspace, exercise: Exercise, session: "pytest.Session"
) -> None:
    """Be a session that was forked where pytest stood ready."""
    end_when_told()
    commands.close()  # or the watcher would not hear that the server has died
    capture: Any = session.config.pluginmanager.getplugin("capturemanager")
    if capture:  # its files are shared with all sessions
        capture.stop_global_capturing()
        capture.start_global_capturing()
    connection.send(judge(workspace, exercise, session))


def _obey(commands: Any, folder: str, start: Callable[[], Session]) -> None:
    """Start a session for each number that comes, in place of the one that runs; send its verdict with the number."""
    commands.send("ready")
    session, number = None, 0
    while True:
        ready = wait([commands, *([session.connection] if session else [])], TICK if session else None)
        if commands in ready:
            try:
                number = commands.recv()
            except (EOFError, OSError):  # the watcher was killed
                number = None
            if session:
                session.end()
            if number is None:
                shutil.rmtree(folder, ignore_errors=True)
                os._exit(0)
            session = start()
        elif session and (verdict := session.result(0)) is not None:
            session.end()
            session = None
            with suppress(OSError):
                commands.send((number, verdict))
