"""The comparison that the shared tests use."""

import doctest

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


def test_its_examples_run():
    assert doctest.testmod(mlpath.testing._compare).failed == 0
