"""The one check over all exercises: what each must have, and what it must prove."""

from pathlib import Path

import pytest

from mlpath.workbench.check import missing
from mlpath.workbench.curriculum import Exercise, exercises, problems

ROOT = Path(__file__).parents[2]


def test_the_curriculum_is_in_order():
    assert not problems(), "\n".join(problems())


@pytest.mark.parametrize("exercise", exercises().values(), ids=lambda exercise: exercise.id)
def test_exercise_is_complete(exercise: Exercise):
    lacks = missing(exercise, ROOT)
    assert not lacks, f"{exercise.id} lacks:\n" + "\n".join(lacks)


def test_every_stub_belongs_to_an_exercise():
    stubs = {file.relative_to(ROOT).as_posix() for file in (ROOT / "exercises").rglob("*.py")}
    assert stubs == {exercise.file for exercise in exercises().values()}
