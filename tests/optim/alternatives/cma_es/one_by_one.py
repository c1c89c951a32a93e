"""One draw at a time, roots as differences of squares, and a dataclass changed by replace."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Objective, OptimizeResult
from mlpath.optim.gradient_descent import check_arguments

CONVERGED = "converged: no coordinate is drawn with a standard deviation above tol"
TARGET = "converged: a value is at most target"
FLAT = "stopped: all values of a generation were equal"
ILL_CONDITIONED = "stopped: the covariance has a condition number above 1e14"
DIVERGED = "diverged: the draws are 1e30 times as wide as at the start, or no value is finite"
OUT_OF_STEPS = "stopped: max_iter generations were made"


@dataclass(frozen=True)
class Strategy:
    r"""The numbers that stay the same through a run."""

    weights: Float[np.ndarray, " n_draws"]
    n_parents: int
    effective: float
    rate_sigma: float
    damping: float
    rate_path: float
    rate_one: float
    rate_mu: float
    expected_norm: float


@dataclass(frozen=True)
class State:
    r"""The distribution, and what it remembers."""

    mean: Float[np.ndarray, " dim"]
    sigma: float
    covariance: Float[np.ndarray, "dim dim"]
    path_sigma: Float[np.ndarray, " dim"]
    path_c: Float[np.ndarray, " dim"]
    generation: int
    axes: Float[np.ndarray, "dim dim"]
    lengths: Float[np.ndarray, " dim"]

    def whiten(self, steps: Float[np.ndarray, "*n dim"]) -> Float[np.ndarray, "*n dim"]:  # given
        r"""Return rows (or a vector) multiplied by $C^{-1/2}$."""
        return (steps @ self.axes / self.lengths) @ self.axes.T


@dataclass(frozen=True)
class CMAResult(OptimizeResult):
    """What a run ended with: `x` is the best point evaluated; `nit` counts generations; the path is that of the mean."""

    state: State | None = field(default=None)


def begin(  # given
    mean: Float[np.ndarray, " dim"], sigma: float, covariance: Float[np.ndarray, "dim dim"] | None = None
) -> State:
    """Return a state with paths of zero."""
    covariance = np.eye(len(mean)) if covariance is None else covariance
    return State(mean, sigma, covariance, np.zeros(len(mean)), np.zeros(len(mean)), 0, *_eigen(covariance))


def preferences(n_draws: int) -> Float[np.ndarray, " n_draws"]:
    r"""Return the preferences by rank, equation (2)."""
    if n_draws < 4:
        raise ValueError(f"n_draws must be at least 4, got {n_draws}")
    return np.array([math.log((n_draws + 1) / (2 * rank)) for rank in range(1, n_draws + 1)])


def strategy(dim: int, n_draws: int, *, active: bool = True) -> Strategy:
    """Return the numbers that stay the same through a run, equations (3) to (6) and (11)."""
    if dim < 1:
        raise ValueError(f"dim must be at least 1, got {dim}")
    w = preferences(n_draws)
    mu = n_draws // 2
    plus, minus = float(w[:mu].sum()), float(-w[mu:].sum())
    mu_w, mu_bad = plus**2 / float(w[:mu] @ w[:mu]), minus**2 / float(w[mu:] @ w[mu:])
    c_one = 2 / (mu_w + (dim + 1.3) ** 2)
    c_mu = min(1 - c_one, (2 * mu_w + 2 / mu_w - 3.5) / ((dim + 2) ** 2 + mu_w))
    c_sigma = (2 + mu_w) / (5 + dim + mu_w)
    d_sigma = c_sigma + max(1.0, 2 * math.sqrt((mu_w - 1) / (dim + 1)) - 1)
    sizes = [1 + c_one / c_mu, 1 + 2 * mu_bad / (2 + mu_w), (1 - c_one - c_mu) / (dim * c_mu)]
    weights = w / plus
    weights[mu:] = w[mu:] * (min(sizes) / minus) if active else 0.0
    chi = math.sqrt(dim) * (1 - 1 / (4.0 * dim) + 1 / (21.0 * dim**2))
    c_path = (4 * dim + mu_w) / (dim * (dim + 4) + 2 * mu_w)
    return Strategy(weights, mu, mu_w, c_sigma, d_sigma, c_path, c_one, c_mu, chi)


def sample(state: State, normals: Float[np.ndarray, "n_draws dim"]) -> Float[np.ndarray, "n_draws dim"]:
    """Return points of the distribution, equation (1)."""
    factor = state.axes @ np.diag(state.lengths)
    return np.array([state.mean + state.sigma * (factor @ z) for z in normals])


def update_paths(
    state: State, constants: Strategy, move: Float[np.ndarray, " dim"]
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " dim"], bool]:
    r"""Return the next paths, equations (8) to (10)."""
    keep, keep_c = 1 - constants.rate_sigma, 1 - constants.rate_path
    root = np.linalg.solve(state.axes * state.lengths, move)
    p = keep * state.path_sigma + math.sqrt((1 - keep**2) * constants.effective) * (state.axes @ root)
    limit = (1.4 + 2 / (len(move) + 1)) * constants.expected_norm
    h = float(p @ p) < limit**2 * (1 - keep ** (2 * state.generation + 2))
    q = keep_c * state.path_c
    if h:
        q = q + math.sqrt((1 - keep_c**2) * constants.effective) * move
    return p, q, h


def adapt_step_size(sigma: float, path_sigma: Float[np.ndarray, " dim"], constants: Strategy) -> float:
    r"""Return the next step size, equation (12)."""
    ratio = math.sqrt(float(path_sigma @ path_sigma)) / constants.expected_norm
    return sigma * math.exp((ratio - 1) * constants.rate_sigma / constants.damping)


def adapt_covariance(
    state: State,
    constants: Strategy,
    steps: Float[np.ndarray, "n_draws dim"],
    path_c: Float[np.ndarray, " dim"],
    moving: bool,
) -> Float[np.ndarray, "dim dim"]:
    r"""Return the next covariance, equation (13)."""
    inverse = (state.axes / state.lengths**2) @ state.axes.T
    result = (1 - constants.rate_one - constants.rate_mu * float(sum(constants.weights))) * state.covariance
    if not moving:
        result = result + constants.rate_one * (1 - (1 - constants.rate_path) ** 2) * state.covariance
    result = result + constants.rate_one * path_c[:, None] * path_c
    for w, y in zip(constants.weights, steps):
        scale = len(y) / float(y @ inverse @ y) if w < 0 else 1.0
        result = result + constants.rate_mu * w * scale * y[:, None] * y
    return np.triu(result) + np.triu(result, 1).T


def advance(
    state: State, constants: Strategy, points: Float[np.ndarray, "n_draws dim"], values: Float[np.ndarray, " n_draws"]
) -> State:
    """Return the state after a generation, equations (7) to (13)."""
    order = sorted(range(len(values)), key=lambda k: (bool(np.isnan(values[k])), values[k], k))
    y = np.array([(points[k] - state.mean) / state.sigma for k in order])
    mean_step = sum(w * step for w, step in zip(constants.weights[: constants.n_parents], y))
    p, q, h = update_paths(state, constants, mean_step)
    covariance = adapt_covariance(state, constants, y, q, h)
    return replace(
        state,
        mean=state.mean + state.sigma * mean_step,
        sigma=adapt_step_size(state.sigma, p, constants),
        covariance=covariance,
        path_sigma=p,
        path_c=q,
        generation=state.generation + 1,
        axes=_eigen(covariance)[0],
        lengths=_eigen(covariance)[1],
    )


def minimize(
    fun: Objective,
    start: ArrayLike,
    sigma: float,
    *,
    rng: np.random.Generator,
    n_draws: int | None = None,
    active: bool = True,
    target: float = -np.inf,
    tol: float = 1e-8,
    max_iter: int = 1000,
    record_path: bool = False,
) -> CMAResult:
    r"""Minimise a function by CMA-ES."""
    x, n_draws = _checked(start, sigma, n_draws, target, tol, max_iter)
    constants, now = strategy(len(x), n_draws, active=active), begin(x, sigma)
    means, evaluated, reason = [x], [(math.inf, x)], None
    while reason is None and now.generation < max_iter:
        drawn = sample(now, rng.standard_normal(n_draws * len(x)).reshape(n_draws, len(x)))
        values = [float(fun(row)) for row in drawn]
        pairs = [pair for pair in zip(values, drawn) if not math.isnan(pair[0])]
        evaluated.append(min(evaluated + pairs, key=lambda pair: pair[0]))
        evaluated = evaluated[-1:]
        now = advance(now, constants, drawn, np.array(values))
        means.append(now.mean)
        reason = _reason(now, np.array(values), evaluated[0][0], sigma, target, tol)
    reason = reason or OUT_OF_STEPS
    value, best = evaluated[0]
    path = np.stack(means) if record_path else None
    done = reason in (TARGET, CONVERGED)
    return CMAResult(best, value, now.generation, n_draws * now.generation, done, reason, path, now)


def _eigen(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # given
    """Return eigenvectors and the roots of eigenvalues."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors, np.sqrt(np.maximum(values, np.finfo(float).tiny))


