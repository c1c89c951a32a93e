"""The comparison that the shared tests use."""

import doctest
from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field

import hypothesis.extra.numpy as npst
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import mlpath.testing._compare
from mlpath.testing import assert_close


def message(*args, **kwargs):
    with pytest.raises(AssertionError) as caught:
        assert_close(*args, **kwargs)
    return str(caught.value)


def test_says_what_was_called_what_came_back_and_what_was_expected():
    said = message([1.0, 2.5], [1.0, 2.0], "f(x)", "equation (3)")
    assert said.splitlines() == [
        "f(x) returned [1.  2.5]",
        "expected by equation (3): [1. 2.]",
        "1 of 2 entries differ, most at [1]: 2.5 instead of 2",
    ]


def test_large_arrays_are_told_by_their_first_and_their_worst_entries():
    wrong = np.zeros((4, 5, 6))
    wrong[1, 2, 3], wrong[3, 0, 1] = 0.5, 7.0
    assert message(wrong, np.zeros((4, 5, 6)), "f(x)", "equation (3)").splitlines() == [
        "f(x) returned float64 (4, 5, 6), in which 2 of 120 entries are not as expected by equation (3):",
        "  first at [1, 2, 3]: 0.5 instead of 0",
        "  first at [3, 0, 1]: 7 instead of 0",
        "  worst at [3, 0, 1]: 7 instead of 0",
    ]


def test_a_small_difference_is_shown_with_enough_digits_to_see_it():
    assert "at [1]: 2.0000000999999998 instead of 2" in message([1.0, 2.0000001], [1.0, 2.0], "f()", rtol=1e-9)


@pytest.mark.parametrize(
    ("actual", "expected"), [(np.ones((3, 1)), np.ones(3)), (1.0, np.ones(2)), (np.ones((2, 3)), np.ones((3, 2)))]
)
def test_shapes_do_not_broadcast(actual, expected):
    assert "shape" in message(actual, expected, "f()")


@pytest.mark.parametrize("actual", [None, "text", [[1, 2], [3]], object()])
def test_what_is_no_array_of_numbers_fails(actual):
    assert type(actual).__name__ in message(actual, np.ones(2), "f()")


def test_equal_infinities_and_nans_are_equal():
    assert_close([np.inf, -np.inf, np.nan, 1], [np.inf, -np.inf, np.nan, 1], "f()")
    assert "most at [0]" in message([np.nan, 1.0], [0.0, 1.0], "f()")


def test_the_tolerance_is_relative_plus_absolute():
    assert_close(1.05, 1.0, "f()", rtol=0.1)
    assert_close(0.05, 0.0, "f()", atol=0.1)
    assert message(1e-3, 0.0, "f()", rtol=1.0)


SHAPES = npst.array_shapes(min_dims=0, max_dims=3, max_side=4)
ARRAYS = npst.arrays(float, SHAPES, elements=st.floats(-1e6, 1e6))


@given(ARRAYS, st.floats(0, 1), st.floats(0, 1), st.floats(-2, 2))
def test_it_agrees_with_numpy_on_what_is_close(expected, rtol, atol, off):
    actual = expected + off * (atol + rtol * abs(expected))
    if np.allclose(actual, expected, rtol=rtol, atol=atol):
        assert_close(actual, expected, "f()", rtol=rtol, atol=atol)
    else:
        assert "f() returned" in message(actual, expected, "f()", rtol=rtol, atol=atol)


@given(ARRAYS, ARRAYS)
def test_every_other_shape_is_refused(actual, expected):
    if actual.shape != expected.shape:
        assert f"expected: shape {expected.shape}" in message(actual, expected, "f()")


def test_tensors_are_compared_too():
    torch = pytest.importorskip("torch")
    assert_close(torch.ones(2, requires_grad=True), np.ones(2), "f()")
    assert message(torch.ones(2), torch.zeros(2), "f()")


def test_the_cause_is_one_more_line_where_the_numbers_tell_it():
    x = np.random.default_rng(0).normal(size=6)
    assert message(-x, x, "f(x)").splitlines()[-1] == "Why? Every sign is flipped."
    assert message(x[:, None], x, "f(x)").splitlines() == [
        "f(x) returned shape (6, 1)",
        "expected: shape (6,)",
        "Why? The numbers are right, but an axis of length 1 is too many.",
    ]
    assert "Why?" not in message(x + x[::-1] ** 2, x, "f(x)")


def test_the_reason_of_the_tolerance_is_told():
    said = message(1.5, 1.0, "f(x)", rtol=1e-4, tolerance="a float32 has 7 digits")
    assert said.splitlines()[-1] == "allowed: rtol=0.0001, a float32 has 7 digits"
    said = message(1.5, 1.0, "f(x)", rtol=0, atol=0.1, tolerance="4 standard errors")
    assert said.splitlines()[-1] == "allowed: rtol=0, atol=0.1, 4 standard errors"
    assert "allowed" not in message(1.5, 1.0, "f(x)", rtol=1e-4)


