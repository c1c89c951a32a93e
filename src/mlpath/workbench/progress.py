"""What a learner has passed, and which hints were shown: one small file, `.mlpath/progress.json`.

It is written whole or not at all, by one process at a time. Whether an exercise is started is not in it: the learner's
file says so.
"""

import ast
import hashlib
import io
import sys
import tokenize
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

import mlpath
from mlpath.workbench.curriculum import Exercise, exercises
from mlpath.workbench.stubs import is_untouched, parts
from mlpath.workbench.workspace import Workspace, WorkspaceError, locked, write

FORMAT = 1
State = Literal["passed", "passed an earlier version", "started", "not started"]


class Pass(msgspec.Struct):
    """When an exercise was passed, and by which tests."""

    tests: str
    """The stamp of the tests."""
    when: str
    version: str
    """Of mlpath."""
    text: str = ""
    """A hash of the tests' text: while it is the same, the stamp need not be computed."""


class Progress(msgspec.Struct):
    """What `.mlpath/progress.json` holds."""

    format: int = FORMAT
    passed: dict[str, Pass] = {}
    """By the IDs of exercises."""
    hints: dict[str, dict[str, int]] = {}
    """By ID and part: the highest tier shown."""


def load(workspace: Workspace) -> Progress:
    """Return the progress; a file that can't be read is put aside, which is said, and the progress is empty then.

    Examples
    --------
    >>> load(Workspace(Path("a workspace without progress")))
    Progress(format=1, passed={}, hints={})
    """
    try:
        return _read(workspace)
    except (msgspec.DecodeError, UnicodeDecodeError):
        with locked(workspace):
            return _read_or_put_aside(workspace)


def record_pass(workspace: Workspace, exercise: Exercise) -> None:
    """Remember that the learner's file has passed the tests as they are now."""
    text = _text_hash(_tests(workspace, exercise))
    known = load(workspace).passed.get(exercise.id)
    if known is not None and known.text == text:
        return
    passed = Pass(stamp(workspace, exercise), _now(), mlpath.__version__, text)

    def record(progress: Progress) -> None:
        before = progress.passed.get(exercise.id)
        if before is None or before.tests != passed.tests:
            progress.passed[exercise.id] = passed
        else:
            before.text = passed.text

    _change(workspace, record)


def record_hint(workspace: Workspace, exercise: Exercise, part: str, tier: int) -> None:
    """Remember that the hint of this tier was shown."""

    def record(progress: Progress) -> None:
        shown = progress.hints.setdefault(exercise.id, {})
        shown[part] = max(tier, shown.get(part, 0))

    _change(workspace, record)


def forget(workspace: Workspace, exercise: Exercise) -> None:
    """Forget the pass and the hints of an exercise, which is begun anew."""

    def record(progress: Progress) -> None:
        progress.passed.pop(exercise.id, None)
        progress.hints.pop(exercise.id, None)

    _change(workspace, record)


def restamp(workspace: Workspace) -> None:
    """Note the new texts of tests that mean what they meant: whoever asks for states need not compute stamps then."""

    def record(progress: Progress) -> None:
        for id_, passed in progress.passed.items():
            if id_ in exercises() and (file := _tests(workspace, exercises()[id_])).exists():
                text = _text_hash(file)
                if passed.text != text and passed.tests == stamp(workspace, exercises()[id_]):
                    passed.text = text

    _change(workspace, record)


def stamp(workspace: Workspace, exercise: Exercise) -> str:
    """Return a hash of what the tests do: another one when they are changed, but not when only their comments are."""
    source = _tests(workspace, exercise).read_text(encoding="utf-8")
    return hashlib.sha256(code(source).encode()).hexdigest()[:16]


def state(workspace: Workspace, exercise: Exercise, progress: Progress) -> State:
    """Return how far the learner is with an exercise; no test is run."""
    if passed := progress.passed.get(exercise.id):
        tests = _tests(workspace, exercise)
        try:
            same = passed.text == _text_hash(tests) or passed.tests == stamp(workspace, exercise)
        except (OSError, ValueError, SyntaxError):  # the tests are gone or broken: that is no fault of the learner's
            same = True
        return "passed" if same else "passed an earlier version"
    return "started" if is_started(workspace, exercise) else "not started"


def is_started(workspace: Workspace, exercise: Exercise) -> bool:
    """Whether a hole of the learner's file has been filled; comments and imports alone are no start."""
    try:
        text = workspace.file(exercise).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    if is_untouched(text) or text == exercise.stub:
        return False
    try:
        return parts(text).keys() != exercise.holes.keys()
    except (SyntaxError, ValueError):  # half a line is a start
        return True


def code(source: str) -> str:
    r"""Return a text without docstrings, comments and blank lines: what it does, in the same words for every Python.

    Examples
    --------
    >>> code("# A comment.\nx = 1  # another\n")
    'x = 1'
    """
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            first, last = node.body[0].lineno, node.body[0].end_lineno or 0
            lines[first - 1 : last] = [""] * (last - first + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


# ------------------------------------------------------------------- the file


def _file(workspace: Workspace) -> Path:
    return workspace.state / "progress.json"


def _change(workspace: Workspace, record: Callable[[Progress], None]) -> None:
    """Read the progress, change it and write it, while nobody else does."""
    with locked(workspace):
        progress = _read_or_put_aside(workspace)
        before = msgspec.json.encode(progress)
        record(progress)
        after = msgspec.json.encode(progress)
        if after != before:
            write(_file(workspace), msgspec.json.format(after, indent=1) + b"\n")


def _read(workspace: Workspace) -> Progress:
    try:
        progress = msgspec.json.decode(_file(workspace).read_bytes(), type=Progress)
    except FileNotFoundError:
        return Progress()
    if progress.format > FORMAT:
        raise WorkspaceError(f"{_file(workspace)} was written by a newer mlpath: pip install --upgrade mlpath")
    return progress


def _read_or_put_aside(workspace: Workspace) -> Progress:
    try:
        return _read(workspace)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        file = _file(workspace)
        aside = file.with_name(f"progress.broken-{datetime.now():%Y%m%d-%H%M%S-%f}.json")
        file.replace(aside)
        print(f"{file} could not be read ({error}); it is {aside.name} now, and a new one is begun", file=sys.stderr)
        return Progress()


def _tests(workspace: Workspace, exercise: Exercise) -> Path:
    return workspace.root / exercise.tests


def _text_hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
