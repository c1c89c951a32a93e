"""What the optimisers share: the result that each returns, and problems whose minimum is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Vector = Float[np.ndarray, " dim"]
Objective = Callable[[Vector], float]
Gradient = Callable[[Vector], Vector]
HessianProduct = Callable[[Vector, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class OptimizeResult:
    """What a minimisation ended with, under SciPy's names.

    Attributes
    ----------
    x : ndarray
        The last point.
    fun : float
        The objective there.
    nit : int
        Number of steps made.
    nfev : int
        Number of evaluations of the objective.
    success : bool
        Whether the method stopped because it had converged.
    message : str
        Why it stopped.
    path : ndarray or None
        The start and the point after each step, one a row, if asked for.
    """

    x: Float[np.ndarray, " dim"]
    fun: float
    nit: int
    nfev: int
    success: bool
    message: str
    path: Float[np.ndarray, "n_points dim"] | None = None


@dataclass(frozen=True)
class Problem:
    r"""An objective with what is known about it.

    Attributes
    ----------
    fun, grad : callable
        The objective and its gradient.
    hvp : callable
        Takes a point and a vector, and returns the product of the second derivatives there with it. The vector may be
        a matrix, whose columns are then multiplied.
    start : ndarray
        Where to begin.
    minimum : ndarray
        Where the objective is least.
    convexity, smoothness : float
        Bounds $\mu$ and $L$ on the eigenvalues of the second derivatives everywhere; 0 and infinity if there are none.
    """

    fun: Objective
    grad: Gradient
    hvp: HessianProduct
    start: Float[np.ndarray, " dim"]
    minimum: Float[np.ndarray, " dim"]
    convexity: float = 0.0
    smoothness: float = np.inf

    def hess(self, x: Vector) -> Float[np.ndarray, "dim dim"]:
        """Return the second derivatives at a point."""
        return self.hvp(x, np.eye(len(x)))

    @property
    def hessian(self) -> Float[np.ndarray, "dim dim"]:
        """Second derivatives at the minimum."""
        return self.hess(self.minimum)


def checked_gradient(grad: Gradient) -> Gradient:
    """Return the gradient with its values in the dtype of the point, refusing a shape that would broadcast silently."""

    def checked(x: Vector) -> Vector:
        gradient = np.asarray(grad(x), dtype=x.dtype)
        if gradient.shape != x.shape:
            raise ValueError(f"grad must return shape {x.shape}, got {gradient.shape}")
        return gradient

    return checked


def quadratic(spectrum: Float[np.ndarray, " dim"], *, rng: np.random.Generator) -> Problem:
    """Return a quadratic bowl whose Hessian has the eigenvalues `spectrum`, at a random place and angle."""
    dim = len(spectrum)
    axes, _ = np.linalg.qr(rng.standard_normal((dim, dim)))
    hessian = (axes * spectrum) @ axes.T
    hessian = (hessian + hessian.T) / 2
    minimum, start = rng.standard_normal((2, dim))

    def fun(x: Vector) -> float:
        return float((x - minimum) @ hessian @ (x - minimum)) / 2

    def grad(x: Vector) -> Vector:
        return hessian @ (x - minimum)

    def hvp(x: Vector, v: np.ndarray) -> np.ndarray:
        return hessian @ v

    return Problem(fun, grad, hvp, start, minimum, float(min(spectrum)), float(max(spectrum)))


def rosenbrock(dim: int = 2) -> Problem:
    """Return Rosenbrock's bent valley, chained through so many variables as asked for, at least two.

    From five variables on there is a second, local minimum near the point (-1, 1, ..., 1).
    """

    def fun(x: Vector) -> float:
        return float(((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum())

    def grad(x: Vector) -> Vector:
        off = x[1:] - x[:-1] ** 2
        gradient = np.zeros_like(x)
        gradient[:-1] = 2 * (x[:-1] - 1) - 400 * x[:-1] * off
        gradient[1:] += 200 * off
        return gradient

    def hvp(x: Vector, v: np.ndarray) -> np.ndarray:
        own, cross = 2 - 400 * (x[1:] - 3 * x[:-1] ** 2), -400 * x[:-1]
        rows = v.T  # so that the points' entries multiply the last axis, for a vector and for columns alike
        product = np.zeros_like(rows, dtype=x.dtype)
        product[..., :-1] = own * rows[..., :-1] + cross * rows[..., 1:]
        product[..., 1:] += cross * rows[..., :-1] + 200 * rows[..., 1:]
        return product.T

    return Problem(fun, grad, hvp, np.resize([-1.2, 1.0], dim), np.ones(dim))


def himmelblau() -> Problem:
    """Return Himmelblau's function in the plane, which is least at four points; `minimum` is the one at (3, 2).

    Between them lie four saddles and, near (-0.27, -0.92), a maximum.
    """

    def fun(x: Vector) -> float:
        return float((x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2)

    def grad(x: Vector) -> Vector:
        first, second = x[0] ** 2 + x[1] - 11, x[0] + x[1] ** 2 - 7
        return np.array([4 * x[0] * first + 2 * second, 2 * first + 4 * x[1] * second])

    def hvp(x: Vector, v: np.ndarray) -> np.ndarray:
        cross = 4 * (x[0] + x[1])
        return np.array([[12 * x[0] ** 2 + 4 * x[1] - 42, cross], [cross, 4 * x[0] + 12 * x[1] ** 2 - 26]]) @ v

    return Problem(fun, grad, hvp, np.array([0.5, 1.5]), np.array([3.0, 2.0]))


def beale() -> Problem:
    """Return Beale's function in the plane: flat around its minimum at (3, 0.5), with cliffs at the corners."""
    powers, targets = np.arange(1, 4), np.array([1.5, 2.25, 2.625])

    def parts(x: Vector) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        slopes = powers * x[1] ** (powers - 1)
        bends = powers * (powers - 1) * x[1] ** np.maximum(powers - 2, 0)
        return targets - x[0] * (1 - x[1] ** powers), np.array([x[1] ** powers - 1, x[0] * slopes]), bends

    def fun(x: Vector) -> float:
        residuals, _, _ = parts(x)
        return float(residuals @ residuals)

    def grad(x: Vector) -> Vector:
        residuals, jacobian, _ = parts(x)
        return 2 * jacobian @ residuals

    def hvp(x: Vector, v: np.ndarray) -> np.ndarray:
        residuals, jacobian, bends = parts(x)
        cross = residuals @ (powers * x[1] ** (powers - 1))
        return 2 * (jacobian @ jacobian.T + np.array([[0.0, cross], [cross, x[0] * residuals @ bends]])) @ v

    return Problem(fun, grad, hvp, np.array([1.0, 1.0]), np.array([3.0, 0.5]))


