"""What the optimisers share: the result that each returns, and problems whose minimum is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Vector = Float[np.ndarray, " dim"]
Objective = Callable[[Vector], float]
Gradient = Callable[[Vector], Vector]


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
    start : ndarray
        Where to begin.
    minimum : ndarray
        Where the objective is least.
    hessian : ndarray
        Second derivatives at the minimum.
    convexity, smoothness : float
        Bounds $\mu$ and $L$ on the eigenvalues of the second derivatives everywhere; 0 and infinity if there are none.
    """

    fun: Objective
    grad: Gradient
    start: Float[np.ndarray, " dim"]
    minimum: Float[np.ndarray, " dim"]
    hessian: Float[np.ndarray, "dim dim"]
    convexity: float = 0.0
    smoothness: float = np.inf


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

    return Problem(fun, grad, start, minimum, hessian, float(min(spectrum)), float(max(spectrum)))


def rosenbrock() -> Problem:
    """Return Rosenbrock's bent valley in the plane."""

    def fun(x: Vector) -> float:
        return float((1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2)

    def grad(x: Vector) -> Vector:
        off = x[1] - x[0] ** 2
        return np.array([2 * (x[0] - 1) - 400 * x[0] * off, 200 * off])

    hessian = np.array([[802.0, -400.0], [-400.0, 200.0]])
    return Problem(fun, grad, np.array([-1.2, 1.0]), np.ones(2), hessian)


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

    def hessian(w: Vector) -> Float[np.ndarray, "dim dim"]:
        p = wrong(w)
        return (rows.T * (p * (1 - p))) @ rows / n_samples + ridge * np.eye(dim)

    minimum = np.zeros(dim)
    for _ in range(50):  # halved as long as a full step would not descend
        move, length = np.linalg.solve(hessian(minimum), grad(minimum)), 1.0
        while length > 1e-3 and fun(minimum - length * move) > fun(minimum):
            length /= 2
        minimum = minimum - length * move
    smoothness = float(np.linalg.norm(features, 2) ** 2 / (4 * n_samples)) + ridge
    return Problem(fun, grad, np.zeros(dim), minimum, hessian(minimum), ridge, smoothness)


def breast_cancer(*, ridge: float) -> Problem:
    """Return logistic regression on scikit-learn's 569 tumours: 30 standardised features and an intercept."""
    from sklearn.datasets import load_breast_cancer

    features, labels = map(np.asarray, load_breast_cancer(return_X_y=True))
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    return logistic(np.column_stack([features, np.ones(len(features))]), 2.0 * labels - 1, ridge=ridge)
