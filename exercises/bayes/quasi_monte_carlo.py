r"""Quasi-Monte Carlo: points that fill the cube more evenly than chance does, and integrals from them.

## Idea

Random points cluster and leave gaps, which is why the error of Monte Carlo falls only with the root of their number.
Points can be placed so that every region gets nearly its share: then the error falls almost with the number itself. The
recipe is to count 0, 1, 2, ... and to read the digits backwards. A random scrambling of these digits keeps the evenness,
makes each single point uniform, so that estimates are unbiased and have honest error bars, and makes smooth integrals
more exact still.

## Maths

**Radical inverse.** Write $n = \sum_{i \ge 0} d_i b^i$ in base $b$ and mirror its digits at the point:

$$\phi_b(n) = \sum_{i \ge 0} d_i\, b^{-i - 1}. \tag{1}$$

Among any $b^k$ successive $n$ the first $k$ digits behind the point take every value once, so that each interval
$[j b^{-k}, (j + 1) b^{-k})$ gets one point. The sequence $\phi_b(0), \phi_b(1), \dots$ is van der Corput's. In several
dimensions *Halton's* sequence takes another base in each,

$$x_n = (\phi_{b_1}(n), \dots, \phi_{b_d}(n)), \tag{2}$$

without common factors: by the Chinese remainder theorem every box of such intervals then gets its share.

**Sobol's** sequence has base 2 in all dimensions, and permutes. Bits behind the binary point are kept as whole numbers of
32 bits, the first bit being worth $2^{31}$. For each dimension there are *direction numbers* $v_1, \dots, v_{32}$ of this
kind, and with the bits $g_k$ of a number $g = \sum_k g_k 2^{k - 1}$ the point is

$$x(g) = g_1 v_1 \oplus g_2 v_2 \oplus \cdots \oplus g_{32} v_{32}, \tag{3}$$

$\oplus$ being addition without carry, bit by bit. In the first dimension $v_k = 2^{32 - k}$: that is (1). In the others
they come from a primitive polynomial $z^s + a_1 z^{s - 1} + \dots + a_{s - 1} z + 1$ over the field of two elements and
from odd initial numbers $m_1, \dots, m_s$, $m_k < 2^k$, by

$$m_k = 2 a_1 m_{k - 1} \oplus 2^2 a_2 m_{k - 2} \oplus \cdots \oplus 2^{s - 1} a_{s - 1} m_{k - s + 1} \oplus 2^s m_{k - s} \oplus m_{k - s}, \qquad
v_k = 2^{32 - k} m_k. \tag{4}$$

Since $m_k$ is odd, $v_k$ has its last bit in place $k$, and any $2^k$ successive points, counted from a multiple of
$2^k$, have one in each interval of length $2^{-k}$. The initial numbers of Joe and Kuo [1] make pairs of dimensions even,
too. The $a_i$ are packed into one number, $a = \sum_{i = 1}^{s - 1} a_i 2^{s - 1 - i}$.

*Order.* Point $n$ is (3) at the Gray code $g = n \oplus \lfloor n / 2 \rfloor$. Neighbouring Gray codes differ in one
bit, so each point differs from its predecessor by one direction number. And the code of the second half of a block is
that of the first half backwards, with one bit more: for $0 \le j < 2^k$

$$x_{2^k + j} = x_{2^k - 1 - j} \oplus v_{k + 1}. \tag{5}$$

**Scrambling** [2, 3]. Let $x_1, x_2, \dots, x_{32}$ be the bits of a coordinate behind the point. Draw a random lower
triangular matrix $L$ of bits with ones on its diagonal and random bits $s_i$, for each dimension, once for all points,
and let

$$y_i = s_i \oplus \bigoplus_{j \le i} L_{ij}\, x_j. \tag{6}$$

The first $k$ bits of $y$ depend on the first $k$ of $x$, and one to one: intervals of length $2^{-k}$ are only permuted,
so that every box keeps its share. And the bits $s_i$ make each single point uniform on the cube. (Matousek's scrambling;
Owen's draws a flip for each bit *and* each prefix before it, and serves as well.)

**Discrepancy** measures unevenness. For the box $[0, y)$, $y \in [0, 1]^d$, compare its share of the points with its
volume,

$$D^* = \sup_y \Big| \frac{1}{n} \#\{i : x_i \in [0, y)\} - \prod_k y_k \Big|. \tag{7}$$

By the inequality of Koksma and Hlawka, the error of an integral is at most $D^*$ times the variation of the integrand.
The count changes only where a $y_k$ passes a coordinate of a point. So the supremum is that over the finite grid of all
$y$ whose $y_k$ is such a coordinate or 1: of the volume minus the share of points with all $x_k < y_k$, and of the share
of points with all $x_k \le y_k$ minus the volume (a box a little larger). This takes $n^d$ boxes. The mean square instead
of the supremum has a closed form [4],

$$D_2^2 = \frac{1}{3^d} - \frac{2^{1 - d}}{n} \sum_i \prod_k (1 - x_{ik}^2) + \frac{1}{n^2} \sum_{i, j} \prod_k \big( 1 - \max(x_{ik}, x_{jk}) \big). \tag{8}$$

Random points have $D^*$ of the order of $n^{-1/2}$, Halton's and Sobol's $(\log n)^d / n$. Scrambled nets integrate
smooth functions with a root mean square error of about $n^{-3/2}$.

**Error bars.** From $R$ independent scramblings with means $\hat I_1, \dots, \hat I_R$,

$$\hat I = \frac{1}{R} \sum_r \hat I_r, \qquad \mathrm{se}^2 = \frac{1}{R (R - 1)} \sum_r (\hat I_r - \hat I)^2. \tag{9}$$

## Worked example

*Halton.* $n = 6$ is $110$ in base 2, mirrored $0.011 = \tfrac38$; in base 3 it is $20$, mirrored $0.02 = \tfrac29$.

*Sobol, third dimension.* $s = 2$, $a_1 = 1$, $m = (1, 3)$:
$m_3 = 2 \cdot 3 \oplus 4 \cdot 1 \oplus 1 = 6 \oplus 4 \oplus 1 = 3$, and
$m_4 = 2 \cdot 3 \oplus 4 \cdot 3 \oplus 3 = 6 \oplus 12 \oplus 3 = 9$. As fractions the direction numbers are
$\tfrac12, \tfrac34, \tfrac38, \tfrac9{16}$. The points: $x_0 = 0$, $x_1 = x_0 \oplus v_1 = \tfrac12$,
$x_2 = x_1 \oplus v_2 = .10 \oplus .11 = .01 = \tfrac14$, $x_3 = x_0 \oplus v_2 = \tfrac34$,
$x_4 = x_3 \oplus v_3 = .110 \oplus .011 = .101 = \tfrac58$.

*Discrepancy.* The points $0.2$ and $0.9$ in one dimension: volume minus open share is $0.2, 0.9 - 0.5 = 0.4, 1 - 1 = 0$,
closed share minus volume $0.5 - 0.2 = 0.3, 1 - 0.9 = 0.1, 0$. So $D^* = 0.4$. And
$D_2^2 = \tfrac13 - \tfrac12 (0.96 + 0.19) + \tfrac14 (0.8 + 0.1 + 0.1 + 0.1) = 0.0333$.

## Plan

| part | takes | returns | by |
|---|---|---|---|
| `radical_inverse` | whole numbers, a base | their mirror images | (1) |
| `halton` | how many, bases | points | (2) |
| `direction_numbers` | a polynomial, initial numbers | 32 direction numbers | (4) |
| `sobol` | how many, direction numbers | points as whole numbers | (5) |
| `scramble` | such points | points in the cube, scrambled | (6) |
| `star_discrepancy` | points | $D^*$ | (7) |
| `l2_star_discrepancy` | points | $D_2$ | (8) |
| `integrate` | a function | an `Estimate` | (9) |

Given are Joe and Kuo's numbers for 21 dimensions, `JOE_KUO`, and `directions(dim)`, which hands them to your
`direction_numbers`, and `mean_of`, which calls a function with care.

## Pitfalls

- Mirrored digits are off in the last bit: how often were they rounded?
- The first Sobol points are right, but their order is not that of others.
- Scrambled points are uniform one by one but no longer even: did each point get its own scrambling?
- Or they are even, but the first point is always in the same place.
- 1,000 Sobol points are hardly better than 512: blocks of a power of 2 are whole.
- The discrepancy is too small: which boxes are closed?

## Cost

$O(n d \log n)$ for Halton points, $O(n d)$ for Sobol points, $32\, n d$ for the scrambling. $D^*$ costs $O(n^{d + 1})$
and is for small sets; (8) costs $O(n^2 d)$.

## Go further

Experiment: plot the error of a smooth integral against $n$, from 16 to 16,384, for random, Halton, Sobol and scrambled
Sobol points, on logarithmic axes. A stretch goal: Owen's scrambling by hashing, without a tree of random bits.

What is not here: lattices, and integrands with singularities at the border, where the point 0 must be avoided: another
reason to scramble.

## References

1. Joe & Kuo (2008), Constructing Sobol sequences with better two-dimensional projections, https://doi.org/10.1137/070709359
2. Matousek (1998), On the L2-discrepancy for anchored boxes, https://doi.org/10.1006/jcom.1998.0489
3. Owen (1997), Scrambled net variance for integrals of smooth functions, https://doi.org/10.1214/aos/1031594731
4. Warnock (1972), Computational investigations of low-discrepancy point sets; Niederreiter (1992), Random number
   generation and quasi-Monte Carlo methods, https://doi.org/10.1137/1.9781611970081
"""

