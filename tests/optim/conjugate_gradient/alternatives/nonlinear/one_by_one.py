"""Norms and sums over entries, restarts as the default, a walk counted by its points."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from mlpath.optim._shared import Gradient, Objective, OptimizeResult, Vector, checked_gradient
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping
from mlpath.optim.line_search import Ray, SearchResult, strong_wolfe_search

Rule = Literal["fletcher_reeves", "polak_ribiere", "polak_ribiere_plus", "hestenes_stiefel", "dai_yuan"]

STALLED = "stopped: no step downhill was found, not even against the gradient"


@dataclass(frozen=True)
class State:
    """Where the walk is."""

    x: Float[np.ndarray, " dim"]
    value: float
    gradient: Float[np.ndarray, " dim"]
    direction: Float[np.ndarray, " dim"]
    age: int = 0
    last_step: float | None = None
    last_slope: float | None = None


def fletcher_reeves(
    gradient: Float[np.ndarray, " dim"], previous: Float[np.ndarray, " dim"], direction: Float[np.ndarray, " dim"]
) -> float:
    r"""Return the $\beta$ of Fletcher and Reeves, equation (2)."""
    g, h, _ = _scaled(gradient, previous)
    return float((np.linalg.norm(g) / np.linalg.norm(h)) ** 2)


def polak_ribiere(
    gradient: Float[np.ndarray, " dim"], previous: Float[np.ndarray, " dim"], direction: Float[np.ndarray, " dim"]
) -> float:
    r"""Return the $\beta$ of Polak and Ribière, equation (3)."""
    g, h, _ = _scaled(gradient, previous)
    return sum(float(a) * (float(a) - float(b)) for a, b in zip(g, h)) / sum(float(b) ** 2 for b in h)


def polak_ribiere_plus(  # given
    gradient: Float[np.ndarray, " dim"], previous: Float[np.ndarray, " dim"], direction: Float[np.ndarray, " dim"]
) -> float:
    r"""Return the $\beta$ of Polak and Ribière where it is positive, and otherwise 0, equation (7)."""
    return max(polak_ribiere(gradient, previous, direction), 0.0)


def hestenes_stiefel(
    gradient: Float[np.ndarray, " dim"], previous: Float[np.ndarray, " dim"], direction: Float[np.ndarray, " dim"]
) -> float:
    r"""Return the $\beta$ of Hestenes and Stiefel, equation (3)."""
    g, h, d = _scaled(gradient, previous, direction)
    below = float(np.dot(d, g - h))
    if below == 0:
        return float("nan")
    return float(np.dot(g - h, g)) / below


def dai_yuan(
    gradient: Float[np.ndarray, " dim"], previous: Float[np.ndarray, " dim"], direction: Float[np.ndarray, " dim"]
) -> float:
    r"""Return the $\beta$ of Dai and Yuan, equation (3)."""
    g, h, d = _scaled(gradient, previous, direction)
    below = float(np.dot(g - h, d))
    return float("nan") if below == 0 else float(np.sum(g * g)) / below


RULES = {
    "fletcher_reeves": fletcher_reeves,
    "polak_ribiere": polak_ribiere,
    "polak_ribiere_plus": polak_ribiere_plus,
    "hestenes_stiefel": hestenes_stiefel,
    "dai_yuan": dai_yuan,
}


def lost_conjugacy(
    gradient: Float[np.ndarray, " dim"], previous: Float[np.ndarray, " dim"], *, threshold: float = 0.2
) -> bool:
    r"""Say whether two consecutive gradients are far from orthogonal, by Powell's test (8)."""
    g, h, _ = _scaled(gradient, previous)
    product, square = float(np.sum(g * h)), float(np.sum(g * g))
    return not (-threshold * square < product < threshold * square)


def next_direction(
    gradient: Float[np.ndarray, " dim"],
    previous: Float[np.ndarray, " dim"],
    direction: Float[np.ndarray, " dim"],
    age: int,
    *,
    rule: Rule = "polak_ribiere_plus",
    restart_every: int,
    threshold: float = np.inf,
) -> tuple[Float[np.ndarray, " dim"], int]:
    r"""Return the next direction, by equation (1) or by a restart."""
    _check_rule(rule)
    new, new_age = -gradient, 0
    if age + 1 < restart_every and not lost_conjugacy(gradient, previous, threshold=threshold):
        beta = RULES[rule](gradient, previous, direction)
        if np.isfinite(beta):
            candidate = beta * direction - gradient
            if float(candidate @ gradient) < 0:
                new, new_age = candidate, age + 1
    return new, new_age


