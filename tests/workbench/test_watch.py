"""`mlpath watch` in a real terminal, with real processes, on code that does what learners' code may do."""

import os
import pty
import re
import select
import shutil
import signal
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest
import watchfiles

from mlpath.workbench.curriculum import exercises
from mlpath.workbench.watch import interrupts_later, saves

ROOT = Path(__file__).parents[2]
NORMS, SECOND, *_ = exercises().values()
PATIENCE = 60.0  # seconds, on a machine that does other things
WATCH = """
import sys
from pathlib import Path
from rich.console import Console
from mlpath.workbench.curriculum import find
from mlpath.workbench.watch import watch
from mlpath.workbench.workspace import Workspace

poll, fork = ("poll" in sys.argv), ("fresh" not in sys.argv)
watch(Workspace(Path.cwd()), find("linalg/norms"), Console(highlight=False), poll=poll, fork=fork)
print("ended in peace")
"""


def code(body):
    """The stub with one part written."""
    hole = '    raise NotImplementedError("not written yet: l1_norm")'
    assert hole in NORMS.stub
    return NORMS.stub.replace(hole, "\n".join("    " + line for line in body.splitlines()))


def saying(word):
    """The stub with one part that fails in its own words."""
    return code(f"raise ValueError('{word}')")


class Terminal:
    """A terminal in which the watcher runs; all that descends from it has a mark in its environment."""

    def __init__(self, root, *how):
        self.root, self.file = root, root / NORMS.file
        self.screen, self.mark = "", f"mlpath-test-{uuid.uuid4()}"
        environment = {**os.environ, "MLPATH_TEST_MARK": self.mark, "TERM": "xterm", "COLUMNS": "100"}
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            os.chdir(root)
            os.execve(sys.executable, [sys.executable, "-c", WATCH, *how], environment)

    def read(self, seconds=0.05):
        if select.select([self.end], [], [], seconds)[0]:
            try:
                self.screen += re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", os.read(self.end, 65536).decode(errors="replace"))
            except OSError:  # the other end is closed
                return False
        return True

    def expect(self, text, within=PATIENCE):
        """Wait for a text, and forget all before and with it."""
        deadline = time.monotonic() + within
        while text not in self.screen:
            alive = self.read()
            assert alive or text in self.screen, f"the watcher has ended; it said\n{self.screen}"
            assert time.monotonic() < deadline, f"no {text!r} in\n{self.screen}"
        self.screen = self.screen.partition(text)[2]

    def keys(self, text):
        os.write(self.end, text.encode())

    def family(self):
        """The processes that descend from the watcher, itself included, and are not dead."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                dead = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
                if not dead and self.mark.encode() in (process / "environ").read_bytes():
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    def assert_all_gone(self, within=5.0):
        deadline = time.monotonic() + within
        while (left := self.family()) and time.monotonic() < deadline:
            self.read()
        told = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in left]
        assert not left, f"left running: {told}"

    def close(self):
        for pid in self.family():
            os.kill(pid, signal.SIGKILL)
        os.close(self.end)
        os.waitpid(self.pid, 0)


def lay_out(root):
    settings = (ROOT / "pyproject.toml").read_text()
    (root / "pyproject.toml").write_text(settings.replace('addopts = "', 'addopts = "--seconds 3 '))
    for exercise in (NORMS, SECOND):
        for path in (exercise.tests, exercise.file):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / exercise.tests, root / exercise.tests)
        (root / exercise.file).write_text(exercise.stub)
    return root


@contextmanager
def watching(root, *how, ready=True):
    terminal = Terminal(lay_out(root), *how)
    try:
        if ready:
            terminal.expect("Save, and it is tested again.")
        yield terminal
    finally:
        terminal.close()


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    """A watcher that several tests use one after the other: nothing that is saved may end it."""
    with watching(tmp_path_factory.mktemp("watched")) as terminal:
        yield terminal


@pytest.fixture
def own(tmp_path):
    with watching(tmp_path) as terminal:
        yield terminal


# -------------------------------------------------------------------- when it tests


def test_a_save_is_tested_and_the_last_one_counts(terminal):
    terminal.file.write_text(saying("first"))
    terminal.expect("ValueError: first")
    terminal.file.write_text(saying("second"))
    terminal.expect("ValueError: second")


def test_a_save_during_a_run_ends_that_run(terminal):
    _begin(terminal, LOOP)
    terminal.file.write_text(saying("patience"))
    terminal.expect("ValueError: patience")
    assert "took more than" not in terminal.screen


def test_enter_tests_again(terminal):
    terminal.file.write_text(saying("again"))
    terminal.expect("ValueError: again")
    terminal.expect("quit")
    terminal.keys("\n")
    terminal.expect("ValueError: again")


def test_h_gives_a_hint(terminal):
    terminal.file.write_text(saying("help"))
    terminal.expect("ValueError: help")
    terminal.expect("quit")
    terminal.keys("h")
    terminal.expect("l1_norm in linalg/norms, hint 1 of 3")


def test_a_file_that_vanishes_is_told_and_tested_when_it_comes_back(terminal):
    terminal.file.unlink()
    terminal.expect("exercises/linalg/norms.py is missing")
    terminal.file.write_text(saying("back"))
    terminal.expect("ValueError: back")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import os\nos._exit(3)", "ended Python with exit status 3"),
        ("import ctypes\nctypes.string_at(0)", "crashed Python (SIGSEGV)"),
        ("while True:\n    print('flood' * 100)", "printed or wrote more than fits"),
        ("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", "the process that runs the tests was ended"),
        ("import os\nif os.fork() == 0:\n    while True:\n        pass\nraise ValueError('forked')", "forked"),
    ],
)
def test_nothing_that_is_saved_ends_the_watch(terminal, body, said):
    terminal.file.write_text(code(body))
    terminal.expect(said)
    deadline = time.monotonic() + 5
    while len(terminal.family()) > 3 and time.monotonic() < deadline:  # watcher, server, Python's resource tracker
        terminal.read()
    assert len(terminal.family()) <= 3, "a process of the run is left"
    terminal.file.write_text(saying("still here"))
    terminal.expect("ValueError: still here")


def test_a_server_that_is_killed_is_replaced(own):
    body = "grand = int(open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[1])"
    own.file.write_text(code(f"import os, signal\n{body}\nos.kill(grand, signal.SIGKILL)\nwhile True:\n    pass"))
    own.expect("the process that runs the tests was ended")
    own.file.write_text(saying("replaced"))
    own.expect("ValueError: replaced")
    own.keys("q")
    own.expect("ended in peace")
    own.assert_all_gone()


def test_after_a_pass_n_goes_on_with_the_next_exercise(own):
    own.file.write_text(NORMS.reference.read_text())
    own.expect("linalg/norms: done, all 8 parts")
    own.expect("n  the next exercise")
    own.keys("n")
    own.expect(SECOND.id)
    own.expect(SECOND.parts[0])
    (own.root / SECOND.file).write_text(SECOND.stub + "\nx = undefined\n")
    own.expect("NameError: name 'undefined' is not defined")


# -------------------------------------------------------------------- how it ends


LOOP = "while True:\n    pass"
BEGOTTEN = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'while True: pass'])"


@pytest.mark.parametrize("body", [LOOP, BEGOTTEN])
def test_ctrl_c_ends_an_endless_loop_at_once_and_leaves_nothing_running(own, body):
    _interrupt_in(own, body)


def _interrupt_in(terminal, body):
    """Press Ctrl-C while the learner's code loops."""
    _begin(terminal, body)
    pressed = time.monotonic()
    terminal.keys("\x03")
    terminal.expect("ended in peace")
    assert time.monotonic() - pressed < 3  # the limit of a test
    assert "Traceback" not in terminal.screen
    terminal.assert_all_gone()