# 8 parts to write. Test them with: pytest exercises/bayes/quasi_monte_carlo.py
# To be written without: scipy

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

N_BITS = 32
"""How many bits Sobol points have."""

# Degree s of the polynomial, its packed coefficients a, the initial numbers m, for the dimensions from the second on.
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
    """An estimate and its standard error."""

    value: float
    standard_error: float


def radical_inverse(n: Int[np.ndarray, " n_points"], base: int) -> Float[np.ndarray, " n_points"]:
    """Mirror whole numbers at the point, equation (1).

    Parameters
    ----------
    n : ndarray
        Whole numbers, not negative and below 2^32.
    base : int
        The base, from 2 to 1000.

    Returns
    -------
    ndarray
        Fractions from 0 to below 1, each the float nearest to the exact one: the mirrored digits make a whole number, which is divided once by
        a power of the base. Both are below 2^53 for the numbers and bases allowed.

    Raises
    ------
    ValueError
        If an n is negative or too large, or `base` is not from 2 to 1000.

    Examples
    --------
    >>> print(radical_inverse(np.arange(7), 2), radical_inverse(np.array([6]), 3).round(4))
    [0.    0.5   0.25  0.75  0.125 0.625 0.375] [0.2222]
    """
    # given: the checks
    if not ((n >= 0) & (n < 2**32)).all():
        raise ValueError(f"n must lie between 0 and 2^32, got {n.min()} to {n.max()}")
    if not 2 <= base <= 1000:
        raise ValueError(f"base must be from 2 to 1000, got {base}")
    raise NotImplementedError("not written yet: radical_inverse")


