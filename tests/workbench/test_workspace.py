"""A workspace, and that nothing in it is ever lost: not by a newer version, not by a process that is killed."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from mlpath.workbench import workspace as module
from mlpath.workbench.curriculum import exercises
from mlpath.workbench.isolation import CAN_FORK
from mlpath.workbench.progress import load, record_hint, record_pass, state
from mlpath.workbench.workspace import (
    Workspace,
    WorkspaceError,
    back_up,
    find_workspace,
    init,
    locked,
    reset,
    write,
)

ROOT = Path(__file__).parents[2]
NORMS, PCA = exercises()["linalg/norms"], exercises()["linalg/pca"]
HOLE = 'raise NotImplementedError("not written yet: l1_norm")'
L1 = "return float(np.abs(x).sum())"


class Upstream:
    """mlpath as it is installed: two exercises, which may get newer."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.monkeypatch = folder, monkeypatch
        for exercise in (NORMS, PCA):
            (folder / exercise.tests).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / exercise.tests, folder / exercise.tests)
        monkeypatch.setattr(module, "installed", lambda path: folder / path)
        self.has(NORMS, PCA)

    def has(self, *chosen):
        self.monkeypatch.setattr(module, "exercises", lambda: {exercise.id: exercise for exercise in chosen})

    def changes(self, exercise, old, new):
        assert old in exercise.stub
        self.monkeypatch.setitem(vars(exercise), "stub", exercise.stub.replace(old, new))

    def changes_tests(self, exercise, text):
        (self.folder / exercise.tests).write_text(text)


@pytest.fixture
def upstream(tmp_path, monkeypatch):
    return Upstream(tmp_path / "upstream", monkeypatch)


@pytest.fixture
def work(tmp_path, upstream):
    """A workspace just made."""
    list(init(tmp_path / "w"))
    return Workspace(tmp_path / "w")


def again(work):
    return "\n".join(init(work.root))


def edit(file, old=HOLE, new=L1):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return file.read_text()


def files(work):
    every = (file.relative_to(work.root) for file in work.root.rglob("*") if file.is_file())
    return {path.as_posix() for path in every if path.parts[0] != ".mlpath"}


def backups(work):
    return {file.read_text() for file in (work.state / "backups").rglob("*.*") if file.is_file()}


# ---------------------------------------------------------------- what init makes


def test_a_workspace_has_exercises_shared_tests_and_settings_and_no_solutions(tmp_path):
    said = list(init(tmp_path / "a/b"))
    expected = {path for exercise in exercises().values() for path in (exercise.file, exercise.tests)}
    expected |= {"pyproject.toml", "README.md"}
    expected |= {".vscode/settings.json", ".vscode/launch.json"}
    assert files(Workspace(tmp_path / "a/b")) == expected
    assert said[0].startswith(f"{len(exercises())} exercises and their tests are laid out")
    assert f"  cd {tmp_path / 'a/b'}" in said


def test_stubs_are_made_from_the_references_not_from_what_is_in_the_clone(work):
    assert work.file(NORMS).read_text() == NORMS.stub
    assert (work.root / NORMS.tests).read_text() == (ROOT / NORMS.tests).read_text()


def test_pytest_is_set_up_as_in_the_clone(work):
    mine, theirs = (
        tomllib.loads((root / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
        for root in (work.root, ROOT)
    )
    assert mine == theirs | {"testpaths": ["exercises"]}


def test_the_workspace_is_found_from_within(work):
    assert find_workspace(work.root / "exercises/linalg") == work
    assert not work.is_clone
    with pytest.raises(WorkspaceError, match="make one with  mlpath init FOLDER"):
        find_workspace(work.root.parent)


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("", "", "is a file: name a folder"),
        ("src/mlpath/curriculum.toml", "", "is a clone of mlpath"),
        ("pyproject.toml", '[project]\nname = "mine"\n', "holds another project"),
    ],
)
def test_what_is_no_workspace_is_refused_and_left_alone(tmp_path, upstream, path, content, said):
    place = tmp_path / "place" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)
    with pytest.raises(WorkspaceError, match=said):
        list(init(tmp_path / "place"))
    assert [file for file in (tmp_path / "place").rglob("*") if file.is_file()] == ([place] if path else [])


