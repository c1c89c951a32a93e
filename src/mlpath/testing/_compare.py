"""The one comparison of numbers that the shared tests use."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from mlpath.testing._diagnosis import diagnose


def assert_close(
    actual: Any,
    expected: Any,
    call: str,
    because: str = "",
    *,
    rtol: float = 1e-9,
    atol: float = 0.0,
    tolerance: str = "",
) -> None:
    """Fail unless `actual` has the shape of `expected` and `|actual - expected| <= atol + rtol * |expected|`.

    What is made of several arrays is compared part by part: the fields of a dataclass or a named tuple, the values of a
    mapping, the arrays of a tuple.

    Parameters
    ----------
    actual, expected : array_like or torch.Tensor, or a dataclass, mapping or tuple of such
        What the learner's code returned, and what it should have.
    call : str
        What was called, as the learner would write it: `"lp_norm([3, 4], p=2)"`.
    because : str
        Where the expected value comes from: `"equation (3)"`. Read after 'expected by'.
    rtol, atol : float
        The tolerance. NaN equals NaN, and an infinity equals itself.
    tolerance : str
        Why the tolerance is what it is, where that needs a word: `"a float32 has 7 digits"`.

    Raises
    ------
    AssertionError
        With a message in words, and the likely cause where the numbers tell it.

    Examples
    --------
    >>> assert_close(5.0, 5.0, "norm([3, 4])", "equation (1)")
    >>> assert_close(7.0, 5.0, "norm([3, 4])", "equation (1)")
    Traceback (most recent call last):
    AssertionError: norm([3, 4]) returned 7.0
    expected by equation (1): 5.0
    >>> assert_close([2.468, 6.912], [1.234, 3.456], "double(x)")
    Traceback (most recent call last):
    AssertionError: double(x) returned [2.468 6.912]
    expected: [1.234 3.456]
    2 of 2 entries differ, most at [1]: 6.912 instead of 3.456
    Why? Every entry is twice what is expected: is a 1/2 missing, or something counted twice?
    """
    complaint = _complaint(actual, expected, call, f"expected by {because}" if because else "expected", rtol, atol)
    if complaint is not None:
        says, why = complaint
        allowed = f"rtol={rtol:g}" + (f", atol={atol:g}" if atol else "")
        says += f"\nallowed: {allowed}, {tolerance}" if tolerance else ""
        raise AssertionError(says + (f"\nWhy? {why}" if why else ""))


def _complaint(
    actual: Any, expected: Any, call: str, source: str, rtol: float, atol: float
) -> tuple[str, str | None] | None:
    """What differs and why, if that is known; or None where nothing differs."""
    parts, got, want = _parts(expected), _array(actual), _array(expected)
    if parts is not None and (got is None or want is None or isinstance(actual, tuple | list)):
        kind, have = _kind(expected), _parts(actual, of_any=True)
        if have is None or _kind(actual) != kind:
            return f"{call} returned {actual if actual is None else f'a {_kind(actual)}'}\n{source}: a {kind}", None
        if missing := [name for name in parts if name not in have]:
            return f"{call} returned a {kind} without {', '.join(missing)}\n{source}: {', '.join(parts)}", None
        if surplus := [name for name in have if name not in parts]:
            return f"{call} returned a {kind} with {', '.join(surplus)} too many\n{source}: {', '.join(parts)}", None
        told = (_complaint(have[name], parts[name], call + name, source, rtol, atol) for name in parts)
        return next((complaint for complaint in told if complaint), None)
    if want is None:  # a name, a message, None
        same = isinstance(actual, type(expected)) and bool(actual == expected)
        return None if same else (f"{call} returned {actual!r}\n{source}: {expected!r}", None)
    if got is None:
        return f"{call} returned {actual!r} ({type(actual).__name__})\n{source}:{_show(want)}", None
    if got.shape == want.shape:
        close = np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True)
        if close.all():
            return None
        says = _difference(got, want, close, call, source)
    else:
        says = f"{call} returned shape {got.shape}\n{source}: shape {want.shape}"
    return says, diagnose(got, want, rtol=rtol, atol=atol)


def _difference(got: np.ndarray, want: np.ndarray, close: np.ndarray, call: str, source: str) -> str:
    """Where two arrays of one shape differ."""
    if not want.ndim:
        return f"{call} returned{_show(got)}\n{source}:{_show(want)}"
    size = np.where(close, -1, np.nan_to_num(abs(_signed(got) - _signed(want)), nan=np.inf))
    worst = _entry(got, want, np.unravel_index(np.argmax(size), want.shape))
    share = f"{np.count_nonzero(~close)} of {want.size} entries"
    if _is_small(want):
        return f"{call} returned{_show(got)}\n{source}:{_show(want)}\n{share} differ, most{worst}"
    first = "".join(f"\n  first{_entry(got, want, tuple(index))}" for index in np.argwhere(~close)[:3])
    kind = f"{got.dtype} {got.shape}, in which {share} are not as {source}"
    return f"{call} returned {kind}:{first}\n  worst{worst}"


def _parts(value: Any, *, of_any: bool = False) -> dict[str, Any] | None:
    """What `value` is made of, by the words that get it: `.mean_`, `["mean"]`, `[0]`. None for what is one array.

    A tuple of numbers and a list of equal arrays are one array, unless `of_any`.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f".{field.name}": getattr(value, field.name) for field in dataclasses.fields(value) if field.compare}
    if isinstance(value, Mapping):
        return {f'["{key}"]' if isinstance(key, str) else f"[{key!r}]": item for key, item in value.items()}
    if isinstance(value, tuple) and (names := getattr(value, "_fields", None)):
        return {f".{name}": getattr(value, name) for name in names}
    if isinstance(value, tuple | list):
        of_arrays = isinstance(value, tuple) and any(_parts(item) or getattr(item, "ndim", 0) for item in value)
        if of_any or of_arrays or _array(value) is None:
            return {f"[{i}]": item for i, item in enumerate(value)}
    return None


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "mapping"
    # The class is told by its name: a learner's file has its own copy of each.
    return "tuple" if isinstance(value, list) else type(value).__name__


def _entry(got: np.ndarray, want: np.ndarray, index: tuple[Any, ...]) -> str:
    """One entry of both, with as many digits as it takes to see a difference."""
    mine, right = _signed(got)[index], _signed(want)[index]
    digits = 6 if f"{mine:.6g}" != f"{right:.6g}" else 17
    return f" at [{', '.join(map(str, index))}]: {mine:.{digits}g} instead of {right:.{digits}g}"


def _signed(array: np.ndarray) -> np.ndarray:
    """Booleans and unsigned integers as numbers that can be subtracted."""
    return array.astype(float) if array.dtype.kind in "bu" else array


def plain(value: Any) -> Any:
    """Return `value`, or the NumPy array of a tensor."""
    if not hasattr(value, "detach"):
        return value
    value = value.detach().cpu()
    return (value.float() if str(value.dtype) == "torch.bfloat16" else value.resolve_conj().resolve_neg()).numpy()


def _array(value: Any) -> np.ndarray | None:
    """`value` as a NumPy array of numbers, or None where it is no such thing."""
    try:
        array = np.asarray(plain(value))
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