def halton(n_points: int, bases: Sequence[int]) -> Float[np.ndarray, "n_points dim"]:
    """Return the first points of Halton's sequence, equation (2).

    Parameters
    ----------
    n_points : int
        How many points, beginning with number 0, the origin.
    bases : sequence of int
        A base for each dimension. No two have a common factor.

    Returns
    -------
    ndarray
        The points, one a row.

    Raises
    ------
    ValueError
        If `n_points` is below 1, there are no bases, or two of them have a common factor.

    Examples
    --------
    >>> print(halton(4, [2, 3]).round(4).tolist())
    [[0.0, 0.0], [0.5, 0.3333], [0.25, 0.6667], [0.75, 0.1111]]
    """
    # given: the checks
    if n_points < 1:
        raise ValueError(f"n_points must be at least 1, got {n_points}")
    if len(bases) == 0 or math.lcm(*bases) != math.prod(bases):
        raise ValueError(f"bases must have no common factors, got {list(bases)}")
    raise NotImplementedError("not written yet: halton")


def direction_numbers(degree: int, coefficients: int, initial: Sequence[int]) -> Int[np.ndarray, " n_bits"]:
    r"""Return the 32 direction numbers of one dimension, equation (4).

    Parameters
    ----------
    degree : int
        The degree s of the polynomial, at least 1.
    coefficients : int
        The packed number a: its highest bit, worth $2^{s - 2}$, is $a_1$, its lowest $a_{s - 1}$. It is 0 for degree 1, which has none of them.
    initial : sequence of int
        $m_1, \dots, m_s$.

    Returns
    -------
    ndarray
        $v_1, \dots, v_{32}$, whole numbers below 2^32 (int64).

    Raises
    ------
    ValueError
        If there are not as many initial numbers as `degree` says, or one of them, $m_k$, is not odd and below $2^k$.

    Examples
    --------
    >>> print(direction_numbers(2, 1, [1, 3])[:4] / 2**32)
    [0.5    0.75   0.375  0.5625]
    """
    # given: the check
    if len(initial) != degree or not all(m % 2 == 1 and 0 < m < 2**k for k, m in enumerate(initial, start=1)):
        raise ValueError(f"initial must be {degree} odd numbers, the k-th below 2^k, got {list(initial)}")
    raise NotImplementedError("not written yet: direction_numbers")