# --------------------------------------------------------------- init once more


def test_the_same_version_once_more_changes_nothing(work):
    mine = edit(work.file(NORMS))
    before = {path: (work.root / path).stat().st_mtime_ns for path in files(work)}
    assert again(work) == "Nothing is new, and all is in its place."
    assert {path: (work.root / path).stat().st_mtime_ns for path in files(work)} == before
    assert work.file(NORMS).read_text() == mine
    assert not backups(work)


def test_a_newer_version_adds_what_is_new(tmp_path, upstream):
    upstream.has(NORMS)
    list(init(tmp_path / "w"))
    upstream.has(NORMS, PCA)
    assert again(Workspace(tmp_path / "w")) == "New: exercises/linalg/pca.py"
    assert (tmp_path / "w" / PCA.file).read_text() == PCA.stub
    assert (tmp_path / "w" / PCA.tests).exists()


def test_a_stub_that_nobody_has_touched_is_replaced(work, upstream):
    upstream.changes(NORMS, "Idea", "Idea and more")
    assert again(work) == "Renewed: exercises/linalg/norms.py"
    assert work.file(NORMS).read_text() == NORMS.stub
    assert "Idea and more" in NORMS.stub


@pytest.mark.parametrize("lost", [False, True], ids=["", "lost record"])
def test_where_the_learner_has_written_the_new_stub_is_put_beside(work, upstream, lost):
    mine = edit(work.file(NORMS))
    upstream.changes(NORMS, "## Idea", "## The idea")
    if lost:
        shutil.rmtree(work.state)
    said = again(work)
    assert work.file(NORMS).read_text() == mine
    assert (work.root / "exercises/linalg/norms.new.py").read_text() == NORMS.stub
    assert "exercises/linalg/norms.py has changed since, and you have written in yours, which is left as it is." in said
    assert "    -## Idea\n    +## The idea\n" in said
    assert ("l1_norm" in said) == lost, "without a record, the difference is from the learner's file"
    assert said.endswith("Take over what you like, and delete norms.new.py.")
    assert "norms" not in again(work), "it is said once"


def test_a_remark_is_enough_to_be_left_alone(work, upstream):
    work.file(NORMS).write_text(mine := "# I shall begin tomorrow.\n" + NORMS.stub)
    upstream.changes(NORMS, "## Idea", "## The idea")
    assert "norms.new.py" in again(work)
    assert work.file(NORMS).read_text() == mine


def test_a_new_stub_put_beside_twice_shows_what_has_changed_since_and_keeps_remarks(work, upstream):
    edit(work.file(NORMS))
    upstream.changes(NORMS, "## Idea", "## The idea")
    again(work)
    beside = work.root / "exercises/linalg/norms.new.py"
    remarked = edit(beside, "## The idea", "## The idea (seen)")
    upstream.changes(NORMS, "## Maths", "## The maths")
    said = again(work)
    assert "    -## Maths\n    +## The maths\n" in said
    assert "The idea" not in said
    assert beside.read_text() == NORMS.stub
    assert backups(work) == {remarked}


def test_a_lost_record_costs_a_copy_or_nothing(work, upstream):
    mine = edit(work.file(NORMS))
    older = PCA.stub
    shutil.rmtree(work.state)
    assert again(work) == "Nothing is new, and all is in its place."
    assert work.file(NORMS).read_text() == mine
    upstream.changes(PCA, "## Idea", "## The idea")
    shutil.rmtree(work.state)
    assert again(work) == "Renewed, with copies of what was there in .mlpath/backups/: exercises/linalg/pca.py"
    assert work.file(PCA).read_text() == PCA.stub
    assert backups(work) == {older}


def test_other_ends_of_lines_are_no_work_of_the_learners(work, upstream):
    for path in (NORMS.file, NORMS.tests):
        (work.root / path).write_bytes((work.root / path).read_bytes().replace(b"\n", b"\r\n"))
    assert again(work) == "Nothing is new, and all is in its place."
    upstream.changes(NORMS, "## Idea", "## The idea")
    assert again(work) == "Renewed: exercises/linalg/norms.py"


