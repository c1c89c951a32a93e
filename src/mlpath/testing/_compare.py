"""The one comparison of numbers that the shared tests use."""

from typing import Any

import numpy as np


def assert_close(
    actual: Any, expected: Any, call: str, because: str = "", *, rtol: float = 1e-9, atol: float = 0.0
) -> None:
    """Fail unless `actual` has the shape of `expected` and `|actual - expected| <= atol + rtol * |expected|`.

    Parameters
    ----------
    actual, expected : array_like or torch.Tensor
        What the learner's code returned, and what it should have.
    call : str
        What was called, as the learner would write it: `"lp_norm([3, 4], p=2)"`.
    because : str
        Where the expected value comes from: `"equation (3)"`. Read after 'expected by'.
    rtol, atol : float
        The tolerance. NaN equals NaN, and an infinity equals itself.

    Raises
    ------
    AssertionError
        With a message in words.

    Examples
    --------
    >>> assert_close(5.0, 5.0, "norm([3, 4])", "equation (1)")
    >>> assert_close(7.0, 5.0, "norm([3, 4])", "equation (1)")
    Traceback (most recent call last):
    AssertionError: norm([3, 4]) returned 7.0
    expected by equation (1): 5.0
    """
    got, want = _array(actual), np.asarray(_array(expected))
    source = f"expected by {because}" if because else "expected"
    if got is None:
        raise AssertionError(f"{call} returned {actual!r} ({type(actual).__name__})\n{source}:{_show(want)}")
    if got.shape != want.shape:
        raise AssertionError(f"{call} returned shape {got.shape}\n{source}: shape {want.shape}")
    close = np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True)
    if close.all():
        return
    if not want.ndim:
        raise AssertionError(f"{call} returned{_show(got)}\n{source}:{_show(want)}")
    size = np.where(close, -1, np.nan_to_num(abs(got - want), nan=np.inf))
    worst = _entry(got, want, np.unravel_index(np.argmax(size), want.shape))
    share = f"{np.count_nonzero(~close)} of {want.size} entries"
    if _is_small(want):
        raise AssertionError(f"{call} returned{_show(got)}\n{source}:{_show(want)}\n{share} differ, most{worst}")
    first = "".join(f"\n  first{_entry(got, want, tuple(index))}" for index in np.argwhere(~close)[:3])
    kind = f"{got.dtype} {got.shape}, in which {share} are not as {source}"
    raise AssertionError(f"{call} returned {kind}:{first}\n  worst{worst}")


def _entry(got: np.ndarray, want: np.ndarray, index: tuple[Any, ...]) -> str:
    """One entry of both, with as many digits as it takes to see a difference."""
    digits = 6 if f"{got[index]:.6g}" != f"{want[index]:.6g}" else 17
    return f" at [{', '.join(map(str, index))}]: {got[index]:.{digits}g} instead of {want[index]:.{digits}g}"


def _array(value: Any) -> np.ndarray | None:
    """`value` as a NumPy array of numbers, or None where it is no such thing."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    try:
        array = np.asarray(value)
    except ValueError:  # a ragged list
        return None
    return array if array.dtype.kind in "biufc" else None


def _is_small(array: np.ndarray) -> bool:
    """Whether an array can be shown whole: a vector, or a matrix that fits on the screen."""
    return array.ndim < 2 or (array.ndim == 2 and array.size <= 60)


def _show(array: np.ndarray) -> str:
    if array.ndim == 0:
        return f" {array.item()!r}"
    text = np.array2string(array, precision=6, threshold=24 if array.ndim == 1 else 60, edgeitems=3, max_line_width=100)
    return f" {text}" if array.ndim == 1 else f"\n{text}"
