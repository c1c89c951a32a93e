"""What the comparison says of the cause: each suspect is named where it is planted, and none where nothing is."""

import doctest

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import given, settings

import mlpath.testing._diagnosis
from mlpath.testing import assert_close
from mlpath.testing._diagnosis import diagnose

SHAPES = [(), (7,), (5, 3), (2, 3, 4)]


def numbers(shape, dtype=float):
    """Numbers of both signs and of size 0.2 to 3, as a learner's function may return them."""
    rng = np.random.default_rng(sum(shape) + len(shape))
    x = rng.uniform(0.2, 3, shape) * rng.permutation(np.resize([1, -1, -1], max(1, int(np.prod(shape))))).reshape(shape)
    return (x * np.exp(1j * rng.uniform(-1, 1, shape)) if np.dtype(dtype).kind == "c" else np.asarray(x)).astype(dtype)


def roots(n):
    return np.sqrt(n / (n - 1))


EVERYWHERE = {  # what is done to an array of any shape, and what is said
    "sign": (np.negative, "sign is flipped"),
    "twice": (lambda x: 2 * x, "is twice what is expected"),
    "half": (lambda x: x / 2, "is half of what is expected"),
    "sum for mean": (
        lambda x: 12 * x,
        "is 12 times what is expected: is a division by 12 missing, as in a sum for a mean",
    ),
    "mean for sum": (
        lambda x: x / 250,
        "is 1/250 of what is expected: is a division by 250 too many, as in a mean for a sum",
    ),
    "minus n times": (lambda x: -12 * x, "is minus 12 times"),
    "ddof 1 for 0": (lambda x: x * 12 / 11, "is 12/11 times what is expected, which is n / (n - 1) for n = 12"),
    "ddof 0 for 1": (lambda x: x * 11 / 12, "is 11/12 of what is expected, which is (n - 1) / n for n = 12"),
    "ddof 1 in a root": (
        lambda x: x * roots(12),
        "√(12/11) times what is expected, which is √(n / (n - 1)) for n = 12",
    ),
    "ddof 0 in a root": (lambda x: x / roots(12), "√(11/12) of what is expected, which is √((n - 1) / n) for n = 12"),
    "root of n": (lambda x: x * np.sqrt(12), "is √12 times what is expected"),
    "one by root of n": (lambda x: x / np.sqrt(12), "is 1/√12 of what is expected"),
    "log2": (lambda x: x / np.log(2), "is the logarithm to base 2 where it should be natural?"),
    "log10": (lambda x: x / np.log(10), "is the logarithm to base 10 where it should be natural?"),
    "ln for log2": (lambda x: x * np.log(2), "is the logarithm natural where it should be to base 2?"),
    "pi": (lambda x: x * np.pi, "is π times"),
    "root of two pi": (lambda x: x / np.sqrt(2 * np.pi), "is 1 / √(2π) times"),
    "root of two": (lambda x: x * np.sqrt(2), "is √2 times"),
    "square": (np.square, "is the square of what is expected: is a root missing"),
    "reciprocal": (np.reciprocal, "is 1 / x where x is expected"),
    "complement": (lambda x: 1 - x, "is 1 - x where x is expected"),
    "exponential": (np.exp, "is exp(x) where x is expected: is a logarithm missing?"),
    "one more": (lambda x: x + 1, "is 1 too large"),
    "one less": (lambda x: x - 1, "is 1 too small"),
}
OF_ARRAYS = {
    "another factor": (lambda x: 1.2345 * x, "is 1.2345 times what is expected"),
    "an offset": (lambda x: x - 0.321, "is 0.321 too small"),
    "reversed": (lambda x: np.flip(x, -1), "come in reverse order"),
    "late": (
        lambda x: np.concatenate([0 * x[..., :1], x[..., :-1]], -1),
        "come one step too late: is an index off by one",
    ),
    "early": (lambda x: np.roll(x, -1, -1), "come one step too early: is an index off by one"),
    "first wrong": (lambda x: np.concatenate([0 * x[..., :1], x[..., 1:]], -1), "All is right but the first"),
    "last wrong": (lambda x: np.concatenate([x[..., :-1], 0 * x[..., :1]], -1), "All is right but the last"),
    "entries permuted": (
        lambda x: np.random.default_rng(1).permutation(x.ravel()).reshape(x.shape),
        "The right entries came back in another order",
    ),
    "NaN": (lambda x: np.where(x == x.flat[-1], np.nan, x), "NaN, the first at"),
    "infinite": (lambda x: np.where(x == x.flat[-1], np.inf, x), "infinite, the first at"),
}


