"""Digits as lists, Sobol points one after the other, scrambling by products of matrices, boxes in a loop."""

import itertools
import math
from dataclasses import dataclass

import numpy as np

N_BITS = 32
JOE_KUO = (
    (1, 0, (1,)),
    (2, 1, (1, 3)),
    (3, 1, (1, 3, 1)),
    (3, 2, (1, 1, 1)),
    (4, 1, (1, 1, 3, 3)),
    (4, 4, (1, 3, 5, 13)),
    (5, 2, (1, 1, 5, 5, 17)),
    (5, 4, (1, 1, 5, 5, 5)),
    (5, 7, (1, 1, 7, 11, 19)),
    (5, 11, (1, 1, 5, 1, 1)),
    (5, 13, (1, 1, 1, 3, 11)),
    (5, 14, (1, 3, 5, 5, 31)),
    (6, 1, (1, 3, 3, 9, 7, 49)),
    (6, 13, (1, 1, 1, 15, 21, 21)),
    (6, 16, (1, 3, 1, 13, 27, 49)),
    (6, 19, (1, 1, 1, 15, 7, 5)),
    (6, 22, (1, 3, 1, 15, 13, 25)),
    (6, 25, (1, 1, 5, 5, 19, 61)),
    (7, 1, (1, 3, 7, 11, 23, 15, 103)),
    (7, 4, (1, 3, 7, 13, 13, 15, 69)),
)


@dataclass(frozen=True)
class Estimate:
    value: float
    standard_error: float


def _inverse(n, base):
    digits = []
    while n:
        n, digit = divmod(n, base)
        digits.append(digit)
    whole = 0
    for digit in digits:
        whole = whole * base + digit
    return whole / base ** len(digits)


def radical_inverse(n, base):
    if np.any(n < 0) or np.any(n >= 2**32):
        raise ValueError(f"n must be from 0 to below 2^32, got {n}")
    if base < 2 or base > 1000:
        raise ValueError(f"base must be between 2 and 1000, got {base}")
    return np.array([_inverse(int(i), base) for i in n])


def halton(n_points, bases):
    if n_points < 1:
        raise ValueError(f"n_points must be positive, got {n_points}")
    if not bases or any(math.gcd(a, b) > 1 for a, b in itertools.combinations(bases, 2)):
        raise ValueError(f"bases must be coprime, got {bases}")
    return np.array([[_inverse(i, base) for base in bases] for i in range(n_points)])


def direction_numbers(degree, coefficients, initial):
    if len(initial) != degree or any(m < 1 or m % 2 == 0 or m >= 2 << k for k, m in enumerate(initial)):
        raise ValueError(f"initial must be odd and small, got {initial}")
    # In terms of v: v_k is the sum of a_i v_(k-i), and of v_(k-s) and that shifted to the right by s.
    bits = [1, *map(int, f"{coefficients:b}".zfill(degree - 1)), 1] if degree > 1 else [1, 1]
    v = [m << (N_BITS - 1 - k) for k, m in enumerate(initial)]
    while len(v) < N_BITS:
        new = v[-degree] >> degree
        for i in range(1, degree + 1):
            new ^= bits[i] * v[-i]
        v.append(new)
    return np.array(v)


def directions(dim):
    if dim < 1 or dim > 21:
        raise ValueError(f"dim must be from 1 to 21, got {dim}")
    rows = [np.array([1 << (N_BITS - k) for k in range(1, N_BITS + 1)])]
    return np.array(rows + [direction_numbers(*row) for row in JOE_KUO[: dim - 1]])


def sobol(n_points, directions):
    if n_points < 1 or n_points > 2**32:
        raise ValueError(f"n_points must be from 1 to 2^32, got {n_points}")
    point = np.zeros(len(directions), dtype=np.int64)
    points = [point]
    for n in range(1, n_points):
        zeros = (n & -n).bit_length() - 1
        point = point ^ directions[:, zeros]
        points.append(point)
    return np.array(points)


def scramble(points, *, rng):
    if points.min() < 0 or points.max() >= 2**32:
        raise ValueError(f"points must have 32 bits, got {points}")
    dim = points.shape[1]
    places = np.arange(N_BITS - 1, -1, -1)
    bits = (points.T[:, :, None] >> places & 1).astype(float)
    lower = np.tril(rng.integers(0, 2, (dim, N_BITS, N_BITS)), -1) + np.eye(N_BITS)
    shift = rng.integers(0, 2, (dim, 1, N_BITS))
    scrambled = (bits @ lower.swapaxes(1, 2) + shift) % 2
    return (scrambled @ 0.5 ** np.arange(1, N_BITS + 1) + 2.0**-33).T


def _check_cube(points):
    if points.size == 0 or not np.all((points >= 0) & (points <= 1)):
        raise ValueError(f"points must be in the cube, got {points}")


def star_discrepancy(points):
    _check_cube(points)
    worst = 0.0
    for y in itertools.product(*[[*sorted(set(column)), 1.0] for column in points.T]):
        volume = math.prod(y)
        worst = max(worst, volume - (points < y).all(axis=1).mean(), (points <= y).all(axis=1).mean() - volume)
    return float(worst)


def l2_star_discrepancy(points):
    _check_cube(points)
    n, dim = points.shape
    total = (1 / 3) ** dim
    for x in points:
        total -= 2 * math.prod((1 - x * x) / 2) / n
        total += math.fsum(math.prod(1 - np.maximum(x, other)) for other in points) / n**2
    return math.sqrt(max(total, 0))


def mean_of(function, points):
    values = function(points)
    if not np.isfinite(values).all():
        raise ValueError(f"function must be finite, got {values}")
    return math.fsum(values) / len(values)


def integrate(function, dim, n_points, *, n_replicates=16, rng):
    if n_replicates < 2:
        raise ValueError(f"n_replicates must be two or more, got {n_replicates}")
    net = sobol(n_points, directions(dim))
    means = [mean_of(function, scramble(net, rng=rng)) for _ in range(n_replicates)]
    value = math.fsum(means) / n_replicates
    variance = math.fsum((mean - value) ** 2 for mean in means) / (n_replicates - 1)
    return Estimate(value, math.sqrt(variance / n_replicates))