def test_shared_tests_are_renewed_and_those_that_were_changed_are_backed_up_first(work, upstream):
    upstream.changes_tests(NORMS, "# newer\n")
    changed = edit(work.root / PCA.tests, "import pytest", "import pytest  # mine")
    said = again(work)
    assert f"Renewed: {NORMS.tests}" in said
    assert (
        f"{PCA.tests} is ours again; it had been changed, and that version is in .mlpath/backups/{PCA.tests[:-3]}."
        in said
    )
    assert (work.root / NORMS.tests).read_text() == "# newer\n"
    assert (work.root / PCA.tests).read_text() == (ROOT / PCA.tests).read_text()
    assert backups(work) == {changed}


def test_settings_that_the_learner_has_changed_stay(work, monkeypatch):
    mine = edit(work.root / "pyproject.toml", "[tool.ruff", "[tool.mine]\n[tool.ruff")
    assert again(work) == "Nothing is new, and all is in its place."
    monkeypatch.setattr(module, "PYPROJECT", module.PYPROJECT.replace("--strict-markers", "--strict-markers -ra"))
    monkeypatch.setattr(module, "README", module.README + "More.\n")
    said = again(work)
    assert "Renewed: README.md" in said
    assert "pyproject.toml has changed since" in said
    assert (work.root / "pyproject.toml").read_text() == mine
    assert "-ra" in (work.root / "pyproject.new.toml").read_text()


def test_an_exercise_that_is_no_more_goes_unless_something_was_written_in_it(work, upstream):
    upstream.has(PCA)
    said = again(work)
    assert "exercises/linalg/norms.py is no more, and was removed" in said
    assert not {path for path in files(work) if "norms" in path}
    upstream.has(PCA, NORMS)
    again(work)
    mine = edit(work.file(NORMS))
    upstream.has(PCA)
    assert "exercises/linalg/norms.py belongs to no exercise any more; as you have written in it" in again(work)
    assert work.file(NORMS).read_text() == mine


def test_a_pass_by_older_tests_is_called_so(work, upstream):
    shutil.copy(NORMS.reference, work.file(NORMS))
    record_pass(work, NORMS)
    upstream.changes_tests(NORMS, "# A remark.\n" + (work.root / NORMS.tests).read_text())
    again(work)
    assert state(work, NORMS, load(work)) == "passed"
    upstream.changes_tests(NORMS, "def test_more():\n    assert True\n")
    again(work)
    assert state(work, NORMS, load(work)) == "passed an earlier version"


def test_a_new_stub_beside_is_no_exercise_to_pytest(work):
    shutil.copy(work.file(NORMS), work.file(NORMS).with_name("norms.new.py"))
    done = subprocess.run([sys.executable, "-m", "pytest"], cwd=work.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "2 not started" in done.stdout
    assert "belongs to no exercise" not in done.stdout


# -------------------------------------------------------------------- back to the stub


def test_reset_puts_the_stub_back_and_keeps_what_was_written(work):
    mine = edit(work.file(NORMS))
    record_pass(work, NORMS)
    record_hint(work, PCA, "PCA.fit", 1)
    said = reset(work, NORMS)
    (copy,) = (work.state / "backups/exercises/linalg").iterdir()
    assert said == (f"exercises/linalg/norms.py is as it was. What you had written is in {copy.relative_to(work.root)}")
    assert copy.read_text() == mine
    assert work.file(NORMS).read_text() == NORMS.stub
    assert state(work, NORMS, load(work)) == "not started"
    assert load(work).hints == {"linalg/pca": {"PCA.fit": 1}}


def test_reset_keeps_bytes_that_are_no_text(work):
    work.file(NORMS).write_bytes(mine := b"x = '\xff\xfe'\r\n\0")
    reset(work, NORMS)
    (copy,) = (work.state / "backups/exercises/linalg").iterdir()
    assert copy.read_bytes() == mine


def test_reset_of_what_is_untouched_or_missing_makes_no_copy(work):
    assert reset(work, NORMS) == "exercises/linalg/norms.py is as it was: nothing had been written in it."
    work.file(NORMS).unlink()
    assert reset(work, NORMS) == "exercises/linalg/norms.py was missing, and is there again."
    assert work.file(NORMS).read_text() == NORMS.stub
    assert not backups(work)


def test_a_stub_after_reset_is_replaced_by_a_newer_one(work, upstream):
    edit(work.file(NORMS))
    upstream.changes(NORMS, "## Idea", "## The idea")
    reset(work, NORMS)
    upstream.changes(NORMS, "## Maths", "## The maths")
    assert again(work) == "Renewed: exercises/linalg/norms.py"


# ------------------------------------------------------------------------ writing


def test_writing_keeps_mode_and_link(tmp_path):
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real/file.py", tmp_path / "link.py"
    write(real, "old")
    assert real.stat().st_mode & 0o777 == 0o666 & ~_umask()
    real.chmod(0o640)
    link.symlink_to(real)
    write(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in real.parent.iterdir()] == ["file.py"]


def _umask():
    os.umask(mask := os.umask(0))
    return mask


def test_writing_that_fails_leaves_the_old_and_nothing_else(tmp_path):
    write(tmp_path / "file", "old")
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path / "file", "\ud800")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file", "old")]