@pytest.mark.parametrize("dtype", [float, np.float32, complex])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("plant", EVERYWHERE)
def test_a_mistake_in_every_entry_is_named(plant, shape, dtype):
    change, said = EVERYWHERE[plant]
    expected = numbers(shape, dtype)
    told = diagnose(change(expected).astype(dtype), expected, rtol=2e-6 if dtype is np.float32 else 1e-9)
    if told is None and shape == () and (dtype is np.float32 or "√" in said):
        return  # one number of seven digits says little, so does a root of a fraction, and silence is allowed
    assert told is not None and said in told
    assert told.startswith(("Every ", "It ") if shape else ("It ", "Every sign"))


@pytest.mark.parametrize("dtype", [float, np.float32, complex])
@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
@pytest.mark.parametrize("plant", OF_ARRAYS)
def test_a_mistake_among_entries_is_named(plant, shape, dtype):
    change, said = OF_ARRAYS[plant]
    expected = numbers(shape, dtype)
    told = diagnose(change(expected).astype(dtype), expected, rtol=2e-6 if dtype is np.float32 else 1e-9)
    assert told is not None and said in told


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (np.sqrt, "is the root of what is expected: is a square missing"),
        (np.log, "is log(x) where x is expected: is an exponential missing?"),
    ],
)
def test_what_is_asked_of_positive_numbers_is_named(change, said, shape):
    expected = abs(numbers(shape))
    assert said in diagnose(change(expected), expected)