def test_masks_and_unsigned_integers_are_compared_as_numbers():
    assert_close([True, False], np.array([True, False]), "f()")
    assert "returned [ True False]" in message([True, False], np.array([True, True]), "f()")
    assert "most at [1]: 1 instead of 2" in message(np.array([5, 1], np.uint8), np.array([5, 2], np.uint8), "f()")


@dataclass(frozen=True)
class Fit:
    mean_: object
    parts: object = None
    name: str = "fit"
    seconds: float = field(default=0.0, compare=False)


Pair = namedtuple("Pair", "mean var")
X = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (Fit(X + 1), Fit(X), "f(x).mean_ returned\n"),
        (Fit(X, {"a": 1, "b": X + 1}), Fit(X, {"a": 1, "b": X}), 'f(x).parts["b"] returned\n'),
        (Fit(X, name="other"), Fit(X), "f(x).name returned 'other'\nexpected: 'fit'"),
        (Fit(X, X), Fit(X), "f(x).parts returned array("),
        (Fit(None), Fit(X), "f(x).mean_ returned None (NoneType)"),
        ({"a": X}, Fit(X), "f(x) returned a mapping\nexpected: a Fit"),
        (None, Fit(X), "f(x) returned None\nexpected: a Fit"),
        (Pair(1, 2), Fit(X), "f(x) returned a Pair\nexpected: a Fit"),
        ({"a": X}, {"a": X, "b": X}, 'f(x) returned a mapping without ["b"]\nexpected: ["a"], ["b"]'),
        ({"a": X, "b": X}, {"a": X}, 'f(x) returned a mapping with ["b"] too many\nexpected: ["a"]'),
        ({0: X, 1: X + 1}, {0: X, 1: X}, "f(x)[1] returned\n"),
        ((X, X[0] + 1), (X, X[0]), "f(x)[1] returned [1. 2. 3.]"),
        ([X, X[0] + 1], (X, X[0]), "f(x)[1] returned [1. 2. 3.]"),
        ((X, X + 1), (X, X), "f(x)[1] returned\n"),
        ((X,), (X, X[0]), "f(x) returned a tuple without [1]\nexpected: [0], [1]"),
        ((1.0, 2.0), (X, X), "f(x)[0] returned shape ()"),
        (Pair(1.0, 2.0), Pair(1.0, 3.0), "f(x).var returned 2.0"),
        ([Fit(X), Fit(X + 1)], [Fit(X), Fit(X)], "f(x)[1].mean_ returned"),
        (3.0, {"a": X}, "f(x) returned a float\nexpected: a mapping"),
        (X, (X, X[0]), "f(x) returned a ndarray\nexpected: a tuple"),
    ],
)
def test_what_is_made_of_several_arrays_is_compared_part_by_part(actual, expected, said):
    assert message(actual, expected, "f(x)").startswith(said)
    assert_close(expected, expected, "f(x)")


def test_equal_parts_pass():
    assert_close(Fit(X, {"a": (X, X[0])}, seconds=1), Fit(X + 1e-12, {"a": (X, X[0])}, seconds=2), "f(x)", atol=1e-9)
    assert_close(OrderedDict(b=1, a=2), {"a": 2, "b": 1}, "f(x)")
    assert_close(X, (X[0], X[1]), "f(x)")
    assert_close((0.5, 1.5), [0.5, 1.5], "f(x)")


def test_a_class_is_told_by_its_name_since_a_learners_file_has_its_own():
    own = dataclass(type("Fit", (), {"__annotations__": {"mean_": object, "parts": object, "name": str}}))
    assert_close(own(X, None, "fit"), Fit(X), "f(x)")


def test_the_cause_is_told_of_a_part():
    x = np.random.default_rng(0).normal(size=6)
    assert (
        message(Fit(x, {"w": 2 * x}), Fit(x, {"w": x}), "f(x)").splitlines()[-1].startswith("Why? Every entry is twice")
    )


def test_tensors_of_any_kind_are_compared_too():
    torch = pytest.importorskip("torch")
    assert_close(torch.ones(2, dtype=torch.bfloat16), np.ones(2), "f()")
    assert_close(torch.tensor([1 + 2j]).conj(), [1 - 2j], "f()")
    assert message({"w": torch.ones(2, requires_grad=True)}, {"w": np.zeros(2)}, "f()").startswith(
        'f()["w"] returned [1. 1.]'
    )


def test_its_examples_run():
    assert doctest.testmod(mlpath.testing._compare).failed == 0