def rastrigin(dim: int = 2) -> Problem:
    """Return Rastrigin's egg box: about eleven local minima along each axis between -5.12 and 5.12, the least at 0."""
    turn = 2 * np.pi

    def fun(x: Vector) -> float:
        return float((x**2 + 10 * (1 - np.cos(turn * x))).sum())

    def grad(x: Vector) -> Vector:
        return 2 * x + 10 * turn * np.sin(turn * x)

    def hvp(x: Vector, v: np.ndarray) -> np.ndarray:
        return ((2 + 10 * turn**2 * np.cos(turn * x)) * v.T).T

    return Problem(fun, grad, hvp, np.linspace(2.3, 3.4, dim), np.zeros(dim), smoothness=2 + 10 * turn**2)


def logistic(
    features: Float[np.ndarray, "n_samples dim"], signs: Float[np.ndarray, " n_samples"], *, ridge: float
) -> Problem:
    r"""Return logistic regression, $\frac1n \sum_i \log(1 + e^{-y_i x_i^\top w}) + \frac{\text{ridge}}2 \|w\|^2$.

    `signs` are +1 or -1, and `ridge` is positive. The minimum is found by Newton's method.
    """
    n_samples, dim = features.shape
    rows = signs[:, None] * features

    def fun(w: Vector) -> float:
        return float(np.logaddexp(0, -rows @ w).mean() + ridge / 2 * w @ w)

    def grad(w: Vector) -> Vector:
        return ridge * w - wrong(w) @ rows / n_samples

    def wrong(w: Vector) -> Float[np.ndarray, " n_samples"]:
        return (1 - np.tanh(rows @ w / 2)) / 2

    def hvp(w: Vector, v: np.ndarray) -> np.ndarray:
        p = wrong(w)
        return (p * (1 - p) * (rows @ v).T @ rows).T / n_samples + ridge * v

    minimum = np.zeros(dim)
    for _ in range(50):  # halved as long as a full step would not descend
        move, length = np.linalg.solve(hvp(minimum, np.eye(dim)), grad(minimum)), 1.0
        while length > 1e-3 and fun(minimum - length * move) > fun(minimum):
            length /= 2
        minimum = minimum - length * move
    smoothness = float(np.linalg.norm(features, 2) ** 2 / (4 * n_samples)) + ridge
    return Problem(fun, grad, hvp, np.zeros(dim), minimum, ridge, smoothness)


def breast_cancer(*, ridge: float) -> Problem:
    """Return logistic regression on scikit-learn's 569 tumours: 30 standardised features and an intercept."""
    from sklearn.datasets import load_breast_cancer

    features, labels = map(np.asarray, load_breast_cancer(return_X_y=True))
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    return logistic(np.column_stack([features, np.ones(len(features))]), 2.0 * labels - 1, ridge=ridge)