def test_backups_of_the_same_moment_are_all_kept(work):
    copies = []
    for i in range(50):
        work.file(NORMS).write_text(str(i))
        copies.append(back_up(work, work.file(NORMS)))
    assert [copy.read_text() for copy in copies] == [str(i) for i in range(50)]


def test_who_waits_too_long_for_another_process_is_told(work, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    with locked(work), pytest.raises(WorkspaceError, match="another mlpath is at work"):
        reset(work, NORMS)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told_in_words(work):
    work.state.chmod(0o500)
    try:
        with pytest.raises(WorkspaceError, match="Permission denied"):
            reset(work, NORMS)
    finally:
        work.state.chmod(0o700)


# ------------------------------------------------------------ killed at any moment

KILLS = 100  # in each of the three tests
LONG = "#" * 50_000 + "\n"  # enough to be met half-written, if that were possible
ALIVE = set()
forked = pytest.mark.skipif(not CAN_FORK, reason="needs fork")


class Victim:
    """A process that calls `work(i, done)` for i = start, start + 1, ... until it is killed; `done()` acknowledges i."""

    def __init__(self, work, start=0):
        reads, writes = os.pipe()
        self.acknowledged = os.fdopen(reads, "rb")
        self.pid = os.fork()
        if self.pid == 0:
            with suppress(BaseException):
                for i in count(start):
                    work(i, partial(os.write, writes, b"%d\n" % i))
            os._exit(3)
        os.close(writes)
        ALIVE.add(self)
        self.first = self.acknowledged.readline()  # it is at work

    def kill(self):
        """Kill it, and return the numbers that were acknowledged."""
        ALIVE.remove(self)
        os.kill(self.pid, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]) == -signal.SIGKILL, "it ended by itself"
        with self.acknowledged as pipe:
            return {int(line) for line in [self.first, *pipe]}


@pytest.fixture(autouse=True)
def no_victim_is_left():
    """A test that fails may leave one."""
    yield
    for victim in [*ALIVE]:
        victim.kill()


def kill_again_and_again(work, seed):
    """Yield what each of many processes had acknowledged when it was killed, at some moment of its first two rounds."""
    work(0, lambda: None)
    began = time.perf_counter()
    work(1, lambda: None)
    seconds = time.perf_counter() - began
    rng = random.Random(seed)
    for i in range(1, KILLS + 1):
        victim = Victim(work, start=1000 * i + i % 2)
        time.sleep(rng.uniform(0, 2 * seconds))
        yield victim.kill()


class Kept:
    """The numbered texts of a learner, in the file or in a backup of it; each is whole."""

    def __init__(self, work, path, others):
        self.file, self.others = work.root / path, others
        self.backups = (work.state / "backups" / path).parent
        self.backed_up = {}  # name -> number

    def check(self, acknowledged):
        known = {*self.backed_up}
        copies = {copy.name: copy for copy in self.backups.glob("[!.]*")}
        assert known <= {*copies}, "a backup is gone"
        self.backed_up |= {name: self.number(copies[name]) for name in {*copies} - known}
        assert acknowledged <= {self.number(self.file), *self.backed_up.values()}, "what a learner had written is gone"

    def number(self, file):
        text = file.read_text()
        found = re.fullmatch(rf"# the learner's, (\d+)\n{LONG}", text)
        assert found or text in self.others, f"{file} is half-written"
        return int(found[1]) if found else None