def trial_step(slope: float, *, last_step: float | None = None, last_slope: float | None = None) -> float:
    """Return the step size with which a line search begins, by equation (9)."""
    if last_slope is None or last_step is None:
        return float(np.sqrt(-1 / slope))
    return last_step / (slope / last_slope)


def minimize(
    fun: Objective,
    grad: Gradient,
    start: ArrayLike,
    *,
    rule: Rule = "polak_ribiere_plus",
    curvature: float = 0.1,
    restart_every: int | None = None,
    threshold: float = np.inf,
    tol: float = 1e-6,
    max_iter: int = 1000,
    record_path: bool = False,
) -> OptimizeResult:
    r"""Minimise a function by nonlinear conjugate gradients."""
    _check(rule, curvature, restart_every, threshold)
    x, grad = check_arguments(start, step_size=1.0, tol=tol, max_iter=max_iter), checked_gradient(grad)
    state = State(x=x, value=float(fun(x)), gradient=(g := grad(x)), direction=-g)
    points, nfev = [x], 1
    while True:
        message = stopping(state.value, state.gradient, len(points) - 1, tol=tol, max_iter=max_iter)
        if message is not None:
            break
        search, d, age = _search(fun, grad, state, curvature)
        nfev += search.nfev
        if not search.step_size > 0:
            message = STALLED
            break
        points.append(state.x + search.step_size * d)
        slope = float(d @ state.gradient)
        d, age = next_direction(
            search.gradient,
            state.gradient,
            d,
            age,
            rule=rule,
            restart_every=restart_every or len(x),
            threshold=threshold,
        )
        state = State(points[-1], search.value, search.gradient, d, age, search.step_size, slope)
    return OptimizeResult(
        state.x,
        state.value,
        len(points) - 1,
        nfev,
        message == CONVERGED,
        message,
        np.array(points) if record_path else None,
    )


def _search(  # given
    fun: Objective, grad: Gradient, state: State, curvature: float
) -> tuple[SearchResult, Vector, int]:
    """Search along the state's direction, and if nothing lower is found, against the gradient."""
    slope = float(state.gradient @ state.direction)
    if not -np.inf < slope < 0:  # the squares over- or underflow
        return SearchResult(0.0, state.value, state.gradient, 0, 0, False, STALLED), state.direction, state.age
    first = trial_step(slope, last_step=state.last_step, last_slope=state.last_slope)
    first = min(max(first, 1e-300), 1e300)
    ray = Ray(fun, grad, state.x, state.direction, value=state.value, gradient=state.gradient)
    search = strong_wolfe_search(ray, step_size=first, decrease=min(1e-4, curvature / 2), curvature=curvature)
    if search.step_size > 0 or state.age == 0:
        return search, state.direction, state.age
    anew = State(state.x, state.value, state.gradient, -state.gradient)
    again, direction, age = _search(fun, grad, anew, curvature)
    return replace(again, nfev=search.nfev + again.nfev), direction, age


def _scaled(  # given
    gradient: Vector, previous: Vector, direction: Vector | None = None
) -> tuple[Vector, Vector, Vector]:
    """Return the vectors over the largest component of the second, refusing zero."""
    scale = abs(previous).max()
    if not scale > 0:
        raise ValueError(f"previous must be a gradient that is not zero, got {previous}")
    return gradient / scale, previous / scale, previous if direction is None else direction / scale


def _check_rule(rule: str) -> None:  # given: argument checks
    """Refuse an unknown rule."""
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")


def _check(  # given: argument checks
    rule: str, curvature: float, restart_every: int | None, threshold: float
) -> None:
    """Refuse what `minimize` cannot use."""
    _check_rule(rule)
    if not 0 < curvature < 1:
        raise ValueError(f"curvature must lie between 0 and 1, got {curvature}")
    if restart_every is not None and not restart_every >= 1:
        raise ValueError(f"restart_every must be at least 1, got {restart_every}")
    if not threshold > 0:
        raise ValueError(f"threshold must be positive, got {threshold}")
