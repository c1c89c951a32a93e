r"""Line, surface and box integrals: potentials, and the theorems of Green, Stokes and Gauss.

## Idea

Integrals of fields add up what derivatives say locally: the work of a force along a path, the water that passes a net.
Three theorems tie the two together, each saying that the whole of a derivative inside is what happens at the edge. And
a field whose work depends on no path is the gradient of a *potential*: then one number per point tells all. A score
model in diffusion, a game's forces, the update of an optimiser: whether there is a potential behind them decides what
they can do.

## Maths

**Along a curve.** Let $r : [0, 1] \to \mathbb{R}^n$ be a curve with the velocity $\dot r$. In a time $dt$ it advances
by $\dot r\, dt$, along which $F$ does the work $F \cdot \dot r\, dt$:

$$\int_r F \cdot dr = \int_0^1 F(r(t)) \cdot \dot r(t)\, dt \approx \sum_k w_k\, F(r(t_k)) \cdot \dot r(t_k). \tag{1}$$

The nodes $t_k$ and weights $w_k$ are those of Gauss and Legendre on $[0, 1]$: with $m$ of them polynomials up to degree
$2m - 1$ are integrated exactly. Walking the same way faster changes nothing; walking backwards turns the sign.

**Potentials.** If $F = \nabla \varphi$, then $F \cdot \dot r$ is the derivative of $\varphi(r(t))$ by the chain rule,
and (1) is $\varphi(r(1)) - \varphi(r(0))$, whatever the way between. So a potential is found along the straight way
from some base $b$, where it is set to 0, wherever that way lies in the field's region:

$$\varphi(x) = \int_0^1 F\big(b + t (x - b)\big) \cdot (x - b)\, dt. \tag{2}$$

A gradient has the Hessian of $\varphi$ as its Jacobian, which is symmetric. Conversely, in a region without holes a
field with symmetric Jacobians has a potential. How far it is from that at a point, free of units:

$$\frac{\lVert J - J^\top \rVert_F}{2\, \lVert J \rVert_F}, \tag{3}$$

which is 0 for a gradient and 1 for a pure rotation.

On a grid with distances $h_1, h_2, \dots$, (1) along the grid lines becomes the trapezoidal rule. From node $0$ to node
$k$ of the first axis

$$\varphi_k = \sum_{j=1}^{k} h_1 \frac{F_{1,\, j-1} + F_{1,\, j}}{2}, \tag{4}$$

with all other indices 0; from each of these nodes go on along the second axis with $F_2$, and so forth.

**In a box.** The tensor rule takes each pair, triple, ... of nodes with the product of their weights. For the box from
$l$ to $u$, with $s_i = u_i - l_i$,

$$\int_{\text{box}} f\, dx \approx \prod_i s_i \sum_{k_1, \dots, k_n} w_{k_1} \cdots w_{k_n}\, f\big(l + s \odot (t_{k_1}, \dots, t_{k_n})\big). \tag{5}$$

What flows out through its faces is the sum over all axes of what leaves on the upper side less what enters on the
lower:

$$\text{flux} = \sum_i \left( \int_{x_i = u_i} F_i - \int_{x_i = l_i} F_i \right), \tag{6}$$

each an integral (5) over a box of one dimension less. By the fundamental theorem along axis $i$ each bracket is the
integral of $\partial F_i / \partial x_i$ over the box. Their sum is **Gauss's theorem**, in the plane one form of
Green's:

$$\text{flux} = \int_{\text{box}} \operatorname{div} F\, dx. \tag{7}$$

**On a surface.** Let $r(u, v)$ map the unit square into space. Its tangents $r_u$ and $r_v$ span a small parallelogram,
whose area and direction are their cross product. The flux of $G$ through the surface is

$$\int_S G \cdot dS = \int_0^1\!\!\int_0^1 G(r(u, v)) \cdot (r_u \times r_v)\, du\, dv. \tag{8}$$

The square's boundary, run through counterclockwise, is mapped to the boundary of the surface: $v = 0$ forwards in $u$,
then $u = 1$ forwards in $v$, $v = 1$ backwards in $u$ and $u = 0$ backwards in $v$. Small whirls inside cancel where
they touch, and what is left is the edge. That is **Stokes's theorem**,

$$\oint_{\partial S} F \cdot dr = \int_S \operatorname{curl} F \cdot dS, \tag{9}$$

and **Green's** for a surface that lies in the plane.

## Worked example

$F(x, y) = (-y, x)$ around the unit square. Along the lower side $y = 0$ and $F_1 = 0$: no work. On the right $x = 1$,
$F_2 = 1$: work 1. On top $y = 1$, $F_1 = -1$, walked towards the left: work 1. On the left $x = 0$: none. In all 2, and
the curl is 2 on an area of 1, as (9) says. The flux (6) is
$\int (-y)\, dy - \int (-y)\, dy + \int x\, dx - \int x\, dx = 0$, and the divergence is 0. (3) is 1, so there is no
potential: (2) from the origin would give 0 everywhere, as the way there is always across the flow, and its gradient is
not $F$.

## Plan

`nodes` gives the $t_k$ and $w_k$; a `Curve` is a pair of functions, a `Surface` three. These functions take many
parameters at once, as arrays.

| part | takes | returns | by |
|---|---|---|---|
| `line_integral` | a field, a curve | the work | (1) |
| `potential` | a field, a base, points | $\varphi$ at the points | (2) |
| `rotation_share` | a field, points | how far from a gradient at each | (3) |
| `grid_potential` | a field on a grid, distances | $\varphi$ at the nodes | (4) |
| `box_integral` | a function, a box | its integral | (5) |
| `box_flux` | a field, a box | what flows out | (6) |
| `surface_flux` | a field, a surface | what flows through | (8) |
| `boundary_circulation` | a field, a surface | the work around its edge | (9), left |

## Pitfalls

- The work comes out as a length times the field, without regard to direction; or it depends on how fast the curve is
  run through.
- A potential whose gradient is another field: there was none, and (2) does not notice.
- $(-y, x) / (x^2 + y^2)$ passes test (3) everywhere but at the origin, and makes the work $2\pi$ on each turn around
  it: the region has a hole.
- All terms of the flux are positive, though on the lower faces outwards is down.
- The flux through a sphere has the wrong sign: the normal points inwards. Exchanging $u$ and $v$ turns it, and the
  edge's sense with it.
- A kink in the curve spoils all digits but a few: Gauss's rule wants each smooth piece for itself.

## Cost

$m$ evaluations of the field for a curve, $m^2$ for a surface, $m^n$ for a box: 20 nodes in ten dimensions would be
$10^{13}$. Beyond four dimensions one draws points at random. For smooth fields the error falls faster than any power of
$m$.

## Go further

Experiment: the work of $(-y, x) / (x^2 + y^2)$ along curves that go around the origin twice, once backwards, or not at
all. A stretch goal: on a noisy grid (4) carries an error along each line. Find instead the $\varphi$ whose differences
fit $F$ best in least squares: it is a Poisson equation, and how depth is recovered from normals in photographs.

## References

1. Apostol (1969), Calculus, volume 2, chapters 10 to 12, ISBN 978-0-471-00007-5
2. Trefethen (2008), Is Gauss quadrature better than Clenshaw-Curtis?, https://doi.org/10.1137/060659831
3. Frankot & Chellappa (1988), A method for enforcing integrability in shape from shading algorithms,
   https://doi.org/10.1109/34.3909
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mlpath.calculus.vector_calculus.derivatives import jacobians

Points = Float[np.ndarray, "n_points n"]
VectorField = Callable[[np.ndarray], np.ndarray]
Function = Callable[[np.ndarray], np.ndarray]


class Curve(NamedTuple):
    """A curve, as two functions of the time from 0 to 1.

    Attributes
    ----------
    point, velocity : callable
        Take times, and return the points there and the velocities, one a row.

    Examples
    --------
    >>> line = Curve(lambda t: np.stack([t, 2 * t], axis=1), lambda t: np.tile([1.0, 2.0], (len(t), 1)))
    >>> line.point(np.array([0.0, 0.5]))
    array([[0. , 0. ],
           [0.5, 1. ]])
    """

    point: Callable[[np.ndarray], np.ndarray]
    velocity: Callable[[np.ndarray], np.ndarray]


class Surface(NamedTuple):
    """A surface in space, as three functions of two parameters from 0 to 1.

    Attributes
    ----------
    point, along_u, along_v : callable
        Take as many `u` as `v`, and return the points there and the tangents $r_u$ and $r_v$, one a row.

    Examples
    --------
    >>> ones = lambda u, v: np.ones_like(u)
    >>> slope = Surface(
    ...     lambda u, v: np.stack([u, v, 3 * u], axis=1),
    ...     lambda u, v: np.tile([1.0, 0.0, 3.0], (len(u), 1)),
    ...     lambda u, v: np.tile([0.0, 1.0, 0.0], (len(u), 1)),
    ... )
    >>> slope.point(np.array([0.5]), np.array([0.2]))
    array([[0.5, 0.2, 1.5]])
    """

    point: Callable[[np.ndarray, np.ndarray], np.ndarray]
    along_u: Callable[[np.ndarray, np.ndarray], np.ndarray]
    along_v: Callable[[np.ndarray, np.ndarray], np.ndarray]


def nodes(n_nodes: int) -> tuple[Float[np.ndarray, " n_nodes"], Float[np.ndarray, " n_nodes"]]:  # given
    """Return the nodes and the weights of Gauss and Legendre on the interval from 0 to 1.

    Parameters
    ----------
    n_nodes : int
        How many; at least 1.

    Returns
    -------
    t, w : ndarray
        Nodes and weights. The weights sum to 1.

    Raises
    ------
    ValueError
        If `n_nodes` is below 1.

    Examples
    --------
    >>> t, w = nodes(2)
    >>> print(t.round(4), w.round(4))
    [0.2113 0.7887] [0.5 0.5]
    """
    if n_nodes < 1:
        raise ValueError(f"n_nodes must be at least 1, got {n_nodes}")
    t, w = np.polynomial.legendre.leggauss(n_nodes)
    return (t + 1) / 2, w / 2


def _finite(values: np.ndarray, name: str, ndim: int) -> np.ndarray:  # given: argument checks
    """Return the values as an array of floats, or raise a ValueError that says what is wrong with them."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or array.ndim != ndim or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{name} must be an array of real, finite numbers with {ndim} axes, got {values!r}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _checked(f: Function, name: str, vector: bool) -> Function:  # given: argument checks
    """Return the function with its values checked: finite, and one number or one vector for each point."""

    def checked(points: np.ndarray) -> np.ndarray:
        values, shape = np.asarray(f(points)), points.shape if vector else points.shape[:1]
        if values.shape != shape:
            raise ValueError(
                f"{name} must return the shape {shape} for points of the shape {points.shape}, got {values.shape}"
            )
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite at the points, got {values}")
        return values

    return checked


