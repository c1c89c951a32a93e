"""A learner's workspace: a clone of mlpath, or a folder that `mlpath init` has laid out. What is written there is sacred.

Every file is written whole or not at all, and nothing that a learner may have written is replaced before a copy of it is
in `.mlpath/backups/`: at whatever moment a process ends, each byte is in the file or in a backup.
"""

import difflib
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from mlpath.workbench.curriculum import PACKAGE, Exercise, exercises
from mlpath.workbench.stubs import HOLE, is_untouched

PATIENCE = 30.0  # seconds for which to wait for another process
UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}\.part")  # what a process that was ended has left of a file
LINES_SHOWN = 30  # of a difference
RENEWED, COPIED = "renewed", "renewed, and backed up"

PYPROJECT = """\
# Sets up pytest for the exercises. Made by `mlpath init`; add what you like.

[tool.pytest.ini_options]
testpaths = ["exercises"]
addopts = "--import-mode=importlib --strict-markers -p mlpath.workbench.plugin -p no:hypothesispytest -p no:anyio -p no:jaxtyping"
markers = ["given: this test is about code that the learner is given, so it passes on the stub"]
filterwarnings = ["error::DeprecationWarning:mlpath.*"]

[tool.ruff.lint]
ignore = ["F722", "F821"] # what stands in a type such as Float[np.ndarray, "n d"] is a shape, no code
"""

README = """\
# Exercises of mlpath

Each file in `exercises/` begins with a note; below it are the parts for you to write. They are tested by the files in `tests/`.

```
mlpath                   how far you are, and what comes next
mlpath watch             tests the exercise you are at whenever you save it
mlpath hint              a nudge for the part that fails; ask again for more
pytest exercises/        tests all that you have begun
mlpath --help            everything else
```

The generative models, and six exercises of optimisation that train networks, need PyTorch: `pip install 'mlpath[torch]'`.

`pip install --upgrade mlpath`, then `mlpath init .` here, brings what is new. What you have written is never touched; what
must make room is kept in `.mlpath/backups/`.
"""


class WorkspaceError(Exception):
    """Something is wrong with the workspace; the message says what to do."""


@dataclass(frozen=True)
class Workspace:
    """A folder with `exercises/`, `tests/` and a `pyproject.toml` that sets up pytest."""

    root: Path

    @property
    def is_clone(self) -> bool:
        """Whether it is a clone of mlpath, whose stubs `mlpath dev stubs` makes."""
        return (self.root / "src" / "mlpath" / "curriculum.toml").exists()

    @property
    def state(self) -> Path:
        """Where progress and backups live; deleting it loses only these."""
        return self.root / ".mlpath"

    def file(self, exercise: Exercise) -> Path:
        """The learner's file."""
        return self.root / exercise.file


def find_workspace(start: Path | None = None) -> Workspace:
    """Return the workspace that `start`, by default the current folder, is in."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "exercises").is_dir() and (folder / "tests").is_dir() and (folder / "pyproject.toml").is_file():
            return Workspace(folder)
    raise WorkspaceError(f"no exercises here: {start} is in no workspace; make one with  mlpath init FOLDER")


def installed(path: str) -> Path:
    """Return where a file of a clone is that the wheel carries too: one of `tests/`, `gallery/` or `.vscode/`."""
    carried = PACKAGE / "workbench" / "shared"
    return (carried if carried.is_dir() else PACKAGE.parents[1]) / path


# -------------------------------------------------------------------- writing


def write(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Write a whole file or nothing: whoever reads it, at any moment, finds the old content or the new one.

    It outlasts a power cut too if it is `durable`, which costs some milliseconds: what can be made again need not be.
    """
    path = Path(os.path.realpath(path))  # a link stays one
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, part)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def back_up(workspace: Workspace, path: Path) -> Path:
    """Copy a file of the workspace to `.mlpath/backups/`, under the time of day, and return the copy."""
    folder = workspace.state / "backups" / path.relative_to(workspace.root).parent
    while True:
        copy = folder / f"{path.stem}.{datetime.now():%Y%m%d-%H%M%S-%f}{path.suffix}"
        if not copy.exists():
            write(copy, path.read_bytes())
            return copy


@contextmanager
def locked(workspace: Workspace) -> Iterator[None]:
    """Be the only process that changes what mlpath keeps in the workspace; not to be entered twice."""
    from filelock import FileLock, Timeout

    lock = FileLock(workspace.state / "lock")
    try:
        workspace.state.mkdir(parents=True, exist_ok=True)
        with lock.acquire(timeout=PATIENCE, poll_interval=0.01):
            yield
    except Timeout:
        raise WorkspaceError(f"another mlpath is at work in {workspace.root}, and does not come to an end") from None
    except OSError as error:
        raise WorkspaceError(f"{error.filename or workspace.root}: {error.strerror or error}") from None


