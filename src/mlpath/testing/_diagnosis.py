"""What may be wrong with an array, told from its numbers and from those expected.

A *suspect* says how the two arrays would be related, had a certain mistake been made. One that fits everywhere, within
the test's own tolerance, is named if that is no accident: the entries that it changes must carry enough significant
digits, distinct values counted once, minus the digits spent on choosing among its variants. So nothing is said about
[1, 2] and [2, 4], nor where two suspects of the same rank fit. Silence is better than a wrong cause.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

ENOUGH = 4.0  # digits: odds of one in ten thousand, for each suspect
MOST_SAMPLES = 1000  # of more, n - 1 for n looks like lost precision
DIGITS_LOST = 3e-6  # where all is right but for so much of the largest entry, some precision is lost
MOST = 10  # digits that one entry can carry
LARGE = 200_000  # entries; in larger arrays only what is quickly seen is looked for


class Guess(NamedTuple):
    """A relation `got == want` that would hold if the sentence were true.

    Where `want` is `right`, which would stand there without the mistake, agreement proves nothing.
    """

    says: str
    got: Array
    want: Array
    right: Array | None = None
    tried: float = 1.0  # how many variants the suspect tries, as log10
    fitted: int = 0  # how many numbers were chosen to fit


Suspect = Callable[[Array, Array], Iterator[Guess]]


def diagnose(actual: Array, expected: Array, *, rtol: float = 1e-9, atol: float = 0.0) -> str | None:
    """The simplest explanation of everything in which `actual` differs from `expected`, or None.

    Examples
    --------
    >>> diagnose(np.array([-1.234, 5.678]), np.array([1.234, -5.678]))
    'Every sign is flipped.'
    >>> diagnose(np.array(-1.0), np.array(1.0)) is None  # one digit is no evidence
    True
    """
    kind = complex if "c" in (actual.dtype.kind, expected.dtype.kind) else float
    got, want = actual.astype(kind), expected.astype(kind)
    if not want.size or not got.size or np.isnan(want).any():
        return None
    with np.errstate(all="ignore"):
        if got.shape == want.shape and (said := _not_finite(got, want, rtol, atol) or _negated(actual, expected)):
            return said
        for rank in () if max(got.size, want.size) > LARGE else RANKS if got.shape == want.shape else SHAPE_RANKS:
            fitting = (guess for suspect in rank for guess in suspect(got, want) if _fits(guess, rtol, atol))
            if digits := {guess.says: n for guess in fitting if (n := _evidence(guess, rtol, atol)) > 0}:
                said, most = digits.popitem()
                return said if most >= ENOUGH and not digits else None
        if got.shape == want.shape:
            close = np.isclose(got, want, rtol, atol)
            seen = _clipped(got, want, close) or _repeated(got, want, rtol, atol) or _wrong_axis(got, want)
            return seen or _precision(got, want, actual.dtype, expected.dtype)
    return None


def _fits(guess: Guess, rtol: float, atol: float) -> bool:
    got, want = guess.got, guess.want
    first, should = got.flat[0], want.flat[0]
    if not (first == should or abs(first - should) <= atol + rtol * abs(should)):
        return False  # quickly
    off = abs(got - want)
    # An infinite tolerance, of an infinite entry, must not let everything pass.
    return bool((((off <= atol + rtol * abs(want)) & np.isfinite(off)) | (got == want)).all())


def _evidence(guess: Guess, rtol: float, atol: float) -> float:
    """How many digits agree that need not."""
    got, want = _reals(guess.got), _reals(guess.want)
    window = abs(want - _reals(guess.right)) if guess.right is not None else np.full(want.shape, np.inf)
    allowed = np.resize(atol + rtol * abs(guess.want).ravel(), want.shape)
    known = np.isfinite(want) & np.isfinite(got) & (want != 0)
    got, want, window, allowed = abs(got[known]), abs(want[known]), window[known], allowed[known]
    # Numbers that agree better than they must are better evidence. Ten times the worst error seen keeps this honest.
    within = np.minimum(allowed, want * (10 * (abs(got - want) / want).max(initial=0) + 10.0**-MOST / 2))
    distinct, last = [], 0.0  # two entries that the tolerance does not tell apart count as one
    order = np.argsort(want)
    for i, value, error in zip(order.tolist(), want[order].tolist(), within[order].tolist()):
        if value - last > 2 * error:
            distinct.append(i)
            last = value
    want, window, within = want[distinct], window[distinct], within[distinct]
    written = np.full(want.shape, float(MOST))
    for n in range(MOST - 1, 0, -1):
        unit = 10 ** (np.floor(np.log10(want)) - n + 1)
        written[abs(np.round(want / unit) * unit - want) <= within] = n
    digits = np.minimum(written, np.log10(np.minimum(window, want) / within / 2)).clip(0, MOST)
    return float(digits.sum() - guess.fitted * digits.max(initial=0) - guess.tried)


def _reals(array: Array) -> Array:
    return np.stack([array.real, array.imag]).ravel() if array.dtype.kind == "c" else array.ravel()


# Suspects of arrays that have the right shape


def _sign(got: Array, want: Array) -> Iterator[Guess]:
    yield Guess("Every sign is flipped.", got, -want, want)
    if want.dtype.kind == "c":
        says = "Every imaginary part has the wrong sign: is a conjugate missing, or too many?"
        yield Guess(says, got, want.conj(), want)
    elif (want > 0).any() and (want < 0).any():
        yield Guess("The sizes are right, but all signs are lost: is it an absolute value?", got, abs(want), want)


def _order(got: Array, want: Array) -> Iterator[Guess]:
    for axes in itertools.permutations(range(want.ndim)) if want.ndim < 5 else ():
        if [want.shape[axis] for axis in axes] == list(want.shape) and list(axes) != sorted(axes):
            yield Guess(_transposed(axes), got, want.transpose(axes), want)
    for axis, n in enumerate(want.shape):
        things = _things(want, axis)
        if n > 1:
            yield Guess(f"The {things} come in reverse order.", got, np.flip(want, axis), want)
        if n > 2:
            head, tail = _cut(axis, None, -1), _cut(axis, 1, None)
            for here, there, when in ((tail, head, "late"), (head, tail, "early")):
                says = f"The {things} come one step too {when}: is an index off by one?"
                yield Guess(says, got[here], want[there], want[here])


def _factor(got: Array, want: Array) -> Iterator[Guess]:
    ratio, told = _ratio(got, want), list[float]()
    for says, factor, tried in _factors(abs(ratio)) if ratio and not ratio.imag else ():
        # The same number by another name, 12 and √144, is no rival.
        if abs(abs(ratio) / factor - 1) < 0.01 and not any(math.isclose(factor, other) for other in told):
            told.append(factor)
            minus = "minus " if ratio.real < 0 else ""
            says = f"{_each(want)} is {minus}{says}"
            yield Guess(says, got, math.copysign(factor, ratio.real) * want, want, tried)


def _factors(ratio: float) -> Iterator[tuple[str, float, float]]:
    """What a ratio may be: in words, exactly, and how many others it might have been, as log10."""
    yield "twice what is expected: is a 1/2 missing, or something counted twice?", 2.0, 1.0
    yield "half of what is expected: is a factor of 2 missing, or a 1/2 too many?", 0.5, 1.0
    for base in (2, 10):
        log, question = math.log(base), "times what is expected: is the logarithm"
        yield f"1 / ln {base} {question} to base {base} where it should be natural?", 1 / log, 1.0
        yield f"ln {base} {question} natural where it should be to base {base}?", log, 1.0
    for name, value in {"π": math.pi, "2π": 2 * math.pi, "√2": 2**0.5, "√(2π)": (2 * math.pi) ** 0.5}.items():
        yield f"{name} times what is expected: is a factor too many?", value, 1.0
        yield f"1 / {name} times what is expected: is a factor missing?", 1 / value, 1.0
    r, square = np.float64(ratio), np.float64(ratio) ** 2
    confused = "is n taken for n - 1 somewhere, or n - 1 for n?"  # above or below the line: that can't be told
    for exact, value, says in (
        (r, lambda n: n, "{n} times what is expected: is a division by {n} missing, as in a sum for a mean?"),
        (1 / r, lambda n: 1 / n, "1/{n} of what is expected: is a division by {n} too many, as in a mean for a sum?"),
        (
            r / (r - 1),
            lambda n: n / (n - 1),
            "{n}/{m} times what is expected, which is n / (n - 1) for n = {n}: " + confused,
        ),
        (
            1 / (1 - r),
            lambda n: 1 - 1 / n,
            "{m}/{n} of what is expected, which is (n - 1) / n for n = {n}: " + confused,
        ),
        (square, lambda n: n**0.5, "√{n} times what is expected: is a division by √{n} missing?"),
        (1 / square, lambda n: n**-0.5, "1/√{n} of what is expected: is it divided by √{n} once too often?"),
        (
            square / (square - 1),
            lambda n: (n / (n - 1)) ** 0.5,
            "√({n}/{m}) times what is expected, which is √(n / (n - 1)) for n = {n}: " + confused,
        ),
        (
            1 / (1 - square),
            lambda n: (1 - 1 / n) ** 0.5,
            "√({m}/{n}) of what is expected, which is √((n - 1) / n) for n = {n}: " + confused,
        ),
    ):
        if 2.5 < exact < (MOST_SAMPLES if confused in says else 1e6):
            n = round(exact)
            # A single number of a case by hand may well be the root of a fraction: of roots, several entries must tell.
            yield says.format(n=n, m=n - 1), value(n), math.log10(8 * n) + (MOST if "√" in says else 0)


def _function(got: Array, want: Array) -> Iterator[Guess]:
    for says, candidate in (
        ("the square of what is expected: is a root missing, as in a variance for a deviation?", want**2),
        ("the root of what is expected: is a square missing, as in a deviation for a variance?", np.sqrt(want)),
        ("1 / x where x is expected: is something divided the wrong way round?", 1 / want),
        ("1 - x where x is expected.", 1 - want),
        ("exp(x) where x is expected: is a logarithm missing?", np.exp(want)),
        ("log(x) where x is expected: is an exponential missing?", np.log(want)),
        ("1 too large.", want + 1),
        ("1 too small.", want - 1),
    ):
        yield Guess(f"{_each(want)} is {says}", got, candidate, want)


def _whole(got: Array, want: Array) -> Iterator[Guess]:
    if want.dtype.kind == "f" and (got == np.trunc(got)).all():
        for cut in (np.trunc, np.floor, np.rint):
            if (got == cut(want)).all():
                says = "These are the expected numbers made whole: is an integer dtype, or a //, on the way?"
                yield Guess(says, got, cut(want), want)
                return


def _some_slices(got: Array, want: Array) -> Iterator[Guess]:
    for axis, n in enumerate(want.shape) if want.ndim > 1 and _same_sizes(got, want) else ():
        things, others = _things(want, axis), tuple(a for a in range(want.ndim) if a != axis)
        signs = np.where(np.real(got * want.conj()).sum(others, keepdims=True) < 0, -1, 1)
        if 0 < len(flipped := np.flatnonzero(signs < 0)) < n:
            says = f"The signs of {len(flipped)} of the {n} {things} are flipped, the first at {flipped[0]}."
            yield Guess(says, got, signs * want, want, n * math.log10(2))
        permuted = np.take(want, _permutation(np.moveaxis(got, axis, 0), np.moveaxis(want, axis, 0)), axis)
        yield Guess(f"The right {things} came back in another order.", got, permuted, want, _log10_factorial(n))


def _any_number(got: Array, want: Array) -> Iterator[Guess]:
    ratio = _ratio(got, want)
    yield Guess(f"{_each(want)} is {_number(ratio)} times what is expected.", got, ratio * want, want, 1, fitted=1)
    offset = (got - want).flat[np.argmin(abs(want))]
    how = f"off by {offset:.6g}" if offset.imag else f"{abs(offset):.6g} too {'large' if offset.real > 0 else 'small'}"
    yield Guess(f"{_each(want)} is {how}.", got, want + offset, want, 1, fitted=1)


def _some_entries(got: Array, want: Array) -> Iterator[Guess]:
    if not _same_sizes(got, want):
        return
    wrong = np.real(got * want.conj()) < 0
    says = f"All sizes are right, but {np.count_nonzero(wrong)} of {want.size} signs are wrong."
    yield Guess(says, got, np.where(wrong, -want, want), want, want.size * math.log10(2))
    permuted = want.ravel()[_permutation(got.reshape(-1, 1), want.reshape(-1, 1))].reshape(want.shape)
    yield Guess("The right entries came back in another order.", got, permuted, want, _log10_factorial(want.size))


def _one_end(got: Array, want: Array) -> Iterator[Guess]:
    yield from _but_for(got, want, "first", 1, 0)
    yield from _but_for(got, want, "last", 0, 1)


def _both_ends(got: Array, want: Array) -> Iterator[Guess]:
    yield from _but_for(got, want, "first and the last", 1, 1)


def _but_for(got: Array, want: Array, name: str, start: int, end: int) -> Iterator[Guess]:
    if np.max(abs(got - want)) < DIGITS_LOST * np.max(abs(want)):
        return  # it is about precision
    for axis, n in enumerate(want.shape):
        if n > 1 + start + end:
            step = -1 if start else 1
            inner, neighbours = _cut(axis, start, n - end), _cut(axis, start + step, n - end + step)
            says = f"All is right but the {name} {_things(want, axis, 1)}: is the edge forgotten, or a loop one step short?"
            yield Guess(says, got[inner], want[inner], want[neighbours])


# What is seen without a guess


def _not_finite(got: Array, want: Array, rtol: float, atol: float) -> str | None:
    """Where a number is expected and none came back."""
    for is_bad, name, why in (
        (np.isnan, "NaN", "is it 0 / 0, or the root or logarithm of a negative number?"),
        (np.isinf, "infinite", "is it a division by 0, the logarithm of 0, or an overflow?"),
    ):
        if (bad := is_bad(got) & np.isfinite(want)).any():
            if want.ndim == 0:
                return f"{'A NaN' if name == 'NaN' else 'An infinity'} came back where a number is expected: {why}"
            first = ", ".join(map(str, np.argwhere(bad)[0]))
            rest = not bad.all() and _fits(Guess("", got[~bad], want[~bad]), rtol, atol)
            count, others = np.count_nonzero(bad), "; all others are right" if rest else ""
            return f"{count} of {want.size} entries {'is' if count == 1 else 'are'} {name}, the first at [{first}]{others}: {why}"
    return None


def _negated(got: Array, want: Array) -> str | None:
    """Where True stands for False, in a mask that has enough of both."""
    enough = got.dtype == want.dtype == bool and want.size >= 14 and 4 <= want.sum() <= want.size - 4
    return "Every True should be False, and every False True." if enough and (got != want).all() else None


def _clipped(got: Array, want: Array, close: Array) -> str | None:
    """Where all is right but what lies beyond a bound, and that is the bound."""
    if want.dtype.kind == "c" or np.count_nonzero(~close) < 3 or np.count_nonzero(close) < 3:
        return None
    low, high = got.min(), got.max()
    below, above = ~close & (got == low) & (want < low), ~close & (got == high) & (want > high)
    if not (close | below | above).all() or max(np.count_nonzero(below), np.count_nonzero(above)) < 3:
        return None
    says = [
        f"{word} than {_number(bound)} came back as {_number(bound)}"
        for word, bound, where in (("less", low, below), ("more", high, above))
        if where.any()
    ]
    return f"All is right, but what should be {' and what should be '.join(says)}: is something clipped?"


def _repeated(got: Array, want: Array, rtol: float, atol: float) -> str | None:
    """Where each row is the last one."""
    if want.ndim < 2 or len(want) < 3 or want[-1].size < 2 or (want[-1] == np.rint(want[-1])).all():
        return None
    same, last = (got == got[-1]).all(), np.isclose(got[-1], want[-1], rtol, atol).all()
    if same and last and not np.isclose(want[:-1], want[-1], rtol, atol).all():
        return "Every row is the last one that is expected: is one array kept again and again, and changed in place?"
    return None


def _wrong_axis(got: Array, want: Array) -> str | None:
    """Where rows are as columns should be."""
    if want.ndim < 2 or want.dtype.kind == "c" or any((a == np.rint(a)).all() for a in (got, want)):
        return None
    for says, holds in (
        ("sum to 1", lambda a, axis: abs(a.sum(axis) - 1) < 1e-5),
        ("have length 1", lambda a, axis: abs((a * a).sum(axis) - 1) < 1e-5),
        ("have mean 0", lambda a, axis: abs(a.mean(axis)) < 1e-6 * abs(a).mean()),
    ):
        right = [axis for axis in range(want.ndim) if holds(want, axis).all()]
        wrong = [axis for axis in range(got.ndim) if holds(got, axis).all()] if len(right) == 1 else []
        if len(wrong) == 1 and wrong != right:
            right, wrong = _along(want, *right), _along(want, *wrong)
            return f"{right.capitalize()} should {says}, but here {wrong} does: is it the wrong axis?"
    return None


def _precision(got: Array, want: Array, dtype: np.dtype[Any], expected: np.dtype[Any]) -> str | None:
    """Where the first digits are right, as many as a float32 has."""
    error, single = float(np.max(abs(got - want)) / np.max(abs(want))), (np.float32, np.complex64)
    if expected in single or not (0 if dtype in single else 3e-9) < error < (1e-4 if dtype in single else DIGITS_LOST):
        return None
    digits = f"right to {-round(math.log10(error))} digits, but the test asks for more"
    if dtype in single:
        return f"The numbers are {dtype}, and {digits}: is float64 turned into float32 on the way?"
    return f"The numbers are {digits}: is something float32 on the way, or squared that is small, or does an iteration stop early?"


# Suspects of arrays of another shape


def _layout(got: Array, want: Array) -> Iterator[Guess]:
    if got.size != want.size:
        return
    if [n for n in got.shape if n > 1] == [n for n in want.shape if n > 1]:
        how = "an axis of length 1 is too many" if got.ndim > want.ndim else "an axis of length 1 is missing"
        if got.ndim == want.ndim:
            how = "the axis of length 1 stands elsewhere"
        yield Guess(f"The numbers are right, but {how}.", got.reshape(want.shape), want, tried=-1)
        return
    for axes in itertools.permutations(range(got.ndim)) if got.ndim == want.ndim < 5 else ():
        if got.transpose(axes).shape == want.shape:
            yield Guess(_transposed(axes), got.transpose(axes), want)
    says = "The numbers are right, and in the right order, but laid out in another shape: is a reshape missing?"
    yield Guess(says, got.reshape(want.shape), want)
    says = "The numbers are right, but laid out in another shape and read in another order (down the columns)."
    yield Guess(says, got.reshape(want.shape, order="F"), want)


def _broadcast(got: Array, want: Array) -> Iterator[Guess]:
    if got.ndim == 2 and got.shape[0] == got.shape[1] == want.size > 1 and want.ndim in (1, 2):
        n = want.size
        says = f"Only the diagonal is right: did shapes ({n},) and ({n}, 1) meet, and broadcast to ({n}, {n})?"
        yield Guess(says, np.diagonal(got), want.ravel())


def _length(got: Array, want: Array) -> Iterator[Guess]:
    """Entries too many or too few at one end of one axis."""
    if got.ndim != want.ndim or len(differ := np.flatnonzero(np.array(got.shape) != want.shape)) != 1:
        return
    axis = int(differ[0])
    more, n = got.shape[axis] - want.shape[axis], min(got.shape[axis], want.shape[axis])
    for where, keep in (("end", slice(0, n)), ("start", slice(-n, None))) if n else ():
        long, short = (got, want) if more > 0 else (want, got)
        cut = long[_cut(axis, keep.start, keep.stop)]
        count = f"{abs(more)} {_things(want, axis, abs(more))} {'is' if abs(more) == 1 else 'are'}"
        says = f"{count} {'too many' if more > 0 else 'missing'} at the {where}; the others are right."
        yield Guess(says[0].upper() + says[1:], *((cut, want) if more > 0 else (short, cut)))


def _reduced(got: Array, want: Array) -> Iterator[Guess]:
    """A sum or a mean too many or too few, or a single item of all."""
    for name, reduce in (("sum", np.sum), ("mean", np.mean), ("largest", np.max), ("smallest", np.min)):
        for big, small, missing in ((got, want, True), (want, got, False)):
            for axis in (None, *range(big.ndim)) if big.ndim > small.ndim else ():
                value = reduce(big, axis)
                if value.shape == small.shape and not (axis is not None and big.ndim == 1):
                    over = "all of" if axis is None else f"axis {axis} of"
                    lost = "what came back is what is expected: is that step missing?"
                    says = f"The {name} over {over} {lost if missing else 'what is expected came back: is an axis forgotten?'}"
                    yield Guess(says, *((value, want) if missing else (got, value)))
    if got.shape == want.shape[1:] and len(want) > 1:
        for name, i in (("first", 0), ("last", -1)):
            says = f"Only the {name} of the {len(want)} expected {_things(want, 0)} came back: is the return inside a loop?"
            yield Guess(says, got, want[i])


RANKS: tuple[tuple[Suspect, ...], ...] = (
    (_sign, _order, _factor, _function, _whole),
    (_some_slices, _any_number),
    (_some_entries,),
    (_one_end,),
    (_both_ends,),
)
SHAPE_RANKS: tuple[tuple[Suspect, ...], ...] = ((_layout, _length), (_broadcast, _reduced))


# Words and small tools


def _each(want: Array) -> str:
    return "Every entry" if want.ndim else "It"


def _things(want: Array, axis: int, n: int = 2) -> str:
    """What lies along an axis: entries of a vector, rows or columns of a matrix."""
    one, more = ("slice", "slices") if want.ndim > 2 else ("entry", "entries") if want.ndim == 1 else ("row", "rows")
    if want.ndim == 2 and axis == 1:
        one, more = "column", "columns"
    return (one if n == 1 else more) + (f" along axis {axis}" if want.ndim > 2 else "")


def _along(want: Array, axis: int) -> str:
    return ("each column", "each row")[axis] if want.ndim == 2 else f"what lies along axis {axis}"


def _transposed(axes: tuple[int, ...]) -> str:
    if len(axes) == 2:
        return "Rows and columns are swapped: is a transpose missing, or too many?"
    return "The axes are in another order: is a transpose missing, or too many?"


def _number(value: Any) -> str:
    return f"{value if value.imag else value.real:.6g}"


def _same_sizes(got: Array, want: Array) -> bool:
    """Whether it is worth the while to look for another order or other signs."""
    return math.isclose(abs(got).sum(), abs(want).sum(), rel_tol=0.1)


def _ratio(got: Array, want: Array) -> Any:
    """What `got` is as a multiple of `want`, at the largest entry."""
    at = np.argmax(np.where(np.isfinite(want), abs(want), 0))
    ratio = got.flat[at] / want.flat[at]
    return ratio.real if abs(ratio.imag) <= 1e-9 * abs(ratio) else ratio


def _cut(axis: int, start: int | None, stop: int | None) -> tuple[slice, ...]:
    return (*[slice(None)] * axis, slice(start, stop))


def _permutation(got: Array, want: Array) -> Array:
    """How to order the items of `want` to make them those of `got`, each known by a weighted sum of its entries."""
    weights = np.cos(np.arange(1.0, 1 + got[0].size))
    of_got, of_want = (np.argsort((a.real + a.imag / 3).reshape(len(a), -1) @ weights) for a in (got, want))
    return of_want[np.argsort(of_got)]


def _log10_factorial(n: int) -> float:
    return math.lgamma(n + 1) / math.log(10)