A, B, C, SQUARE = numbers((7,)), numbers((5, 3)), numbers((2, 3, 4)), numbers((4, 4))
FIVE = np.random.default_rng(5).permutation(5)
PROBABILITIES = np.exp(SQUARE) / np.exp(SQUARE).sum(1, keepdims=True)
CENTRED = numbers((6, 4)) - numbers((6, 4)).mean(0)
SIGNS = np.array([1, -1, -1, 1, 1])


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (abs(A), A, "all signs are lost: is it an absolute value?"),
        (numbers((7,), complex).conj(), numbers((7,), complex), "is a conjugate missing"),
        (SQUARE.T, SQUARE, "Rows and columns are swapped"),
        (B[::-1], B, "The rows come in reverse order"),
        (B[:, ::-1], B, "The columns come in reverse order"),
        (C[:, :, ::-1], C, "The slices along axis 2 come in reverse order"),
        (np.roll(B, 1, 0), B, "The rows come one step too late"),
        (B[FIVE], B, "The right rows came back in another order"),
        (B.T[:, FIVE], B.T, "The right columns came back in another order"),
        (B * SIGNS[:, None], B, "The signs of 2 of the 5 rows are flipped, the first at 1."),
        (B.T * SIGNS, B.T, "The signs of 2 of the 5 columns are flipped, the first at 1."),
        (np.where(np.arange(15).reshape(5, 3) % 4 == 0, -B, B), B, "All sizes are right, but 4 of 15 signs are wrong."),
        (np.where([[1]] + [[0]] * 4, 0.5, B), B, "All is right but the first row"),
        (np.where([1, 0, 0, 0, 0, 0, 1], 0, A), A, "All is right but the first and the last entry"),
        (np.trunc(100 * A), 100 * A, "the expected numbers made whole"),
        ((100 * A).astype(int), 100 * A, "the expected numbers made whole"),
        (np.floor(100 * B), 100 * B, "is an integer dtype, or a //, on the way?"),
        (np.rint(100 * C).astype(int), 100 * C, "is an integer dtype, or a //, on the way?"),
        (A.astype(np.float32), A, "The numbers are float32, and right to"),
        (A.astype(np.float32).astype(float), A, "is something float32 on the way"),
        (
            B.clip(-2, 2),
            B,
            "what should be less than -2 came back as -2 and what should be more than 2 came back as 2",
        ),
        (B.clip(0, None), B, "All is right, but what should be less than 0 came back as 0: is something clipped?"),
        (np.tile(B[-1], (len(B), 1)), B, "Every row is the last one that is expected"),
        (np.r_[A, 3e-7 * A.max()], np.r_[A, 1e-14], "is something float32 on the way, or squared that is small"),
        (np.exp(SQUARE) / np.exp(SQUARE).sum(0), PROBABILITIES, "Each row should sum to 1, but here each column does"),
        (
            SQUARE / np.sqrt((SQUARE**2).sum(1, keepdims=True)),
            SQUARE / np.sqrt((SQUARE**2).sum(0)),
            "should have length 1",
        ),
        (CENTRED - CENTRED[:1] - (CENTRED - CENTRED[:1]).mean(1, keepdims=True), CENTRED, "column should have mean 0"),
        (np.where(B > 0, B, np.nan), np.where(B > 0, B, 1), "all others are right: is it 0 / 0"),
        (np.float64(np.nan), np.float64(1), "A NaN came back where a number is expected"),
        (np.float64(-np.inf), np.float64(1), "An infinity came back where a number is expected"),
        (np.arange(30) % 3 > 0, np.arange(30) % 3 == 0, "Every True should be False"),
    ],
)
def test_a_planted_mistake_is_named(actual, expected, said):
    assert said in (diagnose(actual, expected) or "")


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (A[:, None], A, "an axis of length 1 is too many"),
        (A, A[None], "an axis of length 1 is missing"),
        (A[:, None], A[None], "the axis of length 1 stands elsewhere"),
        (A[:1], A[0], "an axis of length 1 is too many"),
        (B.T, B, "Rows and columns are swapped"),
        (C.transpose(2, 0, 1), C, "The axes are in another order"),
        (B.ravel(), B, "in the right order, but laid out in another shape"),
        (C.reshape(6, 4), C, "in the right order, but laid out in another shape"),
        (B.ravel(order="F"), B, "read in another order"),
        (A[:, None] - A[::-1], A - A[::-1], "did shapes (7,) and (7, 1) meet, and broadcast to (7, 7)?"),
        (A[:, None] * A[::-1], (A * A[::-1])[:, None], "did shapes (7,) and (7, 1) meet"),
        (A[:-1], A, "1 entry is missing at the end; the others are right."),
        (A[1:], A, "1 entry is missing at the start"),
        (B, B[:, 1:], "1 column is too many at the start"),
        (B, B[:3], "2 rows are too many at the end"),
        (B, B.sum(0), "The sum over axis 0 of what came back is what is expected"),
        (C, C.mean(2), "The mean over axis 2 of what came back is what is expected"),
        (A, A.mean(), "The mean over all of what came back is what is expected"),
        (B.max(1), B, "The largest over axis 1 of what is expected came back"),
        (B.sum(), B.sum(0), "The sum over all of what is expected came back"),
        (A[0], A, "Only the first of the 7 expected entries came back: is the return inside a loop?"),
        (B[-1], B, "Only the last of the 5 expected rows came back"),
    ],
)
def test_a_wrong_shape_is_explained_where_the_numbers_agree(actual, expected, said):
    assert said in (diagnose(np.asarray(actual), np.asarray(expected)) or "")


def test_a_wrong_shape_with_other_numbers_is_not_explained():
    assert diagnose(A[:, None] + 1, A) is None
    assert diagnose(np.outer(A, A), A) is None


def test_what_a_tensor_shows_is_named_too():
    torch = pytest.importorskip("torch")
    for dtype in (torch.float64, torch.float32):
        expected = torch.tensor(B, dtype=dtype)
        with pytest.raises(AssertionError, match="Why\\? Every entry is twice what is expected"):
            assert_close((2 * expected).requires_grad_(), expected, "f(x)")


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (2.0, 4.0),  # half, or the root
        ([1, 2], [2, 4]),
        (-1.0, 1.0),
        ([0, 1, 1, 0, 1], [1, 0, 0, 1, 0]),
        (1 / 3, 3.0),  # a ninth, or the reciprocal
        (A[::-1] - A, A - A[::-1]),  # a sign, or the order
        (np.zeros(5), np.ones(5)),
        (np.full(5, 0.777), np.full(5, 0.123)),
        (1.234567, 7.654321),
        (A, np.full(7, np.nan)),
        ([], []),
    ],
)
def test_nothing_is_said_where_the_numbers_do_not_tell(actual, expected):
    assert diagnose(np.asarray(actual), np.asarray(expected)) is None


