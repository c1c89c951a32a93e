"""A failure in the learner's words: what went wrong, where in the learner's file, and which line of the tests asked."""

import errno
import linecache
import os
import re
import traceback
from pathlib import Path
from types import FrameType

SHOWN_FRAMES = 3
MAX_CHARACTERS = 4000

Place = tuple[FrameType, int]


def explain(error: BaseException, file: Path) -> str:
    """Return a short text about an error that came out of the learner's `file`, or of the tests that called it."""
    if isinstance(error, SyntaxError):
        return f"{_at(error.filename or str(file), error.lineno or 0)}: {type(error).__name__}: {error.msg}\n    {(error.text or '').strip()}"
    if (
        isinstance(error, ImportError)
        and error.path == str(file)
        and (name := re.search(r"import name '(\w+)'", str(error)))
    ):
        return f"{_at(str(file), 1)}: there is no `{name[1]}` in your file any more, and the tests import it"
    places = list(traceback.walk_tb(error.__traceback__))
    mine = [place for place in places if Path(place[0].f_code.co_filename) == file]
    tests = [place for place in places if place[0].f_globals.get("__name__", "").startswith("mlpath_shared_")]
    message, in_words = _message(error)
    lines = [message, *(_line(*place) for place in mine[-SHOWN_FRAMES:])]
    if tests:
        frame, number = tests[-1]
        lines.append(f"  {_at(frame.f_code.co_filename, number)}" if in_words else _line(frame, number))
    lines += [note for note in getattr(error, "__notes__", ()) if note.startswith("Falsifying example")]
    text = "\n".join(lines)
    return text if len(text) < MAX_CHARACTERS else text[:MAX_CHARACTERS] + "\n..."


def why(said: str) -> str:
    """Return the cause that `assert_close` has told from the numbers, or nothing."""
    found = re.search(r"^Why\? (.+)$", said, re.MULTILINE)
    return found[1] if found else ""


def _message(error: BaseException) -> tuple[str, bool]:
    """What the error says, and whether that is a sentence of the tests, which needs no code beside it."""
    text = str(error)
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return "your code printed or wrote more than fits in the tests: is there a print in a loop?", False
    if missing := re.match(r"DID NOT RAISE (?:<class '(?:\w+\.)*(\w+)'>|(\w+))", text):
        return f"expected a {missing[1] or missing[2]}, but none was raised", False
    if isinstance(error, AssertionError):
        sentence = re.split(r"(?:^|\n)assert ", text)[0]  # pytest's own analysis follows the message
        return (sentence, True) if sentence and not sentence.startswith("Regex pattern") else (text, False)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__, False


def _line(frame: FrameType, number: int) -> str:
    """A place with its code; two lines where the first opens `with pytest.raises`."""
    file, name = frame.f_code.co_filename, frame.f_code.co_qualname
    code = linecache.getline(file, number).strip()
    if code.startswith("with "):
        code += "\n        " + linecache.getline(file, number + 1).strip()
    inside = (
        "" if name == "<module>" or frame.f_globals.get("__name__", "").startswith("mlpath_shared_") else f" in {name}"
    )
    return f"  {_at(file, number)}{inside}\n    {code}"


def _at(file: str, line: int) -> str:
    return f"{os.path.relpath(file)}:{line}"
