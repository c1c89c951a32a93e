"""The curriculum's files: what is wrong with one is said in a line that names the file and the key."""

import pytest

from mlpath.workbench.curriculum import CurriculumError, Exercise, exercises, find, problems, unknown

GOOD = """
title = "A topic"
difficulty = 2
minutes = 45
needs = []
[hints.f]
nudge = "n"
idea = "i"
nearly = "a"
[[questions]]
kind = "predict"
ask = "?"
answer = "!"
[[questions]]
kind = "why"
ask = "?"
answer = "!"
[[questions]]
kind = "what if"
ask = "?"
answer = "!"
[[mistakes]]
name = "a"
replace = "x"
by = "y"
says = "s"
[[mistakes]]
name = "b"
replace = "x"
by = "y"
says = "s"
[[mistakes]]
name = "c"
replace = "x"
by = "y"
says = "s"
"""


@pytest.fixture
def package(package):
    """A package of one exercise, room/topic."""
    (package / "room").mkdir()
    (package / "room/topic.py").write_text("def f():\n    return 1\n")
    (package / "room/topic.toml").write_text(GOOD)
    (package / "curriculum.toml").write_text('[[track]]\ntitle = "T"\nexercises = ["room/topic"]\n')
    return package


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "A topic"', "", "room/topic.toml: Object missing required field `title`"),
        ("difficulty = 2", "difficulty = 7", "room/topic.toml: Expected `int` <= 5 - at `$.difficulty`"),
        ("minutes = 45", 'minutes = "45"', "room/topic.toml: Expected `int`, got `str` - at `$.minutes`"),
        ("minutes = 45", "minutes = 45\nmintues = 3", "room/topic.toml: Object contains unknown field `mintues`"),
        ('nearly = "a"\n', "", "room/topic.toml: hints.f: Object missing required field `nearly`"),
        ('kind = "why"', 'kind = "who"', "room/topic.toml: Invalid enum value 'who'"),
        ("minutes = 45", "minutes = = 45", "room/topic.toml: Invalid value (at line 4, column 11)"),
        (
            '[[mistakes]]\nname = "c"\nreplace = "x"\nby = "y"\nsays = "s"\n',
            "",
            "room/topic.toml: Expected `array` of length >= 3",
        ),
    ],
)
def test_a_broken_toml_is_told_in_one_line(package, old, new, said):
    (package / "room/topic.toml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(CurriculumError) as caught:
        _ = Exercise("room/topic").details
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert problems() == [str(caught.value)]


def test_a_good_package_has_no_problems(package):
    assert problems() == []
    assert Exercise("room/topic").parts == ["f"]


def test_what_is_listed_must_be_there_once_and_in_order(package):
    (package / "room/later.py").write_text("def f():\n    return 1\n")
    (package / "room/later.toml").write_text(GOOD.replace("needs = []", 'needs = ["room/topic", "room/none"]'))
    (package / "room/lost.toml").write_text(GOOD)
    ids = '["room/later", "room/topic", "room/topic", "room/ghost"]'
    (package / "curriculum.toml").write_text(f'[[track]]\ntitle = "T"\nexercises = {ids}\n')
    assert problems() == [
        "curriculum.toml: room/topic is listed twice",
        "room/later.toml: needs room/topic, which the curriculum puts after it",
        "room/later.toml: needs 'room/none', which is no exercise of the curriculum",
        "curriculum.toml: room/ghost has no reference src/mlpath/room/ghost.py",
        "room/lost.toml: the exercise is in no track of curriculum.toml",
    ]


def test_a_short_name_is_enough_where_it_is_unique():
    assert find("norms").id == "linalg/norms"
    assert find("linalg/norms") is exercises()["linalg/norms"]
    with pytest.raises(CurriculumError, match="there is no exercise 'linalg/nroms'; did you mean linalg/norms"):
        find("linalg/nroms")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("nrms", "linalg/norms"),
        ("PCA", "linalg/pca"),
        ("linear/pca", "linalg/pca"),
        ("optim/natural", "optim/natural_gradient"),
        ("momentun", "optim/momentum"),
        ("exercises/linalg/pca.py", "linalg/pca"),
        ("models/generative/ddpm/foward", "models/generative/ddpm/forward"),
        ("linag/nroms", "linalg/norms"),
    ],
)
def test_a_mistyped_id_is_answered_with_the_one_that_is_meant(typed, meant):
    assert unknown(typed) == f"there is no exercise {typed!r}; did you mean {meant}?"


def test_a_folder_is_answered_with_what_is_in_it():
    assert unknown("ddpm").endswith(
        "did you mean models/generative/ddpm/forward, models/generative/ddpm/parameterization "
        "or models/generative/ddpm/posterior?"
    )


def test_of_equal_names_those_nearest_to_what_was_typed_come_first(package, forget):
    ids = [f"{room}/evaluation" for room in ("agents", "language", "rag", "systems", "trust")]
    (package / "curriculum.toml").write_text(f'[[track]]\ntitle = "T"\nexercises = {ids}\n')
    forget()
    assert "did you mean trust/evaluation, " in unknown("trsut/evaluation")
    assert unknown("evaluation").count("/evaluation") == 3


def test_what_resembles_nothing_is_not_answered_with_a_guess():
    assert unknown("quantum_gravity") == "there is no exercise 'quantum_gravity'"
    assert unknown("") == "there is no exercise ''"
