"""The one check over all exercises: what each must have, and what it must prove."""

import doctest
import importlib
import re
from datetime import date
from pathlib import Path

import pytest

from mlpath.workbench.check import changed, missing
from mlpath.workbench.curriculum import Exercise, exercises, problems
from mlpath.workbench.records import table

ROOT = Path(__file__).parents[2]


def test_the_curriculum_is_in_order():
    assert not problems(), "\n".join(problems())


@pytest.mark.parametrize("exercise", exercises().values(), ids=lambda exercise: exercise.id)
def test_exercise_is_complete(exercise: Exercise):
    lacks = missing(exercise, ROOT)
    assert not lacks, f"{exercise.id} lacks:\n" + "\n".join(lacks)


def test_the_proofs_of_one_exercise_a_day_come_out_as_they_are_recorded():
    every, today = list(exercises().values()), date.today().toordinal()
    exercise = every[today % len(every)]
    difference = changed(exercise, ROOT, sample=slice(today % 5, None, 5))
    assert difference is None, f"{difference}: mlpath dev check --fresh {exercise.id}"


def test_the_table_of_proofs_is_up_to_date():
    assert (ROOT / "docs/proofs.md").read_text(encoding="utf-8") == table(), "run mlpath dev check"


def test_every_stub_belongs_to_an_exercise():
    stubs = {file.relative_to(ROOT).as_posix() for file in (ROOT / "exercises").rglob("*.py")}
    assert stubs == {exercise.file for exercise in exercises().values()}


@pytest.mark.parametrize("exercise", exercises().values(), ids=lambda exercise: exercise.id)
def test_the_exercises_that_a_note_names_are_there(exercise: Exercise):
    text = exercise.reference.read_text(encoding="utf-8") + exercise.reference.with_suffix(".toml").read_text(
        encoding="utf-8"
    )
    rooms = "|".join(sorted({id_.partition("/")[0] for id_ in exercises()}))
    for named in re.findall(rf"`((?:{rooms})/[a-z_0-9/]+)`", text):
        assert any(f"{id_}/".startswith(f"{named}/") for id_ in exercises()), (
            f"{exercise.id} names {named}, which is not there"
        )


PRIVATE = sorted((ROOT / "src/mlpath").rglob("_[a-z]*.py"))


@pytest.mark.parametrize("file", PRIVATE, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_examples_of_what_a_room_shares_are_right(file: Path):
    name = ".".join(file.relative_to(ROOT / "src").with_suffix("").parts)
    result = doctest.testmod(importlib.import_module(name))
    assert not result.failed, (
        f"{name}: {result.failed} of {result.attempted} examples fail: pytest --doctest-modules {file}"
    )
