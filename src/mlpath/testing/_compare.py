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
        raise AssertionError(
            f"{call} returned shape {got.shape}:{_show(got)}\n{source}: shape {want.shape}:{_show(want)}"
        )
    close = np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True)
    if close.all():
        return
    message = f"{call} returned{_show(got)}\n{source}:{_show(want)}"
    if want.ndim:
        worst = np.unravel_index(np.argmax(np.where(close, -1, np.nan_to_num(abs(got - want), nan=np.inf))), want.shape)
        at = ", ".join(map(str, worst))
        share = f"{np.count_nonzero(~close)} of {want.size} entries differ"
        message += f"\n{share}, most at [{at}]: {got[worst]:.6g} instead of {want[worst]:.6g}"
    raise AssertionError(message)


def _array(value: Any) -> np.ndarray | None:
    """`value` as a NumPy array of numbers, or None where it is no such thing."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    try:
        array = np.asarray(value)
    except ValueError:  # a ragged list
        return None
    return array if array.dtype.kind in "biufc" else None


def _show(array: np.ndarray) -> str:
    if array.ndim == 0:
        return f" {array.item()!r}"
    text = np.array2string(array, precision=6, threshold=24, edgeitems=3, max_line_width=100)
    return f" {text}" if array.ndim == 1 else f"\n{text}"
