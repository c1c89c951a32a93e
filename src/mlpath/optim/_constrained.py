"""What the methods for constraints share: the result that each returns, and problems whose minimum is known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, Vector

Constraints = Callable[[Vector], Float[np.ndarray, " n_constraints"]]
Jacobian = Callable[[Vector], Float[np.ndarray, "n_constraints dim"]]
Hessian = Callable[[Vector], Float[np.ndarray, "dim dim"]]


@dataclass(frozen=True, kw_only=True)
class ConstrainedResult(OptimizeResult):
    r"""What a minimisation under constraints ended with.

    Attributes
    ----------
    equality_multipliers, inequality_multipliers : ndarray
        The multipliers $\nu$ and $\lambda \ge 0$ of $f + \nu^\top h + \lambda^\top g$.
    violation : float
        By how much `x` violates the constraint that it violates most: the largest $|h_j|$ or $g_i$, at least 0.
    """

    equality_multipliers: Float[np.ndarray, " n_equalities"]
    inequality_multipliers: Float[np.ndarray, " n_inequalities"]
    violation: float


@dataclass(frozen=True)
class ConstrainedProblem:
    r"""Minimise $f(x)$ subject to $h(x) = 0$ and $g(x) \le 0$.

    Attributes
    ----------
    fun, grad, hess : callable
        The objective and its first and second derivatives.
    equalities, inequalities : callable
        Take a point, and return all $h_j$ and all $g_i$ there, in arrays that are empty if there are none.
    equality_jacobian, inequality_jacobian : callable
        Return their gradients, one a row.
    lagrangian_hess : callable
        Takes a point and the multipliers $\nu$ and $\lambda$, and returns the second derivatives of
        $f + \nu^\top h + \lambda^\top g$.
    start : ndarray
        Where to begin. It need not satisfy the constraints.
    minimum : ndarray
        Where the objective is least among the points that do; NaN if there is no such point.
    """

    fun: Objective
    grad: Gradient
    hess: Hessian
    equalities: Constraints
    equality_jacobian: Jacobian
    inequalities: Constraints
    inequality_jacobian: Jacobian
    lagrangian_hess: Callable[[Vector, np.ndarray, np.ndarray], Float[np.ndarray, "dim dim"]]
    start: Float[np.ndarray, " dim"]
    minimum: Float[np.ndarray, " dim"]

    def violation(self, x: Vector) -> float:
        """Return by how much a point violates the constraint that it violates most, and 0 if none."""
        return float(np.max([*abs(self.equalities(x)), *self.inequalities(x), 0.0]))


@dataclass(frozen=True)
class Polynomial:
    """A polynomial in several variables: the sum of its terms, each a factor times a product of powers.

    >>> x, y = variables(2)
    >>> p = 3 * (x - y) ** 2 + 5
    >>> point = np.array([4.0, 2.0])
    >>> p(point), p.gradient(point)
    (17.0, array([ 12., -12.]))
    >>> p.hessian(point)
    array([[ 6., -6.],
           [-6.,  6.]])
    """

    factors: Float[np.ndarray, " n_terms"]
    powers: Int[np.ndarray, "n_terms dim"]

    def __add__(self, other: "Polynomial | float") -> "Polynomial":
        other = self._like(other)
        return Polynomial(np.append(self.factors, other.factors), np.vstack([self.powers, other.powers]))

    def __mul__(self, other: "Polynomial | float") -> "Polynomial":
        other = self._like(other)
        powers = self.powers[:, None] + other.powers
        return Polynomial(np.outer(self.factors, other.factors).ravel(), powers.reshape(-1, powers.shape[-1]))

    def __pow__(self, power: int) -> "Polynomial":
        return self * self ** (power - 1) if power > 1 else self

    def __sub__(self, other: "Polynomial | float") -> "Polynomial":
        return self + -1.0 * self._like(other)

    def __rsub__(self, other: float) -> "Polynomial":
        return -1.0 * self + other

    __radd__ = __add__
    __rmul__ = __mul__

    def _like(self, other: "Polynomial | float") -> "Polynomial":
        return other if isinstance(other, Polynomial) else Polynomial(np.array([other]), 0 * self.powers[:1])

    def __call__(self, x: Vector) -> float:
        """Return the value at a point."""
        return float(self.factors @ (x**self.powers).prod(axis=-1))

    def gradient(self, x: Vector) -> Float[np.ndarray, " dim"]:
        """Return the gradient at a point."""
        lowered = np.maximum(self.powers - np.eye(len(x), dtype=int)[:, None], 0)
        return self.powers.T * (x**lowered).prod(axis=-1) @ self.factors

    def hessian(self, x: Vector) -> Float[np.ndarray, "dim dim"]:
        """Return the second derivatives at a point."""
        lowered = [np.maximum(self.powers - move, 0) for move in np.eye(len(x), dtype=int)]
        slopes = self.factors * self.powers.T
        return np.array([Polynomial(*slope).gradient(x) for slope in zip(slopes, lowered, strict=True)])


def variables(dim: int) -> list[Polynomial]:
    """Return the variables as polynomials, of which others can be made."""
    return [Polynomial(np.ones(1), move[None]) for move in np.eye(dim, dtype=int)]


def _problem(
    objective: Polynomial,
    start: Sequence[float],
    minimum: Sequence[float] | None = None,
    *,
    zero: Sequence[Polynomial] = (),
    at_most_zero: Sequence[Polynomial] = (),
) -> ConstrainedProblem:
    """Return the problem of a polynomial objective, of polynomials that must vanish and others that must be <= 0."""
    dim = len(start)

    def values(polynomials: Sequence[Polynomial]) -> Constraints:
        return lambda x: np.array([p(x) for p in polynomials])

    def jacobian(polynomials: Sequence[Polynomial]) -> Jacobian:
        return lambda x: np.array([p.gradient(x) for p in polynomials]).reshape(-1, dim)

    def lagrangian_hess(x: Vector, nu: np.ndarray, lam: np.ndarray) -> Float[np.ndarray, "dim dim"]:
        weighted = zip([*nu, *lam], [*zero, *at_most_zero], strict=True)
        return objective.hessian(x) + sum(factor * p.hessian(x) for factor, p in weighted)

    return ConstrainedProblem(
        objective,
        objective.gradient,
        objective.hessian,
        values(zero),
        jacobian(zero),
        values(at_most_zero),
        jacobian(at_most_zero),
        lagrangian_hess,
        np.array(start, dtype=float),
        np.full(dim, np.nan) if minimum is None else np.array(minimum, dtype=float),
    )


def hock_schittkowski() -> dict[str, ConstrainedProblem]:
    """Return seventeen problems of Hock and Schittkowski's collection, under their numbers, with their minima.

    Hock & Schittkowski (1981), Test Examples for Nonlinear Programming Codes, https://doi.org/10.1007/978-3-642-48320-2.
    Their bounds on variables are inequalities like others here. Some have something special: the second derivatives are
    singular along the constraint at the minimum of HS26; the objectives of HS39 and HS40 are unbounded without the
    constraints; as many inequalities as there are variables are active at the minimum of HS24. The minima of HS71 and
    HS100 have more digits than the collection prints: Newton's method, from its minima, solved the optimality conditions.
    """
    problems = {}

    x1, x2 = variables(2)
    problems["HS6"] = _problem((1 - x1) ** 2, [-1.2, 1], [1, 1], zero=[10 * (x2 - x1**2)])
    problems["HS12"] = _problem(
        0.5 * x1**2 + x2**2 - x1 * x2 - 7 * x1 - 7 * x2, [0, 0], [2, 3], at_most_zero=[4 * x1**2 + x2**2 - 25]
    )
    root = np.sqrt(7)
    problems["HS14"] = _problem(
        (x1 - 2) ** 2 + (x2 - 1) ** 2,
        [2, 2],
        [(root - 1) / 2, (root + 1) / 4],
        zero=[x1 - 2 * x2 + 1],
        at_most_zero=[0.25 * x1**2 + x2**2 - 1],
    )
    problems["HS21"] = _problem(
        0.01 * x1**2 + x2**2 - 100,
        [-1, -1],
        [2, 0],
        at_most_zero=[10 - 10 * x1 + x2, 2 - x1, x1 - 50, -50 - x2, x2 - 50],
    )
    root = np.sqrt(3)
    problems["HS24"] = _problem(
        ((x1 - 3) ** 2 - 9) * x2**3 * (1 / (27 * root)),
        [1, 0.5],
        [3, root],
        at_most_zero=[x2 - x1 * (1 / root), -1 * x1 - root * x2, x1 + root * x2 - 6, 0 - x1, 0 - x2],
    )

    x1, x2, x3 = variables(3)
    problems["HS26"] = _problem(
        (x1 - x2) ** 2 + (x2 - x3) ** 4, [-2.6, 2, 2], [1, 1, 1], zero=[(1 + x2**2) * x1 + x3**4 - 3]
    )
    problems["HS28"] = _problem(
        (x1 + x2) ** 2 + (x2 + x3) ** 2, [-4, 1, 1], [0.5, -0.5, 0.5], zero=[x1 + 2 * x2 + 3 * x3 - 1]
    )
    problems["HS35"] = _problem(
        9 - 8 * x1 - 6 * x2 - 4 * x3 + 2 * x1**2 + 2 * x2**2 + x3**2 + 2 * x1 * x2 + 2 * x1 * x3,
        [0.5, 0.5, 0.5],
        [4 / 3, 7 / 9, 4 / 9],
        at_most_zero=[x1 + x2 + 2 * x3 - 3, 0 - x1, 0 - x2, 0 - x3],
    )

    x1, x2, x3, x4 = variables(4)
    squares = x1**2 + x2**2 + x3**2 + x4**2
    problems["HS39"] = _problem(0 - x1, [2, 2, 2, 2], [1, 1, 0, 0], zero=[x2 - x1**3 - x3**2, x1**2 - x2 - x4**2])
    problems["HS40"] = _problem(
        -1 * x1 * x2 * x3 * x4,
        [0.8, 0.8, 0.8, 0.8],
        [2 ** (-1 / 3), 2 ** (-1 / 2), 2 ** (-11 / 12), 2 ** (-1 / 4)],
        zero=[x1**3 + x2**2 - 1, x1**2 * x4 - x3, x4**2 - x2],
    )
    root = np.sqrt(2)
    problems["HS42"] = _problem(
        (x1 - 1) ** 2 + (x2 - 2) ** 2 + (x3 - 3) ** 2 + (x4 - 4) ** 2,
        [1, 1, 1, 1],
        [2, 2, 0.6 * root, 0.8 * root],
        zero=[x1 - 2, x3**2 + x4**2 - 2],
    )
    problems["HS43"] = _problem(
        squares + x3**2 - 5 * x1 - 5 * x2 - 21 * x3 + 7 * x4,
        [0, 0, 0, 0],
        [0, 1, 2, -1],
        at_most_zero=[
            squares + x1 - x2 + x3 - x4 - 8,
            squares + x2**2 + x4**2 - x1 - x4 - 10,
            squares - x4**2 + x1**2 + 2 * x1 - x2 - x4 - 5,
        ],
    )
    problems["HS71"] = _problem(
        x1 * x4 * (x1 + x2 + x3) + x3,
        [1, 5, 5, 1],
        [1, 4.742999637264417, 3.8211499841848737, 1.3794082931726723],
        zero=[squares - 40],
        at_most_zero=[25 - x1 * x2 * x3 * x4, *(1 - x for x in (x1, x2, x3, x4)), *(x - 5 for x in (x1, x2, x3, x4))],
    )
    problems["HS76"] = _problem(
        x1**2 + 0.5 * x2**2 + x3**2 + 0.5 * x4**2 - x1 * x3 + x3 * x4 - x1 - 3 * x2 + x3 - x4,
        [0.5, 0.5, 0.5, 0.5],
        [3 / 11, 23 / 11, 0, 6 / 11],
        at_most_zero=[
            x1 + 2 * x2 + x3 + x4 - 5,
            3 * x1 + x2 + 2 * x3 - x4 - 4,
            1.5 - x2 - 4 * x3,
            *(0 - x for x in (x1, x2, x3, x4)),
        ],
    )

    x1, x2, x3, x4, x5 = variables(5)
    problems["HS48"] = _problem(
        (x1 - 1) ** 2 + (x2 - x3) ** 2 + (x4 - x5) ** 2,
        [3, 5, -3, 2, -2],
        [1, 1, 1, 1, 1],
        zero=[x1 + x2 + x3 + x4 + x5 - 5, x3 - 2 * (x4 + x5) + 3],
    )
    problems["HS51"] = _problem(
        (x1 - x2) ** 2 + (x2 + x3 - 2) ** 2 + (x4 - 1) ** 2 + (x5 - 1) ** 2,
        [2.5, 0.5, 2, -1, 0.5],
        [1, 1, 1, 1, 1],
        zero=[x1 + 3 * x2 - 4, x3 + x4 - 2 * x5, x2 - x5],
    )

    x1, x2, x3, x4, x5, x6, x7 = variables(7)
    problems["HS100"] = _problem(
        (x1 - 10) ** 2
        + 5 * (x2 - 12) ** 2
        + x3**4
        + 3 * (x4 - 11) ** 2
        + 10 * x5**6
        + 7 * x6**2
        + x7**4
        - 4 * x6 * x7
        - 10 * x6
        - 8 * x7,
        [1, 2, 0, 4, 0, 1, 1],
        [
            2.33049937287957,
            1.951372372896889,
            -0.4775413923888716,
            4.36572623365581,
            -0.6244869705268175,
            1.0381310186079584,
            1.5942267116118685,
        ],
        at_most_zero=[
            2 * x1**2 + 3 * x2**4 + x3 + 4 * x4**2 + 5 * x5 - 127,
            7 * x1 + 3 * x2 + 10 * x3**2 + x4 - x5 - 282,
            23 * x1 + x2**2 + 6 * x6**2 - 8 * x7 - 196,
            4 * x1**2 + x2**2 - 3 * x1 * x2 + 2 * x3**2 + 5 * x6 - 11 * x7,
        ],
    )
    return problems


def cusp() -> ConstrainedProblem:
    """Return a problem whose minimum, at (1, 0), has no multipliers: the feasible points end there in a cusp.

    It is Kuhn and Tucker's: greatest x1 with 0 <= x2 <= (1 - x1)^3. The gradients of both constraints are opposite there.
    """
    x1, x2 = variables(2)
    return _problem(0 - x1, [0.2, 0.1], [1, 0], at_most_zero=[x2 - (1 - x1) ** 3, 0 - x2])


def redundant() -> ConstrainedProblem:
    """Return a problem whose minimum, at (1, 1), has many multipliers: three lines bound a plane's points there."""
    x1, x2 = variables(2)
    return _problem(
        (x1 - 2) ** 2 + (x2 - 3) ** 2, [0.2, -0.3], [1, 1], at_most_zero=[x1 - 1, x2 - 1, x1 + 2 * x2 - 3, -1 - x1]
    )


def infeasible() -> ConstrainedProblem:
    """Return a problem without feasible points: on the line x1 + x2 = 3, none lies in the disc of radius 1."""
    x1, x2 = variables(2)
    return _problem(x1 - 2 * x2, [0.3, 0.2], zero=[x1 + x2 - 3], at_most_zero=[x1**2 + x2**2 - 1])


def unbounded() -> ConstrainedProblem:
    """Return a problem without a minimum: the objective falls for ever along the constraint x2 = x1^2."""
    x1, x2 = variables(2)
    return _problem(0 - x1 - x2, [0.5, 0.5], zero=[x2 - x1**2], at_most_zero=[0 - x1])