def unfinished(work):
    return list(work.root.rglob(".*.part"))


@forked
def test_nothing_is_lost_if_reset_is_killed(work):
    def write_and_reset(i, done):
        write(work.file(NORMS), f"# the learner's, {i}\n{LONG}", durable=False)
        done()
        reset(work, NORMS)

    kept = Kept(work, NORMS.file, {NORMS.stub})
    for acknowledged in kill_again_and_again(write_and_reset, seed=1):
        kept.check(acknowledged)
        json.loads((work.state / "laid_out.json").read_text())
    assert len(kept.backed_up) > KILLS / 4, "it was killed too soon to have done much"
    reset(work, NORMS)
    assert work.file(NORMS).read_text() == NORMS.stub
    assert not unfinished(work)


@forked
def test_nothing_is_lost_if_init_is_killed(work, upstream):
    stubs = {exercise: [exercise.stub, exercise.stub.replace("## Idea", "## The idea")] for exercise in (NORMS, PCA)}
    tests = [(work.root / PCA.tests).read_text() + f"# version {i}\n" for i in range(2)]
    mine = edit(work.file(NORMS))

    def change_and_init(i, done):
        for exercise, versions in stubs.items():
            vars(exercise)["stub"] = versions[i % 2]
        write(upstream.folder / PCA.tests, tests[i % 2], durable=False)
        write(work.root / PCA.tests, f"# the learner's, {i}\n{LONG}", durable=False)
        done()
        list(init(work.root))

    kept = Kept(work, PCA.tests, {*tests, (work.root / PCA.tests).read_text()})
    for acknowledged in kill_again_and_again(change_and_init, seed=2):
        kept.check(acknowledged)
        assert work.file(NORMS).read_text() == mine
        assert work.file(PCA).read_text() in stubs[PCA]
        if (beside := work.root / "exercises/linalg/norms.new.py").exists():
            assert beside.read_text() in stubs[NORMS]
        json.loads((work.state / "laid_out.json").read_text())
        tomllib.loads((work.root / "pyproject.toml").read_text())
    assert len(kept.backed_up) > KILLS / 4, "it was killed too soon to have done much"
    again(work)
    assert work.file(NORMS).read_text() == mine
    assert work.file(PCA).read_text() == PCA.stub
    assert not unfinished(work)


@forked
def test_progress_that_was_acknowledged_is_there_if_one_of_two_processes_is_killed(work, capsys):
    def passes(i, done):
        write(work.root / NORMS.tests, f"x = {i}\n", durable=False)
        record_pass(work, NORMS)
        record_hint(work, NORMS, "part", i)
        done()
        time.sleep(0.002)  # let the other one have its turn

    def hints(i, done):
        record_hint(work, PCA, "part", i)
        done()
        time.sleep(0.002)

    rng = random.Random(3)
    does, last = {NORMS.id: passes, PCA.id: hints}, {NORMS.id: 0, PCA.id: 0}
    victims = {id_: Victim(does[id_], start=1) for id_ in does}
    for i in range(KILLS):
        id_ = [*does][i % 2]
        time.sleep(rng.uniform(0.002, 0.03))
        last[id_] = max(victims[id_].kill())
        found = load(work)
        for each, tier in last.items():
            assert found.hints.get(each, {}).get("part", 0) >= tier
        assert last[NORMS.id] == 0 or NORMS.id in found.passed
        victims[id_] = Victim(does[id_], start=last[id_] + 1)
    for victim in victims.values():
        victim.kill()
    assert min(last.values()) >= KILLS / 2, "they were killed too soon to have done much"
    assert capsys.readouterr().err == "", "a broken file was put aside"
    reset(work, NORMS)
    assert not list(work.state.rglob(".*.part"))