def _begin(terminal, body):
    """Save code that loops, and wait until it does."""
    terminal.file.write_text(code(f"open('looping', 'w').close()\n{body}"))
    deadline = time.monotonic() + PATIENCE
    while not (terminal.root / "looping").exists():
        assert time.monotonic() < deadline
        terminal.read()


def test_ctrl_c_while_it_waits_or_starts_ends_it(tmp_path, own):
    own.keys("\x03")
    own.expect("ended in peace")
    own.assert_all_gone()
    with watching(tmp_path, ready=False) as terminal:
        terminal.expect("testing ...")
        terminal.keys("\x03")
        terminal.expect("ended in peace")
        assert "Traceback" not in terminal.screen
        terminal.assert_all_gone()


def test_a_ctrl_c_in_the_middle_of_a_start_is_heard_at_its_end():
    started = []

    def start():
        with interrupts_later():
            os.kill(os.getpid(), signal.SIGINT)
            started.append("the server")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert started == ["the server"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_watcher_that_is_killed_leaves_nothing_running(own):
    _begin(own, LOOP)
    os.kill(own.pid, signal.SIGKILL)
    own.assert_all_gone()


def test_fresh_processes_and_polling_give_verdicts_and_end_at_once_too(tmp_path):
    with watching(tmp_path, "fresh", "poll") as terminal:
        terminal.file.write_text(saying("fresh"))
        terminal.expect("ValueError: fresh")
        terminal.file.write_text(code("import os\nos._exit(3)"))
        terminal.expect("ended Python with exit status 3")
        _interrupt_in(terminal, LOOP)


# ------------------------------------------------------------------- what a save is


class LookOut:
    """Counts the saves of a file."""

    def __init__(self, file, poll):
        self.file, self.seen, self.stop = file, Queue(), threading.Event()
        self.thread = threading.Thread(target=self.look, args=(poll,))
        self.thread.start()

    def look(self, poll):
        for _ in saves(self.file, self.stop, poll=poll):
            self.seen.put(self.file.read_text() if self.file.exists() else None)

    def hears(self, text):
        heard = []
        while not heard or heard[-1] != text:
            heard.append(self.seen.get(timeout=PATIENCE))
        return heard


@pytest.fixture(params=["native", "polling", "broken", "silent"])
def look_out(tmp_path, request, monkeypatch):
    """One that the system tells of changes, one that polls, and two that the system fails."""
    native = watchfiles.watch

    def broken(*paths, force_polling=None, **options):
        if not force_polling:
            raise OSError("OS file watch limit reached")
        yield from native(*paths, force_polling=True, **options)

    def silent(*_, stop_event, **options):
        while not stop_event.wait(0.1):
            yield set()

    if request.param in ("broken", "silent"):
        monkeypatch.setattr(watchfiles, "watch", {"broken": broken, "silent": silent}[request.param])
    file = tmp_path / "room" / "norms.py"
    file.parent.mkdir()
    file.write_text("old")
    out = LookOut(file, request.param == "polling")
    time.sleep(0.1)  # it takes its first look
    yield out
    out.stop.set()
    out.thread.join(PATIENCE)
    assert not out.thread.is_alive()


def test_every_way_to_save_is_heard(look_out):
    file = look_out.file
    file.write_text("written")
    assert look_out.hears("written") == ["written"]

    other = file.with_name("norms.py.tmp")
    other.write_text("renamed")
    os.replace(other, file)
    assert look_out.hears("renamed") == ["renamed"]

    with open(file, "w") as emptied:
        emptied.flush()
        time.sleep(0.1)
        emptied.write("emptied first")
    assert look_out.hears("emptied first") == ["emptied first"]

    file.unlink()
    time.sleep(0.1)
    file.write_text("deleted first")
    assert look_out.hears("deleted first") == ["deleted first"]

    shutil.rmtree(file.parent)
    assert look_out.hears(None) == [None]
    file.parent.mkdir()
    file.write_text("with its folder")
    look_out.hears("with its folder")

    os.utime(file)
    assert look_out.hears("with its folder") == ["with its folder"]


def test_what_happens_beside_the_file_is_no_save(look_out):
    look_out.file.with_name("other.py").write_text("beside")
    look_out.file.read_text()
    with pytest.raises(Empty):
        look_out.seen.get(timeout=0.8)
