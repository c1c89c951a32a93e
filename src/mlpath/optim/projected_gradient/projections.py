r"""Projections onto convex sets: the nearest point that is allowed.

## Idea

Weights must not be negative, probabilities must sum to 1, a budget must be kept: many problems of optimisation have
constraints. If a step has led out of what is allowed, go to the nearest point that is allowed: that is the projection.
For a convex set there is exactly one such point, and for a surprising number of sets it costs no more than a sort. And
where the set is an overlap of several, each of them simple, it can be found by projecting on one after the other, if
one keeps account of what each projection has taken away.

## Maths

Let $C$ be a closed convex set. The **projection** of $x$ is

$$P_C(x) = \arg\min_{y \in C} \tfrac12 \|y - x\|^2 . \tag{1}$$

**What marks it.** Let $p = P_C(x)$ and walk from there towards any $y \in C$. The points $p + t (y - p)$ are all in
$C$, so none is nearer: $\|x - p\|^2 \le \|x - p - t (y - p)\|^2$ for $0 \le t \le 1$. Expand, divide by $t$ and let
$t$ go to 0:

$$(x - p)^\top (y - p) \le 0 \quad \text{for all } y \in C. \tag{2}$$

From $p$, the outside point lies in a direction that makes no acute angle with any direction into the set. Conversely, a
$p \in C$ with (2) is the nearest point. This is how to check each formula below.

**It brings points together.** Add (2) for $x$ with $y = P_C(z)$ to (2) for $z$ with $y = P_C(x)$:

$$\|P_C(x) - P_C(z)\|^2 \le (x - z)^\top (P_C(x) - P_C(z)), \tag{3}$$

and by Cauchy and Schwarz the distance of two points never grows.

**Box** $l \le y \le u$. The square in (1) is a sum over coordinates, and each can be minimised alone:

$$P(x)_i = \min\{\max\{x_i, l_i\}, u_i\}. \tag{4}$$

**Ball** $\|y - c\| \le r$. From outside, go towards the centre until the sphere:

$$P(x) = c + \frac{r\,(x - c)}{\max\{r, \|x - c\|\}} . \tag{5}$$

**Half-space** $a^\top y \le b$. From outside, go against $a$, whose length must cancel, until $a^\top y = b$:

$$P(x) = x - \max\{0,\ a^\top x - b\}\, \frac{a}{\|a\|^2} . \tag{6}$$

**Affine set** $A y = b$. Now (2) holds with equality: $x - p$ is orthogonal to the set, so it is a combination of the
rows of $A$. With $A = U \Sigma V^\top$, of which only the $\sigma_i > 0$ count,

$$P(x) = x - V \Sigma^{-1} U^\top (A x - b), \tag{7}$$

whether the rows are independent or not. The set is empty unless $b$ is in the range of $A$, that is $U U^\top b = b$.
What is small depends on units: one row may be in metres, the next in kilometres. So first divide each row, with its
entry of $b$, by its length (which changes no solution); then count those $\sigma_i$ that exceed $m\,n$ times the
precision of the numbers, for $A$ of shape $m \times n$.

**Simplex** $y \ge 0$, $\sum_i y_i = r$. Give the sum a multiplier $\theta$. Setting the derivative to zero where
$y_i > 0$ gives $y_i = x_i - \theta$, and where $y_i = 0$ we must have $x_i \le \theta$. So

$$P(x)_i = \max\{x_i - \theta,\ 0\}, \qquad \textstyle\sum_i \max\{x_i - \theta, 0\} = r . \tag{8}$$

Only one number is unknown. Sort the entries, $u_1 \ge u_2 \ge \dots$ If the first $k$ are the ones that stay positive,
the sum in (8) gives

$$\theta = \frac{u_1 + \dots + u_k - r}{k} , \tag{9}$$

and the right $k$ is the last for which $u_k$ exceeds this $\theta$. To adding a constant to all of $x$, (8) is blind:
$\theta$ grows by it, too. So subtract the largest entry first. All that matters then lies between $-r$ and 0, since the
largest, $0 - \theta$, cannot be more than $r$: lower entries may be raised to $-r$ without any effect, and no digits
are lost to large sums.

**Ball of the 1-norm** $\|y\|_1 \le r$. Signs do not change, and the sizes of a point outside land on the simplex:

$$P(x)_i = \operatorname{sign}(x_i)\, P_{\text{simplex}}(|x|)_i \quad \text{if } \|x\|_1 > r . \tag{10}$$

**Second-order cone**, the points $(v, t)$ with $\|v\| \le t$. In the plane of $v$ and the axis, it is a wedge between
two diagonals. A point beside it goes to the nearest of the diagonals, at right angles, and a point that is below the
opposite cone goes to the tip:

$$P(v, t) = s \left(\frac{v}{\|v\|},\ 1\right), \quad s = \max\left\{\frac{\|v\| + t}{2},\ 0\right\}
\quad \text{if } \|v\| > t . \tag{11}$$

**Several sets.** Projecting on $C_1, \dots, C_m$ in turn, for ever, leads to a point of $\bigcap C_i$, but not to the
nearest one. Boyle and Dykstra's method does [1]. Each set keeps a correction $q_i$, 0 at first, for what its projection
took away the last time. This is given back before the set's turn comes again:

$$y = x + q_i, \qquad x \leftarrow P_{C_i}(y), \qquad q_i \leftarrow y - x . \tag{12}$$

The sum $x + \sum_i q_i$ never changes: it stays the starting point $x_0$. Suppose that for a whole cycle $x$ does not
move. Then it is in every set; by (2), each $q_i$ makes no acute angle with any direction into $C_i$; so neither does
their sum, $x_0 - x$, with a direction into all. That is (2) for the intersection: $x$ is the projection. So

$$\text{stop when no projection of a cycle has moved } x \text{ by more than a tolerance.} \tag{13}$$

To compare $x$ at the ends of two cycles only would not do: it may go out and come back, for a long time [2]. For two
lines that meet at an angle $\alpha$, the corrections change nothing, and each cycle multiplies the error by
$\cos^2 \alpha$.

## Worked example

- *Simplex, $r = 1$*, $x = (0.6, -0.5, 0.8)$. Sorted: $0.8, 0.6, -0.5$. (9) for $k = 1, 2, 3$: $-0.2, 0.2, -0.033$.
  The last $u_k$ above it is $u_2 = 0.6 > 0.2$. So $\theta = 0.2$ and $P(x) = (0.4, 0, 0.6)$. Check (2) with the corner
  $y = (0, 1, 0)$: $(0.2, -0.5, 0.2)^\top (-0.4, 1, -0.6) = -0.7$.
- *Cone*: $v = (3, 4)$, $t = 1$. $\|v\| = 5$, $s = 3$: the point goes to $(1.8, 2.4, 3)$.
- *Two sets*: the half-planes $y_2 \le 0$ and $y_1 + y_2 \le 0$, from $x_0 = (2, 1)$. The first takes it to $(2, 0)$,
  with $q_1 = (0, 1)$; the second to $(1, -1)$, with $q_2 = (1, 1)$. This is a point of both, and plain projections
  would stop here. But now $q_1$ is given back: $(1, 0)$ is allowed by the first, which keeps it, and $q_1 = 0$. The
  second, given back its $(1, 1)$, sees $(2, 1)$, and returns $(0.5, -0.5)$. There it stays: this is nearer to $(2, 1)$.

## Plan

Points come one at a time, or as many as you like along the last axis of an array, each projected by itself.

- `project_box` by (4), `project_ball` by (5), `project_half_space` by (6).
- `project_affine` by (7); it refuses equations without a solution.
- `project_simplex` by (8) and (9), `project_l1_ball` by (10).
- `project_second_order_cone` by (11).
- `dykstra` takes a point and a list of projections, and finds the projection onto the intersection by (12) and (13).

Given are the checks, and `norms`, the lengths of rows, which neither over- nor underflow.

## Pitfalls

- A point of the set does not come back as it was.
- The weights sum to 1.0000001 where the entries were large, or to something else altogether.
- Independent rows are needed where the set is the same without the surplus ones.
- All goes well for one point, and points in rows influence each other.
- The result lies in all of the sets, and a nearer point does too.
- Half of a cone's points land on its tip.

## Cost

A box, a ball, a half-space, a cone: O(dim) a point. Simplex and 1-norm: O(dim log dim) for the sort; the threshold can
be found in O(dim) on average [3, 4]. Affine: O($m^2 n$) once for the factors, then O($m n$) a point. Dykstra: one of
each a cycle; the number of cycles has no bound, and grows as the sets meet at smaller angles.

## Go further

- *Experiment*: draw the error of Dykstra's method against the cycle for a ball that a half-space only touches. Which
  power of the number of cycles is it?
- *Stretch*: find $\theta$ without sorting, as in [4]: guess it from all entries, drop those below, guess again.

## References

1. Boyle & Dykstra (1986), A method for finding projections onto the intersection of convex sets in Hilbert spaces,
   https://doi.org/10.1007/978-1-4613-9940-7_3
2. Birgin & Raydan (2005), Robust stopping criteria for Dykstra's algorithm, https://doi.org/10.1137/03060062X
3. Duchi, Shalev-Shwartz, Singer & Chandra (2008), Efficient projections onto the l1-ball for learning in high
   dimensions, https://doi.org/10.1145/1390156.1390191
4. Condat (2016), Fast projection onto the simplex and the l1 ball, https://doi.org/10.1007/s10107-015-0946-6
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import OptimizeResult
from mlpath.optim.gradient_descent import check_arguments

Points = Float[np.ndarray, "*points dim"]
Projection = Callable[[Float[np.ndarray, " dim"]], Float[np.ndarray, " dim"]]

CONVERGED = "converged: no projection of the last cycle moved the point by more than tol"
OUT_OF_STEPS = "stopped: max_iter cycles were made before the point came to rest"


def norms(x: Points) -> Float[np.ndarray, "*points 1"]:  # given: lengths that neither over- nor underflow
    """Return the Euclidean length of each point.

    Parameters
    ----------
    x : ndarray
        One point, or more along the last axis.

    Returns
    -------
    ndarray
        The lengths; the last axis has become 1.

    Examples
    --------
    >>> norms(np.array([[3.0, 4.0], [3e200, -4e200]]))
    array([[5.e+000],
           [5.e+200]])
    """
    scale = abs(x).max(axis=-1, keepdims=True, initial=0)
    scale = np.where(scale > 0, scale, np.ones_like(scale))
    return scale * np.linalg.norm(x / scale, axis=-1, keepdims=True)


def project_box(x: Points, lower: ArrayLike, upper: ArrayLike) -> Points:
    """Return the nearest points of a box, by equation (4).

    Parameters
    ----------
    x : ndarray
        One point, or more along the last axis. It is not changed.
    lower, upper : array_like
        The bounds: one number each, or one for each coordinate. They may be infinite, and they may be equal.

    Returns
    -------
    ndarray
        The projections, a new array in the precision of `x`. A point of the box comes back as it was.

    Raises
    ------
    ValueError
        If `x` is empty or not finite, a bound is NaN or does not fit, or a lower one is above the upper.

    Examples
    --------
    >>> project_box(np.array([1.5, -0.2, 7.0]), 0, [1, 2, np.inf])
    array([1., 0., 7.])
    """
    # given: the checks
    x = _points(x)
    low, high = _bound(lower, "lower", x), _bound(upper, "upper", x)
    if (low > high).any():
        raise ValueError(f"lower must not be above upper, got {lower} and {upper}")
    # yours
    return np.minimum(np.maximum(x, low), high)


def project_ball(x: Points, radius: float = 1.0, *, center: ArrayLike = 0.0) -> Points:
    """Return the nearest points of a ball, by equation (5).

    Parameters
    ----------
    x : ndarray
        One point, or more along the last axis. It is not changed.
    radius : float
        Positive.
    center : array_like
        One number, or one for each coordinate.

    Returns
    -------
    ndarray
        The projections, a new array in the precision of `x`. A point of the ball comes back as it was, to the last bit.
        Neither huge nor tiny numbers over- or underflow on the way.

    Raises
    ------
    ValueError
        If `x` is empty or not finite, `radius` is not positive and finite, or `center` is not finite or does not fit.

    Examples
    --------
    >>> project_ball(np.array([[3.0, 4.0], [0.3, 0.4]]), 2.0)
    array([[1.2, 1.6],
           [0.3, 0.4]])
    """
    # given: the checks
    x, radius = _points(x), _positive(radius)
    middle = _bound(center, "center", x)
    if not np.isfinite(middle).all():
        raise ValueError(f"center must be finite, got {center}")
    # yours
    away = x - middle
    lengths = norms(away)
    # the direction first: its product with the radius is the only one that cannot over- or underflow on the way
    return np.where(lengths <= radius, x, middle + away / np.maximum(lengths, radius) * radius)


def project_half_space(x: Points, normal: Float[np.ndarray, " dim"], offset: float) -> Points:
    """Return the nearest points of the half-space where `normal @ y <= offset`, by equation (6).

    Parameters
    ----------
    x : ndarray
        One point, or more along the last axis. It is not changed.
    normal : ndarray
        The vector $a$, of any length but 0; neither huge nor tiny ones lose digits.
    offset : float
        The bound $b$.

    Returns
    -------
    ndarray
        The projections, a new array in the precision of `x`. A point within the half-space comes back as it was; one on
        its border may move by a rounding.

    Raises
    ------
    ValueError
        If `x` is empty or not finite, `normal` is zero, not finite or not a vector of that size, or `offset` is not
        finite.

    Examples
    --------
    >>> project_half_space(np.array([[3.0, 1.0], [-1.0, 1.0]]), np.array([0.0, 2.0]), 1.0)
    array([[ 3. ,  0.5],
           [-1. ,  0.5]])
    """
    # given: the checks
    x = _points(x)
    normal = _rows(np.reshape(normal, (1, -1)), "normal", x)[0]
    if not normal.any() or not np.isfinite(offset):
        raise ValueError(f"normal must not be zero, and offset finite, got {normal} and {offset}")
    # yours
    length = norms(normal)[0]
    unit = normal / length
    excess = np.maximum(x @ unit - float(offset) / length, 0)
    return x - excess[..., None] * unit


def project_affine(x: Points, matrix: Float[np.ndarray, "n_rows dim"], rhs: Float[np.ndarray, " n_rows"]) -> Points:
    """Return the nearest solutions of linear equations, `matrix @ y = rhs`, by equation (7).

    Parameters
    ----------
    x : ndarray
        One point, or more along the last axis. It is not changed.
    matrix : ndarray
        The equations' coefficients, one equation a row, in any units. Rows may depend on each other, or be zero.
    rhs : ndarray
        The right sides.

    Returns
    -------
    ndarray
        The projections, a new array in the precision of `x`.

    Raises
    ------
    ValueError
        If `x` is empty or not finite, `matrix` or `rhs` is not finite or does not fit, or the equations contradict each
        other: once each row is divided by its length, the part of `rhs` outside the range of `matrix` is longer than
        the root of the precision times `rhs`.

    Examples
    --------
    >>> project_affine(np.array([3.0, 1.0, 5.0]), np.array([[1.0, 1.0, 0.0], [2.0, 2.0, 0.0]]), np.array([1.0, 2.0]))
    array([ 1.5, -0.5,  5. ])
    """
    # given: the checks, and rows of length 1 (or 0)
    x = _points(x)
    rows = _rows(matrix, "matrix", x)
    rhs = np.asarray(rhs, dtype=x.dtype)
    if rhs.shape != rows.shape[:1] or not np.isfinite(rhs).all():
        raise ValueError(f"rhs must be finite, with one number for each row of matrix, got {rhs}")
    lengths = norms(rows)
    lengths = np.where(lengths > 0, lengths, np.ones_like(lengths))
    rows, rhs = rows / lengths, rhs / lengths[:, 0]
    # yours
    u, s, vt = np.linalg.svd(rows, full_matrices=False)
    precision = np.finfo(x.dtype).eps
    rank = int((s > rows.size * precision).sum())
    u, s, vt = u[:, :rank], s[:rank], vt[:rank]
    if norms(rhs - u @ (u.T @ rhs)) > np.sqrt(precision) * norms(rhs):
        raise ValueError(f"rhs contradicts matrix: no point satisfies all equations, got {rhs}")
    return x - ((x @ rows.T - rhs) @ u / s) @ vt


def project_simplex(x: Points, radius: float = 1.0) -> Points:
    """Return the nearest points without negative entries that sum to `radius`, by equations (8) and (9).

    Parameters
    ----------
    x : ndarray
        One point, or more along the last axis. It is not changed.
    radius : float
        The sum. Positive.

    Returns
    -------
    ndarray
        The projections, a new array in the precision of `x`. However large the entries of `x`, the sum is right.

    Raises
    ------
    ValueError
        If `x` is empty or not finite, or `radius` is not positive and finite.

    Examples
    --------
    >>> project_simplex(np.array([[0.6, -0.5, 0.8], [2.0, 7.0, 3.0]])).round(4)
    array([[0.4, 0. , 0.6],
           [0. , 1. , 0. ]])
    """
    # given: the checks
    x, radius = _points(x), _positive(radius)
    # yours
    shifted = np.maximum(x - x.max(axis=-1, keepdims=True), -radius)
    falling = -np.sort(-shifted)
    thetas = (falling.cumsum(axis=-1) - radius) / np.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    last = (falling > thetas).sum(axis=-1, keepdims=True) - 1
    return np.maximum(shifted - np.take_along_axis(thetas, last, axis=-1), 0)


def project_l1_ball(x: Points, radius: float = 1.0) -> Points:
    """Return the nearest points whose absolute values sum to at most `radius`, by equation (10).

    Parameters
    ----------
    x : ndarray
        One point, or more along the last axis. It is not changed.
    radius : float
        Positive.

    Returns
    -------
    ndarray
        The projections, a new array in the precision of `x`. A point of the ball comes back as it was.

    Raises
    ------
    ValueError
        If `x` is empty or not finite, or `radius` is not positive and finite.

    Examples
    --------
    >>> project_l1_ball(np.array([[0.6, -0.5, 0.1], [-2.0, 7.0, 6.5]]), 1.5).round(4)
    array([[ 0.6, -0.5,  0.1],
           [-0. ,  1. ,  0.5]])
    """
    # given: the checks
    x, radius = _points(x), _positive(radius)
    # yours
    sizes = abs(x)
    inside = sizes.sum(axis=-1, keepdims=True) <= radius
    return np.where(inside, x, np.sign(x) * project_simplex(sizes, radius))


def project_second_order_cone(x: Points) -> Points:
    """Return the nearest points whose last entry is at least the length of all the others, by equation (11).

    Parameters
    ----------
    x : ndarray
        One point, or more along the last axis: the vector $v$ and, as last entry, the number $t$. It is not changed.

    Returns
    -------
    ndarray
        The projections, a new array in the precision of `x`. A point of the cone comes back as it was.

    Raises
    ------
    ValueError
        If `x` is empty or not finite.

    Examples
    --------
    >>> project_second_order_cone(np.array([[3.0, 4.0, 1.0], [3.0, 4.0, -6.0], [3.0, 4.0, 5.5]])).round(4)
    array([[1.8, 2.4, 3. ],
           [0. , 0. , 0. ],
           [3. , 4. , 5.5]])
    """
    # given: the checks
    x = _points(x)
    # yours
    v, t = x[..., :-1], x[..., -1:]
    lengths = norms(v)
    height = np.maximum((lengths + t) / 2, 0)
    direction = v / np.where(lengths > 0, lengths, np.ones_like(lengths))
    return np.where(lengths <= t, x, np.concatenate([height * direction, height], axis=-1))


def dykstra(
    start: ArrayLike,
    projections: Sequence[Projection],
    *,
    tol: float = 1e-10,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    """Project a point onto the intersection of several sets, by equation (12).

    Parameters
    ----------
    start : array_like
        The point $x_0$; not changed.
    projections : sequence of callable
        The projections onto the sets. They are called in this order, over and over.
    tol : float
        Converged when (13) holds: in a whole cycle no projection has moved any coordinate by more than `tol` times the
        largest entry of the start or of the point reached, whichever is larger.
    max_iter : int
        The largest number of cycles.
    record_path : bool
        Whether to keep the points after each cycle.

    Returns
    -------
    OptimizeResult
        With the fields `x`, the last point; `fun`, half of its squared distance from the start; `nit` cycles and `nfev`
        projections made; the bool `success`, and `message`, `CONVERGED` or `OUT_OF_STEPS`, which is what happens if the
        sets have no point in common; and `path`, None unless `record_path` is set, with `nit + 1` rows from the start
        to `x`.

    Raises
    ------
    ValueError
        If `start`, `tol` or `max_iter` is refused by gradient descent's `check_arguments`, there are no projections, or
        one returns the wrong shape or something that is not finite.

    Examples
    --------
    >>> def below(x):
    ...     return project_half_space(x, np.array([0.0, 1.0]), 0.0)
    >>> def left(x):
    ...     return project_half_space(x, np.array([1.0, 1.0]), 0.0)
    >>> result = dykstra([2.0, 1.0], [below, left])
    >>> result.x, result.nit, result.success
    (array([ 0.5, -0.5]), 3, True)
    """
    # given: the checks
    x = first = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter)
    projections = [_checked(project) for project in projections]
    if not projections:
        raise ValueError(f"projections must hold at least one, got {projections}")
    # yours
    corrections, nit, path, message = [np.zeros_like(x)] * len(projections), 0, [x], OUT_OF_STEPS
    while message == OUT_OF_STEPS and nit < max_iter:
        moved = 0.0
        for i, project in enumerate(projections):
            given_back = x + corrections[i]
            before, x = x, project(given_back)
            corrections[i] = given_back - x
            moved = max(moved, abs(x - before).max())
        nit += 1
        if record_path:
            path.append(x)
        if moved <= tol * max(abs(x).max(), abs(first).max()):
            message = CONVERGED
    value, rows = float((x - first) @ (x - first)) / 2, np.array(path) if record_path else None
    return OptimizeResult(x, value, nit, nit * len(projections), message == CONVERGED, message, rows)


def _points(x: ArrayLike) -> np.ndarray:  # given: the checks of points
    """Return points as an array of floats, or refuse them."""
    x = np.asarray(x)
    if x.ndim == 0 or not x.size or x.dtype.kind not in "fiu":
        raise ValueError(f"x must hold at least one point of at least one number, got shape {x.shape} of {x.dtype}")
    if not np.isfinite(x).all():
        raise ValueError(f"x must be finite, got {x}")
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def _positive(radius: float) -> float:  # given: the check of a radius
    """Return the radius as a number that changes no precision, or refuse it."""
    if not 0 < radius < np.inf:
        raise ValueError(f"radius must be positive and finite, got {radius}")
    return float(radius)


def _bound(values: ArrayLike, name: str, x: np.ndarray) -> np.ndarray:  # given: the check of one number a coordinate
    """Return the values in the precision of the points, or refuse what does not fit."""
    array = np.asarray(values, dtype=x.dtype)
    if array.shape not in ((), x.shape[-1:]) or np.isnan(array).any():
        raise ValueError(f"{name} must be one number, or one for each of {x.shape[-1]} coordinates, got {values}")
    return array


def _rows(values: ArrayLike, name: str, x: np.ndarray) -> np.ndarray:  # given: the check of a matrix
    """Return the matrix in the precision of the points, or refuse what does not fit."""
    rows = np.asarray(values, dtype=x.dtype)
    if rows.ndim != 2 or not rows.size or rows.shape[1] != x.shape[-1] or not np.isfinite(rows).all():
        raise ValueError(f"{name} must be finite with rows of {x.shape[-1]} numbers, got {values}")
    return rows


def _checked(project: Projection) -> Projection:  # given: the check of what a projection returns
    """Return the projection in the precision of its argument, refusing what would broadcast or is not finite."""

    def checked(x: Float[np.ndarray, " dim"]) -> Float[np.ndarray, " dim"]:
        found = np.asarray(project(x), dtype=x.dtype)
        if found.shape != x.shape or not np.isfinite(found).all():
            raise ValueError(f"projections must return finite points of shape {x.shape}, got {found}")
        return found

    return checked