def reset(workspace: Workspace, exercise: Exercise) -> str:
    """Put the stub in the place of the learner's file, forget pass and hints, and say where the copy is."""
    from mlpath.workbench.progress import forget

    path, stub = exercise.file, exercise.stub
    file = workspace.file(exercise)
    with locked(workspace):
        _sweep(file.parent, workspace.state)
        if not file.exists():
            said = f"{path} was missing, and is there again."
        elif _is_same(file.read_bytes(), stub):
            said = f"{path} is as it was: nothing had been written in it."
        else:
            copy = back_up(workspace, file)
            said = f"{path} is as it was. What you had written is in {copy.relative_to(workspace.root)}"
        laid_out = LaidOut.load(workspace)
        laid_out.announce(workspace, {path: stub})
        if not file.exists() or not _is_same(file.read_bytes(), stub):
            write(file, stub)
        laid_out.settle(workspace, {path: stub})
    forget(workspace, exercise)
    return said


# ----------------------------------------------------------------- laying out


class LaidOut(msgspec.Struct):
    """What `mlpath init` has laid out, in `.mlpath/laid_out.json`: it tells what a learner has written from what came so.

    Without it, if somebody deletes `.mlpath`, all goes on; only, more is backed up then than need be.
    """

    known: dict[str, list[str]] = {}
    """By path: hashes of all versions laid out, noted before they are."""
    base: dict[str, str] = {}
    """By path: the version that a learner's file began with, or was last shown."""

    @classmethod
    def load(cls, workspace: Workspace) -> "LaidOut":
        """Return what is known; nothing, if that is lost."""
        try:
            return msgspec.json.decode((workspace.state / "laid_out.json").read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return cls()

    def is_ours(self, path: str, content: bytes) -> bool:
        """Whether a file is, byte for byte, as some version has laid it out."""
        return _hash(content) in self.known.get(path, ())

    def announce(self, workspace: Workspace, files: dict[str, str]) -> None:
        """Note what is about to be written: whenever we are interrupted, no file of ours is taken for the learner's."""
        before = msgspec.json.encode(self)
        for path, text in files.items():
            if (hashed := _hash(text.encode())) not in (hashes := self.known.setdefault(path, [])):
                hashes.append(hashed)
        self._save(workspace, before)

    def settle(self, workspace: Workspace, files: dict[str, str]) -> None:
        """Note what has been written, and said."""
        before = msgspec.json.encode(self)
        self.base |= files
        self._save(workspace, before)

    def _save(self, workspace: Workspace, before: bytes) -> None:
        if (after := msgspec.json.encode(self)) != before:
            write(workspace.state / "laid_out.json", after)


def init(folder: Path) -> Iterator[str]:
    """Lay out the exercises in a folder, or bring one that an older version has laid out up to date; say what was done."""
    from mlpath.workbench.progress import restamp

    workspace = Workspace(folder.resolve())
    _refuse(workspace)
    is_new = not (workspace.root / "exercises").exists()
    with locked(workspace):
        _sweep(*(workspace.root / name for name in ("exercises", "tests", ".vscode", ".mlpath")))
        said = list(_lay_out(workspace))
    if is_new:
        yield f"{len(exercises())} exercises and their tests are laid out. Go on with:"
        if workspace.root != Path.cwd():
            yield f"  cd {folder}"
        yield "  mlpath"
        return
    restamp(workspace)
    yield from said or ["Nothing is new, and all is in its place."]


def _refuse(workspace: Workspace) -> None:
    """Raise a WorkspaceError where a workspace would do harm, or could not work."""
    root, settings = workspace.root, workspace.root / "pyproject.toml"
    if root.exists() and not root.is_dir():
        raise WorkspaceError(f"{root} is a file: name a folder, which may be new")
    if workspace.is_clone:
        raise WorkspaceError(f"{root} is a clone of mlpath, where the exercises are laid out already")
    if settings.exists() and "mlpath.workbench.plugin" not in settings.read_text(encoding="utf-8", errors="replace"):
        raise WorkspaceError(f"{root} holds another project, says its pyproject.toml: name a new folder")


def _lay_out(workspace: Workspace) -> Iterator[str]:
    """Write what is new, and yield what is to be said where something was there before."""
    tests = {exercise.tests: installed(exercise.tests).read_text(encoding="utf-8") for exercise in exercises().values()}
    yours = {"pyproject.toml": PYPROJECT, "README.md": README}
    for name in (".vscode/settings.json", ".vscode/launch.json"):
        if (settings := installed(name)).exists():
            yours[name] = settings.read_text(encoding="utf-8")
    yours |= {exercise.file: exercise.stub for exercise in exercises().values()}

    laid_out = LaidOut.load(workspace)
    laid_out.announce(workspace, tests | yours)
    new = [path for path in yours if not (workspace.root / path).exists()]
    done = {path: _renew_test(workspace, laid_out, path, text) for path, text in tests.items()}
    done |= {path: _renew(workspace, laid_out, path, text) for path, text in yours.items()}
    done |= {path: _take_away(workspace, laid_out, path) for path in laid_out.known if path not in tests | yours}
    laid_out.settle(workspace, yours)

    if new:
        yield f"New: {_listed(new)}"
    if renewed := [path for path, what in done.items() if what == RENEWED]:
        yield f"Renewed: {_listed(renewed)}"
    if copied := [path for path, what in done.items() if what == COPIED]:
        yield f"Renewed, with copies of what was there in .mlpath/backups/: {_listed(copied)}"
    yield from (what for what in done.values() if what not in ("", RENEWED, COPIED))


def _renew_ours(workspace: Workspace, laid_out: LaidOut, path: str, text: str) -> str | None:
    """Write a file that is missing, or as some version has laid it out; return None if somebody has changed it."""
    file = workspace.root / path
    if not file.exists():
        write(file, text, durable=False)
        return ""
    if _is_same(before := file.read_bytes(), text):
        return ""
    if laid_out.is_ours(path, before):
        write(file, text, durable=False)
        return RENEWED
    return None


def _renew_test(workspace: Workspace, laid_out: LaidOut, path: str, text: str) -> str:
    """Write a shared test, which is ours, over whatever is there; say so if that was somebody else's."""
    if (done := _renew_ours(workspace, laid_out, path, text)) is not None:
        return done
    file = workspace.root / path
    copy = back_up(workspace, file)
    write(file, text, durable=False)
    return f"{path} is ours again; it had been changed, and that version is in {copy.relative_to(workspace.root)}"


def _renew(workspace: Workspace, laid_out: LaidOut, path: str, text: str) -> str:
    """Write a file that is the learner's to change, unless it has been changed; what is new is put beside it then."""
    if (done := _renew_ours(workspace, laid_out, path, text)) is not None:
        return done
    file, base = workspace.root / path, laid_out.base.get(path)
    mine = file.read_bytes().decode(errors="replace")
    if base is None and is_untouched(mine):  # it is not known what was laid out, so it may hold a remark
        back_up(workspace, file)
        write(file, text, durable=False)
        return COPIED
    if base == text or (base is None and _rests_on(mine, text)):
        return ""
    beside = file.with_name(f"{file.stem}.new{file.suffix}")
    if beside.exists() and not laid_out.is_ours(path, beside.read_bytes()):
        back_up(workspace, beside)
    write(beside, text, durable=False)
    return "\n".join(
        [
            f"{path} has changed since, and you have written in yours, which is left as it is.",
            f"The new one is beside it, {beside.name}. What has changed:",
            *_difference(mine if base is None else base, text),
            f"Take over what you like, and delete {beside.name}.",
        ]
    )


def _take_away(workspace: Workspace, laid_out: LaidOut, path: str) -> str:
    """Remove what belonged to an exercise that is no more, unless the learner has written in it."""
    file = workspace.root / path
    if not file.exists():
        return ""
    if laid_out.is_ours(path, file.read_bytes()):
        file.unlink()
        return f"{path} is no more, and was removed"
    return f"{path} belongs to no exercise any more; as you have written in it, it is left to you"


def _sweep(*folders: Path) -> None:
    """Remove what processes that were ended have left of files."""
    for folder in folders:
        for file in folder.rglob(".*.part"):
            if UNFINISHED.fullmatch(file.name):
                file.unlink(missing_ok=True)


def _hash(content: bytes) -> str:
    return hashlib.sha256(_plain(content)).hexdigest()[:16]


def _is_same(content: bytes, text: str) -> bool:
    return _plain(content) == text.encode()


def _plain(content: bytes) -> bytes:
    """Return it with the ends of lines that we write, whatever an editor or git has made of them."""
    return content.replace(b"\r\n", b"\n")


def _rests_on(mine: str, stub: str) -> bool:
    """Whether a file has all lines of the stub, in order, but for holes."""
    lines = iter(mine.splitlines())
    return all(line in lines for line in HOLE.sub("", stub).splitlines() if line.strip())


def _difference(old: str, new: str) -> list[str]:
    """Return the lines that differ, with one around them, indented; the first of many."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""))[2:]
    if len(lines) > LINES_SHOWN:
        lines[LINES_SHOWN:] = [f"... and {len(lines) - LINES_SHOWN} lines more"]
    return [f"    {line}" for line in lines]


def _listed(paths: list[str]) -> str:
    return ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