def _box(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given: argument checks
    """Return the corners of a box; one of no dimension is a point."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    if low.ndim != 1 or not np.isfinite(low).all():
        raise ValueError(f"low must be a vector of finite numbers, got {low}")
    if high.shape != low.shape or not np.isfinite(high).all() or (high <= low).any():
        raise ValueError(f"high must be finite and above low, {low}, got {high}")
    return low, high


def line_integral(field: VectorField, curve: Curve, n_nodes: int = 40) -> float:
    """Return the work of a field along a curve, equation (1).

    Parameters
    ----------
    field : callable
        Takes points as rows, and returns a vector for each, as rows.
    curve : Curve
        The curve, smooth.
    n_nodes : int
        How many nodes are used; at least 1.

    Returns
    -------
    float
        The integral.

    Raises
    ------
    ValueError
        If `field` returns something else than a finite vector for each point, or `n_nodes` is below 1.

    Examples
    --------
    >>> line = Curve(lambda t: np.stack([t, 2 * t], axis=1), lambda t: np.tile([1.0, 2.0], (len(t), 1)))
    >>> print(round(line_integral(lambda x: x[:, ::-1], line), 4))
    2.0
    """
    # given: the checks
    field, (t, w) = _checked(field, "field", vector=True), nodes(n_nodes)
    # yours
    work = (field(curve.point(t)) * curve.velocity(t)).sum(axis=1)
    return float(w @ work)


def potential(
    field: VectorField, base: Float[np.ndarray, " n"], points: Points, n_nodes: int = 40
) -> Float[np.ndarray, " n_points"]:
    """Return the potential of a gradient field at points, along straight ways from a base, equation (2).

    Parameters
    ----------
    field : callable
        Takes points as rows, and returns a vector for each, as rows. A gradient on the straight ways; this is not
        checked.
    base : ndarray
        Where the potential is 0.
    points : ndarray
        The points, one a row.
    n_nodes : int
        How many nodes are used for each; at least 1.

    Returns
    -------
    ndarray
        The potential at each point.

    Raises
    ------
    ValueError
        If `points` or `base` are not finite numbers of the right shape, `field` returns something else than a finite
        vector for each point, or `n_nodes` is below 1.

    Examples
    --------
    >>> potential(lambda x: x[:, ::-1], np.zeros(2), np.array([[1.0, 2.0], [3.0, -1.0]])).round(4)  # of x y
    array([ 2., -3.])
    """
    # given: the checks
    points, base = _finite(points, "points", 2), _finite(base, "base", 1)
    if len(base) != points.shape[1]:
        raise ValueError(f"base must have {points.shape[1]} entries, as the points have, got {len(base)}")
    field, (t, w) = _checked(field, "field", vector=True), nodes(n_nodes)
    # yours
    ways = points - base
    total = np.zeros(len(points))
    for time, weight in zip(t, w):
        total += weight * (field(base + time * ways) * ways).sum(axis=1)
    return total


def rotation_share(field: VectorField, points: Points, step: float = 1e-5) -> Float[np.ndarray, " n_points"]:
    """Return how far a field is from a gradient at points, equation (3), with Jacobians by central differences.

    Parameters
    ----------
    field : callable
        Takes points as rows, and returns a vector for each, as rows.
    points : ndarray
        The points, one a row.
    step : float
        The step of the differences. Positive.

    Returns
    -------
    ndarray
        From 0 for a gradient to 1 for an antisymmetric Jacobian, as a turning disc has; 0 where the Jacobian is 0.

    Raises
    ------
    ValueError
        If `points` or `step` are not fit for differences, or `field` returns something else than a finite vector for
        each point.

    Examples
    --------
    >>> rotation_share(lambda x: np.stack([-x[:, 1], x[:, 0]], axis=1), np.array([[1.0, 2.0]])).round(4)
    array([1.])
    """
    # given: the Jacobians, and their checks
    jacobian = jacobians(field, points, step)
    # yours
    turn = np.linalg.norm(jacobian - np.swapaxes(jacobian, 1, 2), axis=(1, 2))
    size = np.linalg.norm(jacobian, axis=(1, 2))
    return turn / np.where(size > 0, 2 * size, 1)


def grid_potential(field: Float[np.ndarray, "n *shape"], spacings: Sequence[float]) -> Float[np.ndarray, "*shape"]:
    """Return the potential of a gradient field on a grid along the grid lines, as at equation (4).

    Parameters
    ----------
    field : ndarray
        The components along the first axis, as many as the grid has axes; then the grid.
    spacings : sequence of float
        The distance of neighbours along each axis of the grid. Positive.

    Returns
    -------
    ndarray
        The potential at each node; 0 at the node whose indices are all 0. Single precision if the field is.

    Raises
    ------
    ValueError
        If the numbers are not real and finite, there are not as many components as axes, or `spacings` are not
        positive, one for each axis.

    Examples
    --------
    >>> x, y = np.meshgrid([0.0, 1.0, 2.0], [0.0, 0.5], indexing="ij")
    >>> grid_potential(np.stack([2 * x + y, x]), (1.0, 0.5))  # of x^2 + x y
    array([[0. , 0. ],
           [1. , 1.5],
           [4. , 5. ]])
    """
    # given: the checks
    field = _finite(field, "field", np.ndim(field))
    if field.ndim < 2 or len(field) != field.ndim - 1:
        raise ValueError(f"field must have as many components as the grid has axes, got the shape {field.shape}")
    if len(spacings) != len(field) or not all(0 < h < np.inf for h in spacings):
        raise ValueError(f"spacings must be {len(field)} positive numbers, one for each axis, got {spacings}")
    # yours
    total = np.zeros(field.shape[1:], dtype=field.dtype)
    for axis, h in enumerate(spacings):
        u = np.moveaxis(field[axis], axis, 0)
        rise = np.concatenate([0 * u[:1], np.cumsum((u[1:] + u[:-1]) * (h / 2), axis=0)])
        rise = np.moveaxis(rise, 0, axis)
        later = tuple(slice(None) if k <= axis else slice(1) for k in range(total.ndim))
        total += rise[later]  # later axes have not been walked: they stay at index 0
    return total


def box_integral(f: Function, low: Float[np.ndarray, " n"], high: Float[np.ndarray, " n"], n_nodes: int = 20) -> float:
    """Return the integral of a function over a box, equation (5).

    Parameters
    ----------
    f : callable
        Takes points as rows, and returns a number for each.
    low, high : ndarray
        The lowest and the highest corner. In no dimension at all, with no entries, the box is a point.
    n_nodes : int
        How many nodes are used along each axis; at least 1.

    Returns
    -------
    float
        The integral; in no dimension the value of `f`, which is then asked for one point of the shape (1, 0).

    Raises
    ------
    ValueError
        If `high` is not above `low` in all axes, `f` returns something else than a finite number for each point, or
        `n_nodes` is below 1.

    Examples
    --------
    >>> print(round(box_integral(lambda x: x[:, 0] * x[:, 1] ** 2, np.zeros(2), np.array([2.0, 3.0])), 4))
    18.0
    """
    # given: the checks
    low, high = _box(low, high)
    f, (t, w) = _checked(f, "f", vector=False), nodes(n_nodes)
    # yours
    points, weights = np.zeros((1, 0)), np.ones(1)
    for bottom, top in zip(low, high):
        column = bottom + (top - bottom) * t
        points = np.column_stack([np.repeat(points, len(t), axis=0), np.tile(column, len(points))])
        weights = np.outer(weights, w * (top - bottom)).ravel()
    return float(weights @ f(points))


def box_flux(
    field: VectorField, low: Float[np.ndarray, " n"], high: Float[np.ndarray, " n"], n_nodes: int = 20
) -> float:
    """Return what flows out of a box through all of its faces, equation (6).

    Parameters
    ----------
    field : callable
        Takes points as rows, and returns a vector for each, as rows.
    low, high : ndarray
        The lowest and the highest corner, in one dimension or more.
    n_nodes : int
        How many nodes are used along each axis; at least 1.

    Returns
    -------
    float
        The flux; negative if more flows in than out.

    Raises
    ------
    ValueError
        If `high` is not above `low` in all axes or they are empty, `field` returns something else than a finite vector
        for each point, or `n_nodes` is below 1.

    Examples
    --------
    >>> print(round(box_flux(lambda x: x, np.zeros(2), np.array([2.0, 3.0])), 4))
    12.0
    """
    # given: the checks
    low, high = _box(low, high)
    if low.size == 0:
        raise ValueError("low must have an entry for each axis, got none")
    field = _checked(field, "field", vector=True)
    # yours
    total = 0.0
    for axis in range(len(low)):
        for side, sign in ((high[axis], 1), (low[axis], -1)):

            def through(points: np.ndarray, axis: int = axis, side: float = side) -> np.ndarray:
                return field(np.insert(points, axis, side, axis=1))[:, axis]

            total += sign * box_integral(through, np.delete(low, axis), np.delete(high, axis), n_nodes)
    return total


def surface_flux(field: VectorField, surface: Surface, n_nodes: int = 30) -> float:
    r"""Return what flows through a surface, to the side of $r_u \times r_v$, equation (8).

    Parameters
    ----------
    field : callable
        Takes points in space as rows, and returns a vector for each, as rows.
    surface : Surface
        The surface, smooth.
    n_nodes : int
        How many nodes are used for each parameter; at least 1.

    Returns
    -------
    float
        The flux.

    Raises
    ------
    ValueError
        If `field` returns something else than a finite vector for each point, or `n_nodes` is below 1.

    Examples
    --------
    >>> flat = Surface(
    ...     lambda u, v: np.stack([2 * u, 3 * v, 0 * u], axis=1),
    ...     lambda u, v: np.tile([2.0, 0.0, 0.0], (len(u), 1)),
    ...     lambda u, v: np.tile([0.0, 3.0, 0.0], (len(u), 1)),
    ... )
    >>> print(round(surface_flux(lambda x: np.tile([5.0, 6.0, 7.0], (len(x), 1)), flat), 4))
    42.0
    """
    # given: the checks
    field, (t, w) = _checked(field, "field", vector=True), nodes(n_nodes)
    # yours
    u, v = (grid.ravel() for grid in np.meshgrid(t, t))
    area = np.cross(surface.along_u(u, v), surface.along_v(u, v))
    return float(np.outer(w, w).ravel() @ (field(surface.point(u, v)) * area).sum(axis=1))


def boundary_circulation(field: VectorField, surface: Surface, n_nodes: int = 40) -> float:
    """Return the work of a field around the boundary of a surface, the left side of equation (9).

    Parameters
    ----------
    field : callable
        Takes points in space as rows, and returns a vector for each, as rows.
    surface : Surface
        The surface, smooth. Its boundary is run through as that of the unit square is counterclockwise.
    n_nodes : int
        How many nodes are used for each of the four pieces; at least 1.

    Returns
    -------
    float
        The work.

    Raises
    ------
    ValueError
        If `field` returns something else than a finite vector for each point, or `n_nodes` is below 1.

    Examples
    --------
    >>> flat = Surface(
    ...     lambda u, v: np.stack([u, v, 0 * u], axis=1),
    ...     lambda u, v: np.tile([1.0, 0.0, 0.0], (len(u), 1)),
    ...     lambda u, v: np.tile([0.0, 1.0, 0.0], (len(u), 1)),
    ... )
    >>> print(round(boundary_circulation(lambda x: np.stack([-x[:, 1], x[:, 0], 0 * x[:, 0]], axis=1), flat), 4))
    2.0
    """
    # given: the check
    field = _checked(field, "field", vector=True)
    # yours
    r, r_u, r_v = surface
    zero, one = np.zeros_like, np.ones_like
    lower = Curve(lambda t: r(t, zero(t)), lambda t: r_u(t, zero(t)))
    right = Curve(lambda t: r(one(t), t), lambda t: r_v(one(t), t))
    upper = Curve(lambda t: r(t, one(t)), lambda t: r_u(t, one(t)))
    left = Curve(lambda t: r(zero(t), t), lambda t: r_v(zero(t), t))
    forth = sum(line_integral(field, curve, n_nodes) for curve in (lower, right))
    back = sum(line_integral(field, curve, n_nodes) for curve in (upper, left))
    return forth - back