def directions(dim: int) -> Int[np.ndarray, "dim n_bits"]:  # given: Joe and Kuo's choice
    """Return the direction numbers of the first dimensions, a row for each.

    Parameters
    ----------
    dim : int
        How many dimensions, up to 21.

    Returns
    -------
    ndarray
        Direction numbers: of van der Corput's sequence in the first row, by `direction_numbers` in the others.

    Raises
    ------
    ValueError
        If `dim` is below 1 or above 21.

    Examples
    --------
    >>> print(directions(3)[:, :3] / 2**32)
    [[0.5   0.25  0.125]
     [0.5   0.75  0.625]
     [0.5   0.75  0.375]]
    """
    if not 1 <= dim <= len(JOE_KUO) + 1:
        raise ValueError(f"dim must be from 1 to {len(JOE_KUO) + 1}, got {dim}")
    first = 1 << np.arange(N_BITS - 1, -1, -1)
    return np.stack([first, *(direction_numbers(*row) for row in JOE_KUO[: dim - 1])])


def sobol(n_points: int, directions: Int[np.ndarray, "dim n_bits"]) -> Int[np.ndarray, "n_points dim"]:
    """Return the first points of Sobol's sequence as whole numbers, in the order of the Gray code, by (5).

    Parameters
    ----------
    n_points : int
        How many points, beginning with number 0, the origin. It need not be a power of 2.
    directions : ndarray
        The direction numbers, a row for each dimension.

    Returns
    -------
    ndarray
        The points, one a row, each coordinate a whole number below 2^32 (int64): divide by 2^32 for points of the cube.

    Raises
    ------
    ValueError
        If `n_points` is below 1 or above 2^32.

    Examples
    --------
    >>> print((sobol(5, directions(3)) / 2**32).tolist()[2:])
    [[0.75, 0.25, 0.25], [0.25, 0.75, 0.75], [0.375, 0.375, 0.625]]
    """
    # given: the check
    if not 1 <= n_points <= 2**N_BITS:
        raise ValueError(f"n_points must be from 1 to 2^{N_BITS}, got {n_points}")
    raise NotImplementedError("not written yet: sobol")


def scramble(points: Int[np.ndarray, "n_points dim"], *, rng: np.random.Generator) -> Float[np.ndarray, "n_points dim"]:
    """Scramble the bits of points, each dimension on its own, by (6).

    Parameters
    ----------
    points : ndarray
        Whole numbers below 2^32, as `sobol` returns them.
    rng : numpy.random.Generator
        Source of randomness: a matrix and a shift for each dimension, the same for all points.

    Returns
    -------
    ndarray
        Points in the open cube: if the scrambled whole number is y, the coordinate is (y + 1/2) / 2^32. Each is uniform; any two points whose
        coordinates agree in exactly the first k bits still do so afterwards.

    Raises
    ------
    ValueError
        If a coordinate is not from 0 to below 2^32.

    Examples
    --------
    >>> points = scramble(sobol(4, directions(2)), rng=np.random.default_rng(0))
    >>> print(np.sort(np.floor(4 * points), axis=0).T)
    [[0. 1. 2. 3.]
     [0. 1. 2. 3.]]
    """
    # given: the check
    if points.size and not (points.min() >= 0 and points.max() < 2**N_BITS):
        raise ValueError(f"points must be from 0 to below 2^{N_BITS}, got {points.min()} to {points.max()}")
    raise NotImplementedError("not written yet: scramble")


