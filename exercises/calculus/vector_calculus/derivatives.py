r"""Divergence, curl and Laplacian: derivatives of fields, given as functions and on grids.

## Idea

A *field* assigns a number or a vector to every point: a temperature, a wind, the gradient of a log density. Three
combinations of its derivatives have a meaning of their own, whatever axes you choose. The **divergence** says how much
more flows out of a small box than into it. The **curl** says how fast a small paddle wheel would be spun. The
**Laplacian** says how far a value lies below the average of its neighbours. Heat, waves and images are computed with
them; score matching needs a divergence, a normalizing flow in continuous time integrates one, and the graph Laplacian
of spectral clustering is the third on other grids.

## Maths

**Of functions.** For a vector field $F : \mathbb{R}^n \to \mathbb{R}^n$ let $J_{ij} = \partial F_i / \partial x_j$ be
the Jacobian. Central differences give it column by column, one for each axis $e_j$, at any number of points at once:

$$J_{\cdot j}(x) \approx \frac{F(x + h e_j) - F(x - h e_j)}{2 h}. \tag{1}$$

What flows out of a box through its two faces across axis $i$, per volume, is $\partial F_i / \partial x_i$. All pairs
of faces together make the divergence

$$\operatorname{div} F = \sum_i \frac{\partial F_i}{\partial x_i}. \tag{2}$$

In three dimensions the antisymmetric half of $J$ has three numbers. They turn a small wheel about each axis, and
make the curl

$$\operatorname{curl} F = \left( \frac{\partial F_3}{\partial x_2} - \frac{\partial F_2}{\partial x_3},\;
\frac{\partial F_1}{\partial x_3} - \frac{\partial F_3}{\partial x_1},\;
\frac{\partial F_2}{\partial x_1} - \frac{\partial F_1}{\partial x_2} \right). \tag{3}$$

Each component goes through the axes in turn, 1, 2, 3, 1, 2. For a field in the plane only the last one is left, a
single number.

The Laplacian of a function $f : \mathbb{R}^n \to \mathbb{R}$ is the divergence of its gradient, which needs only values
of $f$:

$$\Delta f(x) = \sum_i \frac{\partial^2 f}{\partial x_i^2} \approx \sum_i \frac{f(x + h e_i) - 2 f(x) + f(x - h e_i)}{h^2}. \tag{4}$$

**On grids.** Let $u_0, \dots, u_{m-1}$ be values at equal distances $h$ along one axis. Inside, the slope is central,

$$u'_k \approx \frac{u_{k+1} - u_{k-1}}{2h}. \tag{5}$$

At the ends there is a neighbour on one side only. Three values there have a parabola through them, whose slope at the
first is

$$u'_0 \approx \frac{-3 u_0 + 4 u_1 - u_2}{2h}, \tag{6}$$

and at the last the same read from the other side, with all signs turned. Both formulas are right for parabolas, and so
of second order. Divergence and curl are (2) and (3) with these slopes. Slopes along two different axes can be taken in
either order with the same result, so that

$$\operatorname{curl} \operatorname{grad} f = 0, \qquad \operatorname{div} \operatorname{curl} F = 0 \tag{7}$$

hold on the grid to rounding, as they do for smooth fields. Taking (5) twice to get a second derivative reaches two
neighbours away and misses the fastest ripple, plus, minus, plus, minus. So the Laplacian uses

$$u''_k \approx \frac{u_{k+1} - 2 u_k + u_{k-1}}{h^2}, \qquad u''_0 \approx \frac{2 u_0 - 5 u_1 + 4 u_2 - u_3}{h^2}, \tag{8}$$

the second again read from the other side at the last value: four values make it right for cubics, and of second order.
The sum over all axes is the Laplacian.

## Worked example

$F(x, y) = (x^2 y, -x y)$ at $(2, 3)$. The Jacobian is $\begin{pmatrix} 2xy & x^2 \\ -y & -x \end{pmatrix} =
\begin{pmatrix} 12 & 4 \\ -3 & -2 \end{pmatrix}$, so the divergence is $12 - 2 = 10$ and the curl $-3 - 4 = -7$: a wheel
there would turn clockwise.

On a line with $h = 0.5$ the values of $u = x^2$ at $0, 0.5, 1, 1.5$ are $0, 0.25, 1, 2.25$. By (5) the slope at 1 is
$(2.25 - 0.25) / 1 = 2$; by (6) that at 0 is $(0 + 1 - 1) / 1 = 0$. By (8) the second derivative at 0.5 is
$(1 - 0.5 + 0) / 0.25 = 2$ and at 0 it is $(0 - 1.25 + 4 - 2.25) / 0.25 = 2$. All are exact.

## Plan

Points are handed over as rows. A vector field on a grid has its components along the first axis of the array, and the
grid's axes after it.

| part | takes | returns | by |
|---|---|---|---|
| `jacobians` | a vector field as a function, points | the Jacobian at each point | (1) |
| `divergence` | Jacobians | a number for each | (2) |
| `curl` | Jacobians in two or three dimensions | a number or a vector for each | (3) |
| `laplacian` | a function, points | a number for each | (4) |
| `grid_partial` | values on a grid, an axis, a distance | the slopes along that axis | (5), (6) |
| `grid_divergence` | a field on a grid, distances | a number at each node | (2) |
| `grid_curl` | a field on a grid, distances | a number or a vector at each node | (3) |
| `grid_laplacian` | values on a grid, distances | a number at each node | (8) |

## Pitfalls

- The curl has the right size and the wrong sign, or only its middle component does.
- The divergence comes out right for $F(x, y) = (f(x), g(y))$ and wrong for everything else, or the other way round: an
  axis was mistaken for another.
- All is well inside, and the error at the edge is a hundred times larger.
- A grid with different distances along its axes gives nonsense, where one with equal ones does not.
- `values[k - 1]` at $k = 0$ is the other end of the grid: no error, and a slope as if the world were a ring.
- The Laplacian with $h = 10^{-8}$ is all noise.

## Cost

For a function: $2n$ evaluations at all points for (1), $2n + 1$ for (4). On a grid: a few operations for each node and
axis, all of them in whole-array form, and limited by memory rather than arithmetic. For 1000 by 800 nodes the benchmark
finds `grid_partial` at 1.2 to 1.3 times the time of `numpy.gradient`, which does the same, and `grid_laplacian` at 1.7
times that of SciPy's compiled one.

## Go further

Experiment: put the ripple $(-1)^k$ into (5) twice and into (8), and compare. A stretch goal: solve $u_t = \Delta u$ on
a photograph for a while, and watch it blur; too large a step in time makes the ripple explode, at $h^2 / 4$ in the
plane.

## References

1. LeVeque (2007), Finite difference methods for ordinary and partial differential equations, chapter 1,
   https://doi.org/10.1137/1.9780898717839
2. Fornberg (1988), Generation of finite difference formulas on arbitrarily spaced grids,
   https://doi.org/10.1090/S0025-5718-1988-0935077-0
3. Hyvärinen (2005), Estimation of non-normalized statistical models by score matching,
   https://jmlr.org/papers/v6/hyvarinen05a.html
"""

