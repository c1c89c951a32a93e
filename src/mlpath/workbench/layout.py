"""Lay out a new exercise: every file that it needs, saying what belongs there, so that the check names what is missing."""

import re
from pathlib import Path

from mlpath.workbench.curriculum import CurriculumError, Exercise

ID = re.compile(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)+")

INIT = '''"""{room}: the references, and their notes."""

from mlpath._lazy import submodules

__getattr__, __dir__ = submodules(__name__, __path__)
'''
REFERENCE = '''r"""{title}: what it is for, in one line.

## Idea

## Maths

$$y = x. \\tag{{1}}$$

## Worked example

## Plan

- `first` returns (1).

## Pitfalls

## Cost

## Go further

## References
"""

import numpy as np
from jaxtyping import Float


def first(x: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Return the first part, equation (1).

    Parameters
    ----------
    x : ndarray
        What it is, with its unit.

    Returns
    -------
    ndarray
        What comes back.

    Raises
    ------
    ValueError
        If `x` is empty.

    Examples
    --------
    >>> first(np.array([1.0, 2.0]))
    array([1., 2.])
    """
    # given: the check
    if not x.size:
        raise ValueError(f"x must not be empty, got shape {{x.shape}}")
    # yours
    return x.copy()
'''
METADATA = '''title = "{title}"
difficulty = 1  # 1 to 5
minutes = 60
needs = []
without = []
after = """
"""

[hints.first]
nudge = ""
idea = ""
nearly = ""

[[questions]]
kind = "predict"
ask = ""
answer = ""

[[questions]]
kind = "why"
ask = ""
answer = ""

[[questions]]
kind = "what if"
ask = ""
answer = ""

[[mistakes]]
name = "returns-its-argument"
replace = "x.copy()"
by = "x"
says = ""

[[mistakes]]
name = "second"
replace = ""
by = ""
says = ""

[[mistakes]]
name = "third"
replace = ""
by = ""
says = ""
'''
TESTS = '''"""Shared tests of {id}: run on the reference, and on the learner's file.

Where the tolerances come from.
"""

import numpy as np
import pytest

from {module} import first
from mlpath.testing import assert_close


def test_first_does_what_equation_1_says():
    x = np.array([3.0, -1.0, 7.0])
    assert_close(first(x), x, f"first({{x}})", "equation (1)")


@pytest.mark.given
def test_first_refuses_nothing():
    with pytest.raises(ValueError, match="x must"):
        first(np.zeros(0))
'''


def lay_out(id_: str, root: Path) -> list[str]:
    """Write the files of a new exercise into the clone at `root`; say what was written, a line each."""
    if not ID.fullmatch(id_):
        raise CurriculumError(f"{id_!r} is no ID: it should be ROOM/NAME in small letters, digits and underscores")
    if not (root / "src/mlpath/curriculum.toml").exists():
        raise CurriculumError("run this in the root of a clone of mlpath")
    exercise, (room, _, name) = Exercise(id_), id_.rpartition("/")
    words = {"id": id_, "module": exercise.module, "title": name.replace("_", " ").capitalize()}
    files = {
        f"src/mlpath/{id_}.py": REFERENCE.format(**words),
        f"src/mlpath/{id_}.toml": METADATA.format(**words),
        exercise.tests: TESTS.format(**words),
    }
    if there := [file for file in files if (root / file).exists()]:
        raise CurriculumError(f"{there[0]} exists already")
    folder = root / "src/mlpath"
    for floor in room.split("/"):
        folder /= floor
        if not (folder / "__init__.py").exists():
            files[(folder / "__init__.py").relative_to(root).as_posix()] = INIT.format(room=floor.capitalize())
    for file, text in files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text, encoding="utf-8")
    curriculum = root / "src/mlpath/curriculum.toml"
    curriculum.write_text(_listed(curriculum.read_text(encoding="utf-8"), id_, room), encoding="utf-8")
    return [
        *(f"written: {file}" for file in files),
        "added to src/mlpath/curriculum.toml: move it to where a learner should meet it",
        f"when it is written: mlpath dev stubs, then mlpath dev check {id_}",
    ]


def _listed(text: str, id_: str, room: str) -> str:
    """The curriculum with one more exercise: after the last of its room, or in a track of its own."""
    others = list(re.finditer(rf'^(\s*).*"({re.escape(room)}/\w+)",?', text, re.MULTILINE))
    if not others:
        return f'{text.rstrip()}\n\n[[track]]\ntitle = "{room.capitalize()}"\nexercises = ["{id_}"]\n'
    end = others[-1].end(2) + 1
    return f'{text[:end]}, "{id_}"{text[end:]}'