def star_discrepancy(points: Float[np.ndarray, "n_points dim"]) -> float:
    """Return the star discrepancy, equation (7), by looking at all boxes that matter.

    Parameters
    ----------
    points : ndarray
        Points of the cube [0, 1]^dim, one a row, some of which may be equal. For few points, in one to three dimensions.

    Returns
    -------
    float
        The exact supremum; a coordinate of 1 counts as if it were a little less.

    Raises
    ------
    ValueError
        If there are no points, or one is outside the cube.

    Examples
    --------
    >>> print(f"{star_discrepancy(np.array([[0.2], [0.9]])):.4f}")
    0.4000
    """
    # given: the check
    if points.size == 0 or not ((points >= 0) & (points <= 1)).all():
        raise ValueError(f"points must lie in the cube, got {points}")
    raise NotImplementedError("not written yet: star_discrepancy")


def l2_star_discrepancy(points: Float[np.ndarray, "n_points dim"]) -> float:
    """Return the root mean square over all boxes of what (7) takes the supremum of, equation (8).

    Parameters
    ----------
    points : ndarray
        Points of the cube [0, 1]^dim, one a row.

    Returns
    -------
    float
        D_2, the root of (8).

    Raises
    ------
    ValueError
        If there are no points, or one is outside the cube.

    Examples
    --------
    >>> print(f"{l2_star_discrepancy(np.array([[0.2], [0.9]])):.4f}")
    0.1826
    """
    # given: the check
    if points.size == 0 or not ((points >= 0) & (points <= 1)).all():
        raise ValueError(f"points must lie in the cube, got {points}")
    raise NotImplementedError("not written yet: l2_star_discrepancy")


def mean_of(  # given: a careful call
    function: Callable[[Float[np.ndarray, "n_points dim"]], Float[np.ndarray, " n_points"]],
    points: Float[np.ndarray, "n_points dim"],
) -> float:
    """Return the mean of a function over some points.

    Parameters
    ----------
    function : callable
        Takes points, one a row, and returns its value at each.
    points : ndarray
        The points.

    Returns
    -------
    float
        The mean of the values.

    Raises
    ------
    ValueError
        If there is not one value for each point, or one is not finite.

    Examples
    --------
    >>> mean_of(lambda x: x[:, 0], np.array([[0.25], [0.5]]))
    0.375
    """
    values = np.asarray(function(points), dtype=np.float64)
    if values.shape != points.shape[:1] or not np.isfinite(values).all():
        raise ValueError(f"function must return {len(points)} finite values, got {values}")
    return float(values.mean())


def integrate(
    function: Callable[[Float[np.ndarray, "n_points dim"]], Float[np.ndarray, " n_points"]],
    dim: int,
    n_points: int,
    *,
    n_replicates: int = 16,
    rng: np.random.Generator,
) -> Estimate:
    """Integrate a function over the cube by independent scramblings of Sobol points, equation (9).

    Parameters
    ----------
    function : callable
        Takes points, one a row, and returns its value at each. Call it once for each replicate, with its n_points points, through the given
        `mean_of(function, points)`.
    dim : int
        The dimension, up to 21.
    n_points : int
        The number of points of each replicate; best a power of 2.
    n_replicates : int
        How many scramblings, at least two.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Estimate
        The mean over the replicates, and its standard error.

    Raises
    ------
    ValueError
        If `n_replicates` is below 2, or a value of the function is not finite; and from `sobol` and `directions`, if `n_points` or `dim` cannot be.

    Examples
    --------
    >>> estimate = integrate(lambda x: np.exp(x.sum(axis=1)), 2, 256, rng=np.random.default_rng(0))
    >>> print(f"{estimate.value:.4f} {(math.e - 1) ** 2:.4f} {estimate.standard_error < 1e-3}")
    2.9525 2.9525 True
    """
    # given: the check
    if n_replicates < 2:
        raise ValueError(f"n_replicates must be at least 2, got {n_replicates}")
    raise NotImplementedError("not written yet: integrate")