def test_a_loose_tolerance_proves_nothing():
    expected = A[:3]
    assert diagnose(-expected, expected, rtol=1e-9) == "Every sign is flipped."
    assert diagnose(-expected * [1.05, 0.95, 1.04], expected, rtol=0.1) is None


def test_a_mistake_beside_another_is_not_named():
    two = 2 * B
    two[3, 1] += 0.5
    assert diagnose(two, B) is None


def test_large_arrays_are_only_looked_at_for_what_is_not_finite():
    large = np.ones(1_000_001)
    assert diagnose(2 * large, large) is None
    assert "1000001 entries are NaN" in diagnose(np.nan * large, large)


SOME = npst.arrays(npst.scalar_dtypes().filter(lambda d: d.kind in "biufc"), npst.array_shapes(min_dims=0, max_side=4))


@settings(deadline=None)
@given(SOME, SOME)
def test_no_two_arrays_break_it(actual, expected):
    said = diagnose(actual, expected)
    assert said is None or said.endswith((".", "?"))


@pytest.mark.parametrize("rtol", [1e-9, 1e-7])
def test_float32_is_no_cause_where_it_is_expected(rtol):
    expected = A.astype(np.float32)
    assert diagnose(expected * np.float32(1 + 3e-7) ** np.arange(7), expected, rtol=rtol) is None


def shares(rng, weights):
    return weights / weights.sum(-1, keepdims=True) if weights.ndim else weights


UNRELATED = {
    "normals": lambda rng, shape: rng.normal(size=shape),
    "uniforms": lambda rng, shape: rng.uniform(size=shape),
    "small integers": lambda rng, shape: rng.integers(-9, 10, size=shape),
    "digits": lambda rng, shape: rng.integers(0, 4, size=shape),
    "two decimals": lambda rng, shape: rng.normal(size=shape).round(2),
    "shares": lambda rng, shape: shares(rng, np.asarray(rng.exponential(size=shape))),
    "even shares": lambda rng, shape: shares(rng, np.asarray(rng.gamma(100, size=shape))),
    "log-normals": lambda rng, shape: rng.lognormal(0, 3, size=shape),
    "sorted": lambda rng, shape: np.sort(np.atleast_1d(rng.uniform(size=shape)), axis=-1).reshape(shape),
    "about one": lambda rng, shape: 1 + 0.01 * rng.normal(size=shape),
}
PAIR_SHAPES = [(), (1,), (2,), (3,), (7,), (20,), (2, 2), (5, 3), (3, 3), (4, 1), (2, 3, 4)]


@pytest.mark.parametrize("kind", UNRELATED)
def test_of_a_thousand_unrelated_pairs_at_most_one_is_explained(kind, record_property):
    rng, draw, told, pairs = np.random.default_rng(len(kind)), UNRELATED[kind], [], 0
    while pairs < 1000:
        shape = other = PAIR_SHAPES[rng.integers(len(PAIR_SHAPES))]
        if rng.random() < 0.2:
            other = PAIR_SHAPES[rng.integers(len(PAIR_SHAPES))]
        rtol = rng.choice([1e-9, 1e-6, 1e-3, 0.1])
        # A third of the pairs are of two kinds.
        another = draw if rng.random() < 2 / 3 else UNRELATED[rng.choice(list(UNRELATED))]
        actual, expected = np.asarray(another(rng, shape)), np.asarray(draw(rng, other))
        if shape == other and np.allclose(actual, expected, rtol=rtol, atol=0):
            continue
        pairs += 1
        if said := diagnose(actual, expected, rtol=rtol, atol=rng.choice([0, rtol])):
            told.append((said, actual, expected))
    record_property("told falsely, of 1000", len(told))
    assert len(told) <= 1, told


def test_its_examples_run():
    assert doctest.testmod(mlpath.testing._diagnosis).failed == 0