# 8 parts to write. Test them with: pytest exercises/calculus/vector_calculus/derivatives.py
# To be written without: numpy.gradient, numpy.diff, scipy.ndimage, scipy.signal, scipy.differentiate, torch, findiff

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

Points = Float[np.ndarray, "n_points n"]
Jacobians = Float[np.ndarray, "*batch n n"]
Grid = Float[np.ndarray, "*shape"]
VectorField = Callable[[np.ndarray], np.ndarray]
Function = Callable[[np.ndarray], np.ndarray]


def _finite(values: np.ndarray, name: str) -> np.ndarray:  # given: argument checks
    """Return the values as an array of floats, or raise a ValueError that says what is wrong with them."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{name} must be an array of real, finite numbers, got {values!r}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _points(points: np.ndarray, step: float) -> np.ndarray:  # given: argument checks
    """Return the points, if they and the step are fit for differences."""
    points = _finite(points, "points").astype(np.float64)  # single precision would leave no digits
    if points.ndim != 2:
        raise ValueError(f"points must have the shape (n_points, n), got {points.shape}")
    if not 0 < step < np.inf:
        raise ValueError(f"step must be positive and finite, got {step}")
    return points


def _checked(f: Callable[[np.ndarray], np.ndarray], name: str, vector: bool) -> Function:  # given: argument checks
    """Return the function with its values checked: finite, and one number or one vector for each point."""

    def checked(points: np.ndarray) -> np.ndarray:
        values, shape = np.asarray(f(points)), points.shape if vector else points.shape[:1]
        if values.shape != shape:
            raise ValueError(
                f"{name} must return the shape {shape} for points of the shape {points.shape}, got {values.shape}"
            )
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite around the points, got {values}")
        return values

    return checked


def _square(jacobian: np.ndarray) -> np.ndarray:  # given: argument checks
    """Return Jacobians, the last two axes of which are equally long."""
    jacobian = _finite(jacobian, "jacobian")
    if jacobian.ndim < 2 or jacobian.shape[-1] != jacobian.shape[-2]:
        raise ValueError(f"jacobian must have the shape (..., n, n), got {jacobian.shape}")
    return jacobian


def _grid(
    values: np.ndarray, name: str, least: int, spacings: Sequence[float], vector: bool
) -> np.ndarray:  # given: checks
    """Return values on a grid, of at least so many nodes along each axis."""
    values = _finite(values, name)
    shape = values.shape[1:] if vector else values.shape
    if vector and len(values) != len(shape):
        raise ValueError(f"{name} must have as many components as the grid has axes, got the shape {values.shape}")
    if not shape or min(shape) < least:
        raise ValueError(f"{name} must have at least {least} nodes along each axis, got the shape {values.shape}")
    if len(spacings) != len(shape) or not all(0 < h < np.inf for h in spacings):
        raise ValueError(f"spacings must be {len(shape)} positive numbers, one for each axis, got {spacings}")
    return values


def jacobians(field: VectorField, points: Points, step: float = 1e-5) -> Float[np.ndarray, "n_points n n"]:
    """Return the Jacobian of a vector field at each point by central differences, equation (1).

    Parameters
    ----------
    field : callable
        Takes points as rows, and returns a vector for each, as rows.
    points : ndarray
        The points, one a row.
    step : float
        The distance $h$. Positive.

    Returns
    -------
    ndarray
        The Jacobians: entry `p, i, j` is the slope of component `i` along axis `j` at point `p`.

    Raises
    ------
    ValueError
        If `points` are not finite numbers with two axes, `step` is not positive, or `field` returns something else than
        a finite vector for each point.

    Examples
    --------
    >>> field = lambda x: np.stack([x[:, 0] ** 2 * x[:, 1], -x[:, 0] * x[:, 1]], axis=1)
    >>> jacobians(field, np.array([[2.0, 3.0]])).round(4)
    array([[[12.,  4.],
            [-3., -2.]]])
    """
    # given: the checks
    points, field = _points(points, step), _checked(field, "field", vector=True)
    raise NotImplementedError("not written yet: jacobians")


def divergence(jacobian: Jacobians) -> Float[np.ndarray, "*batch"]:
    """Return the divergence of a vector field from its Jacobians, equation (2).

    Parameters
    ----------
    jacobian : ndarray
        Jacobians in the last two axes, any number of them.

    Returns
    -------
    ndarray
        A number for each.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, or the last two axes not equally long.

    Examples
    --------
    >>> divergence(np.array([[12.0, 4.0], [-3.0, -2.0]]))
    array(10.)
    """
    # given: the check
    jacobian = _square(jacobian)
    raise NotImplementedError("not written yet: divergence")


def curl(jacobian: Jacobians) -> Float[np.ndarray, "..."]:
    """Return the curl of a vector field from its Jacobians, equation (3).

    Parameters
    ----------
    jacobian : ndarray
        Jacobians in the last two axes, 2 by 2 or 3 by 3, any number of them.

    Returns
    -------
    ndarray
        In three dimensions a vector for each, along the last axis; in the plane a number for each.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, or the last two axes not both of length 2 or 3.

    Examples
    --------
    >>> curl(np.array([[12.0, 4.0], [-3.0, -2.0]]))
    array(-7.)
    >>> curl(np.array([[0.0, 0.0, 7.0], [0.0, 0.0, 0.0], [2.0, 5.0, 0.0]]))
    array([5., 5., 0.])
    """
    # given: the check
    jacobian = _square(jacobian)
    if jacobian.shape[-1] not in (2, 3):
        raise ValueError(f"jacobian must be 2 by 2 or 3 by 3 in its last axes, got the shape {jacobian.shape}")
    raise NotImplementedError("not written yet: curl")


def laplacian(f: Function, points: Points, step: float = 1e-4) -> Float[np.ndarray, " n_points"]:
    """Return the Laplacian of a function at each point by second differences, equation (4).

    Parameters
    ----------
    f : callable
        Takes points as rows, and returns a number for each.
    points : ndarray
        The points, one a row.
    step : float
        The distance $h$. Positive.

    Returns
    -------
    ndarray
        The Laplacian at each point.

    Raises
    ------
    ValueError
        If `points` are not finite numbers with two axes, `step` is not positive, or `f` returns something else than a
        finite number for each point.

    Examples
    --------
    >>> laplacian(lambda x: x[:, 0] ** 2 * x[:, 1], np.array([[2.0, 3.0], [1.0, -2.0]])).round(4)
    array([ 6., -4.])
    """
    # given: the checks
    points, f = _points(points, step), _checked(f, "f", vector=False)
    raise NotImplementedError("not written yet: laplacian")


def grid_partial(values: Grid, axis: int, spacing: float) -> Grid:
    """Return the slopes along an axis of a grid, equations (5) and (6).

    Parameters
    ----------
    values : ndarray
        Values on a grid of any number of axes, with at least three nodes along `axis`.
    axis : int
        The axis; negative ones count from the last.
    spacing : float
        The distance $h$ of neighbours along it. Positive.

    Returns
    -------
    ndarray
        The slope at each node. Single precision if the values are.

    Raises
    ------
    ValueError
        If the values are not real and finite, the grid has no such axis or too few nodes along it, or `spacing` is not
        positive.

    Examples
    --------
    >>> grid_partial(np.array([0.0, 0.25, 1.0, 2.25]), 0, 0.5)
    array([0., 1., 2., 3.])
    """
    # given: the checks
    values = _finite(values, "values")
    if not -values.ndim <= axis < values.ndim:
        raise ValueError(f"axis must be one of the {values.ndim} axes of the grid, got {axis}")
    if values.shape[axis] < 3:
        raise ValueError(f"values must have at least 3 nodes along the axis, got {values.shape[axis]}")
    if not 0 < spacing < np.inf:
        raise ValueError(f"spacing must be positive and finite, got {spacing}")
    raise NotImplementedError("not written yet: grid_partial")


def grid_divergence(field: Float[np.ndarray, "n *shape"], spacings: Sequence[float]) -> Float[np.ndarray, "*shape"]:
    """Return the divergence of a vector field on a grid, equation (2).

    Parameters
    ----------
    field : ndarray
        The components along the first axis, as many as the grid has axes; then the grid, at least three nodes along
        each axis.
    spacings : sequence of float
        The distance of neighbours along each axis of the grid. Positive.

    Returns
    -------
    ndarray
        The divergence at each node.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, their shape is not as above, or `spacings` are not positive, one for
        each axis.

    Examples
    --------
    >>> x, y = np.meshgrid([0.0, 1.0, 2.0], [0.0, 0.5, 1.0, 1.5], indexing="ij")
    >>> grid_divergence(np.stack([3 * x, x - y]), (1.0, 0.5))[0]
    array([2., 2., 2., 2.])
    """
    # given: the checks
    field = _grid(field, "field", 3, spacings, vector=True)
    raise NotImplementedError("not written yet: grid_divergence")


def grid_curl(field: Float[np.ndarray, "n *shape"], spacings: Sequence[float]) -> Float[np.ndarray, "..."]:
    """Return the curl of a vector field on a grid in two or three dimensions, equation (3).

    Parameters
    ----------
    field : ndarray
        The components along the first axis, two or three, as many as the grid has axes; then the grid, at least three
        nodes along each axis.
    spacings : sequence of float
        The distance of neighbours along each axis of the grid. Positive.

    Returns
    -------
    ndarray
        In three dimensions a field like the given one; in the plane a number at each node.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, their shape is not as above, or `spacings` are not positive, one for
        each axis.

    Examples
    --------
    >>> x, y = np.meshgrid([0.0, 1.0, 2.0], [0.0, 0.5, 1.0, 1.5], indexing="ij")
    >>> grid_curl(np.stack([-3 * y, 2 * x]), (1.0, 0.5))[0]
    array([5., 5., 5., 5.])
    """
    # given: the checks
    field = _grid(field, "field", 3, spacings, vector=True)
    if len(field) not in (2, 3):
        raise ValueError(f"field must have 2 or 3 components, got {len(field)}")
    raise NotImplementedError("not written yet: grid_curl")


def grid_laplacian(values: Grid, spacings: Sequence[float]) -> Grid:
    """Return the Laplacian on a grid, equation (8).

    Parameters
    ----------
    values : ndarray
        Values on a grid of any number of axes, with at least four nodes along each.
    spacings : sequence of float
        The distance of neighbours along each axis of the grid. Positive.

    Returns
    -------
    ndarray
        The Laplacian at each node. Single precision if the values are.

    Raises
    ------
    ValueError
        If the values are not real and finite, the grid has too few nodes along an axis, or `spacings` are not positive,
        one for each axis.

    Examples
    --------
    >>> grid_laplacian(np.array([0.0, 0.25, 1.0, 2.25]), [0.5])
    array([2., 2., 2., 2.])
    """
    # given: the checks
    values = _grid(values, "values", 4, spacings, vector=False)
    raise NotImplementedError("not written yet: grid_laplacian")