def _reason(  # given
    state: State, values: np.ndarray, best: float, sigma: float, target: float, tol: float
) -> str | None:
    """Return why to stop after a generation with such values, or None."""
    if best <= target:
        return TARGET
    if not (np.isfinite(values).any() and state.sigma * state.lengths[-1] < 1e30 * sigma):
        return DIVERGED
    if state.sigma * float(np.diag(state.covariance).max()) ** 0.5 <= tol:
        return CONVERGED
    if state.lengths[-1] > 1e7 * state.lengths[0]:
        return ILL_CONDITIONED
    return FLAT if np.ptp(values) == 0 else None


def _checked(  # given: argument checks
    start: ArrayLike, sigma: float, n_draws: int | None, target: float, tol: float, max_iter: int
) -> tuple[np.ndarray, int]:
    """Return the start in float64 and the number of draws, or raise a ValueError."""
    if not 0 < sigma < np.inf:
        raise ValueError(f"sigma must be positive and finite, got {sigma}")
    if np.isnan(target):
        raise ValueError(f"target must be a number, got {target}")
    x = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter).astype(float)
    n_draws = 4 + int(3 * np.log(len(x))) if n_draws is None else n_draws
    if n_draws < 4:
        raise ValueError(f"n_draws must be at least 4, got {n_draws}")
    return x, n_draws
