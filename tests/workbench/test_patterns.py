"""Known mistakes are recognised by what fails, and with which values; in doubt, none is named."""

import pytest

from mlpath.workbench.patterns import alike, fingerprint, is_telling, pattern, recognise, steady
from mlpath.workbench.scoreboard import in_common

TESTS = [f"test_{i}" for i in range(12)]


def names(known, *run, nearly=False):
    """The names of the patterns that fit a run."""
    return [list(known)[i] for i in recognise(list(known.values()), TESTS, *run, nearly=nearly)]


def failing(**said):
    """A run of all tests in which some fail."""
    return {test: "failed" if test in said else "passed" for test in TESTS}, said


def patterns(**mistakes):
    return {name: pattern(TESTS, list(said), said) for name, said in mistakes.items()}


def error(text):
    return fingerprint(AssertionError(text))


def test_the_words_count_exactly_and_the_numbers_to_three_digits():
    said = error("f([1, 2]) returned [0.5 1.25]\nexpected by equation (3): [1.  2.5]")
    assert alike(said, error("f([1, 2]) returned [0.5001  1.25]\nexpected by equation (3): [1.  2.5]"))
    assert not alike(said, error("f([1, 2]) returned [0.51 1.25]\nexpected by equation (3): [1.  2.5]"))
    assert not alike(said, error("g([1, 2]) returned [0.5 1.25]\nexpected by equation (3): [1.  2.5]"))
    assert not alike(said, error("f([1, 2]) returned [0.5 1.25 3]\nexpected by equation (3): [1.  2.5]"))


def test_what_another_machine_says_otherwise_is_left_out():
    here = {"a": error("returned 0.512"), "b": error("returned 0.731"), "c": error("returned 0.25")}
    there = {"a": error("returned 0.512"), "b": error("returned 0.377")}
    assert steady(here, there).keys() == {"a", "c"}


def test_the_form_of_numbers_does_not_count():
    assert alike(error("returned [1.e+00 0.e+00 nan]"), error("returned [ 1.     1e-17  nan]"))
    assert alike(error("returned -inf"), error("returned  -inf"))
    assert not alike(error("returned inf"), error("returned -inf"))


def test_a_number_at_the_end_of_a_sentence_is_read():
    assert fingerprint(AssertionError("f returned 1e-150. It should be 2.5.")).split()[1:] == ["1e-150", "2.5"]


def test_numbers_within_names_are_words():
    assert not alike(error("float32 (3,)"), error("float64 (3,)"))


def test_the_analysis_of_pytest_does_not_count():
    assert alike(error("f() returned 3\nassert 3 == 4"), error("f() returned 3\nassert (1 + 2) == 4"))


def test_of_other_errors_only_the_kind_counts():
    assert fingerprint(IndexError("index 3 is out of bounds")) == fingerprint(IndexError("list index out of range"))
    assert fingerprint(IndexError()) != fingerprint(ValueError())


def test_a_run_that_fails_the_same_with_the_same_values_is_recognised():
    known = patterns(ddof={"test_1": error("1.5"), "test_4": error("3")}, sign={"test_1": error("-1"), "test_4": "x"})
    assert names(known, *failing(test_1=error("1.5"), test_4=error("3"))) == ["ddof"]
    assert names(known, *failing(test_1=error("1.7"), test_4=error("3"))) == []
    assert names(known, *failing(test_1=error("1.5"))) == []
    assert names(known, *failing(test_1=error("1.5"), test_4=error("3"), test_5="x")) == []
    assert names(known, *failing()) == []


@pytest.mark.parametrize("outcome", ["not written yet", "skipped", "not run", None])
def test_tests_that_could_not_run_do_not_count(outcome):
    known = patterns(ddof={"test_1": error("1.5"), "test_4": error("3")}, other={"test_4": error("3")})
    outcomes, said = failing(test_1=error("1.5"))
    if outcome is None:
        del outcomes["test_4"]
    else:
        outcomes["test_4"] = outcome
    assert names(known, outcomes, said) == ["ddof"]


def test_mistakes_that_look_alike_are_all_returned():
    known = patterns(one={"test_1": error("1.5"), "test_4": "x"}, two={"test_1": error("1.5")})
    outcomes, said = failing(test_1=error("1.5"))
    del outcomes["test_4"]
    assert names(known, outcomes, said) == ["one", "two"]


def test_only_the_first_values_of_many_failures_are_kept():
    said = {test: error("1") for test in TESTS}
    known = pattern(TESTS, TESTS, said)
    assert known.numbers() == set(range(12))
    assert set(known.said) == set(range(6))
    assert known.is_like(pattern(TESTS, TESTS, said))
    assert not known.is_like(pattern(TESTS, TESTS[:-1], said))


def test_what_failures_tell_is_passed_on_if_most_tell_the_same():
    assert in_common(["", "It is 90/89 of it.", "", "It is 25/24 of it."]) == "It is 90/89 of it."
    assert in_common(["Some.", "It is 90/89 of it.", "It is 25/24 of it."]) == "It is 90/89 of it."
    assert in_common(["", "It is 90/89 of it.", "The rows are reversed."]) is None
    assert in_common(["", "It is 90/89 of it."]) is None
    assert in_common(["All is right but the last row.", "All is right but the last row."]) is None
    assert in_common(["", ""]) is None


def test_zeros_and_ones_tell_nothing():
    assert is_telling({3: error("0.125 and 33.64")})
    assert is_telling({3: error("0.125"), 4: error("1.25e-7")})
    assert not is_telling({3: error("0.125 and 0.5, 1.0, 0.0, -10.0, 0.10")})
    assert not is_telling({3: "IndexError", 4: "chance"})


FIRST, SECOND = "f() returned {}\nexpected by equation (3): 2.345", "g() returned {}\nexpected: 6.789"


def saying(f, g, tests=("test_1", "test_2", "test_3", "test_4", "test_5")):
    """Failures with these values in the first two tests, and none in the others."""
    return {test: error(text) for test, text in zip(tests, (FIRST.format(f), SECOND.format(g), "a", "b", "c"))}


def test_a_run_that_fails_a_little_more_or_less_with_the_same_values_is_nearly_the_same():
    known = patterns(helper=saying(1.234, 5.678), other=saying(1.111, 5.555))
    less = failing(**saying(1.234, 5.678, ("test_1", "test_2", "test_3")))
    assert names(known, *less) == []
    assert names(known, *less, nearly=True) == ["helper"]
    more = failing(**saying(1.234, 5.678), test_7=error("x"), test_8="ValueError")
    assert names(known, *more, nearly=True) == ["helper"]


@pytest.mark.parametrize(
    ("why", "run"),
    [
        ("other values", saying(1.234, 5.679 * 2)),
        ("too few of the same tests", saying(1.234, 5.678, ("test_1", "test_2"))),
        ("each fails what the other does not", saying(1.234, 5.678, ("test_1", "test_2", "test_3", "test_4")) | {"test_9": "a"}),
        ("another first failure", {"test_0": error("z")} | saying(1.234, 5.678)),
    ],
)  # fmt: skip
def test_what_is_less_than_nearly_the_same_is_not_recognised(why, run):
    known = patterns(helper=saying(1.234, 5.678), other=saying(1.111, 5.555))
    assert names(known, *failing(**run), nearly=True) == [], why


def test_expected_values_are_no_evidence():
    """That both runs were told to expect 2.345 and 6.789 says nothing about what came back."""
    known = patterns(helper=saying(0, 1), other=saying(1, 0))
    assert names(known, *failing(**saying(0, 1)), nearly=True) == []
