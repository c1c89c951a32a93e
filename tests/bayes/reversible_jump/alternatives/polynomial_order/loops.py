"""Chains in loops, the evidence by matrices, a death as minus the birth that leads back."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class Model:  # given
    """What is known: data, basis, noise and priors.

    Examples
    --------
    >>> model = Model(np.array([1.0, 4.0]), np.array([[1.0, -1.0], [1.0, 1.0]]), 0.5, 3.0, np.zeros(2))
    >>> model.basis.shape
    (2, 2)
    """

    y: Float[np.ndarray, " n"]
    """The data."""
    basis: Float[np.ndarray, "n n_terms"]
    """q_j(x_i), one column for each j from 0 to K, with (1)."""
    noise: float
    """The standard deviation of the errors."""
    spread: float
    """The prior standard deviation of each coefficient, tau."""
    log_prior: Float[np.ndarray, " n_terms"]
    """log p(k) for each k from 0 to K, up to a constant."""

    def __post_init__(self) -> None:
        if self.basis.ndim != 2 or self.y.shape != self.basis.shape[:1] or not np.isfinite(self.y).all():
            raise ValueError(f"y must be finite with one entry a row of basis, got shape {self.y.shape}")
        n, n_terms = self.basis.shape
        if not np.allclose(self.basis.T @ self.basis / n, np.eye(n_terms)):
            raise ValueError(f"basis must be orthonormal by (1), got {self.basis.T @ self.basis / n}")
        for name, value in (("noise", self.noise), ("spread", self.spread)):
            if not 0 < value < np.inf:
                raise ValueError(f"{name} must be positive and finite, got {value}")
        _check_log_prior(self.log_prior)
        if self.log_prior.shape != (n_terms,):
            raise ValueError(f"log_prior must have {n_terms} entries, got shape {self.log_prior.shape}")


@dataclass(frozen=True)
class Proposal:  # given
    """How new coefficients are made, and how often that is tried.

    Examples
    --------
    >>> Proposal(np.zeros(3), np.array([1.0, 0.5, 0.5])).share
    0.5
    """

    centre: Float[np.ndarray, " n_terms"]
    """m_j for each j from 0 to K; the first is never used."""
    scale: Float[np.ndarray, " n_terms"]
    """s_j, likewise."""
    share: float = 0.5
    """c of (5)."""

    def __post_init__(self) -> None:
        if self.centre.ndim != 1 or not np.isfinite(self.centre).all():
            raise ValueError(f"centre must be a vector of finite numbers, got {self.centre}")
        if self.scale.shape != self.centre.shape or not ((self.scale > 0) & (self.scale < np.inf)).all():
            raise ValueError(f"scale must be positive, finite and as many as centre, got {self.scale}")
        _check_share(self.share)


@dataclass(frozen=True)
class Jump:
    """Where each chain might go, and what that depends on."""

    order: Int[np.ndarray, " n_chains"]
    """The new orders."""
    coefficients: Float[np.ndarray, "n_chains n_terms"]
    """The new coefficients; 0 beyond the new order."""
    log_ratio: Float[np.ndarray, " n_chains"]
    """log A of going there from here: positive where it is sure to be accepted, there is no minimum with 0."""


@dataclass(frozen=True)
class Orders:
    """What `sample` returns."""

    order: Int[np.ndarray, "n_chains n_draws"]
    """The order of each chain after each step."""
    coefficients: Float[np.ndarray, "n_chains n_draws n_terms"]
    """Its coefficients; 0 beyond the order."""
    acceptance_rate: Float[np.ndarray, " n_chains"]
    """The share of the steps of each chain in which a jump was accepted."""


def _check_log_prior(log_prior: np.ndarray) -> None:  # given: argument checks
    if log_prior.ndim != 1 or log_prior.size == 0 or not np.isfinite(log_prior).all() or np.ptp(log_prior) > 700:
        raise ValueError(f"log_prior must be finite numbers that differ by 700 at most, got {log_prior}")


def _check_share(share: float) -> None:  # given: argument checks
    if not 0 < share <= 0.5:
        raise ValueError(f"share must be above 0 and at most 0.5, got {share}")


def _check_order(order: np.ndarray, low: int, high: int) -> None:  # given: argument checks
    if order.ndim != 1 or not np.issubdtype(order.dtype, np.integer) or not ((order >= low) & (order <= high)).all():
        raise ValueError(f"order must be a vector of whole numbers from {low} to {high}, got {order}")


def orthonormal_basis(x: Float[np.ndarray, " n"], max_order: int) -> Float[np.ndarray, "n n_terms"]:  # given
    if x.ndim != 1 or not np.isfinite(x).all():
        raise ValueError(f"x must be a vector of finite numbers, got {x}")
    if not 0 <= max_order < len(np.unique(x)):
        raise ValueError(f"max_order must be from 0 to one less than there are different points, got {max_order}")
    centred = (2 * x - x.max() - x.min()) / max(np.ptp(x), np.finfo(float).tiny)
    q, r = np.linalg.qr(np.polynomial.legendre.legvander(centred, max_order))
    return np.sqrt(len(x)) * q * np.sign(np.diag(r))


def log_ratio(
    log_target_ratio: Float[np.ndarray, " n_chains"],
    log_proposal_ratio: Float[np.ndarray, " n_chains"],
    jacobian: Float[np.ndarray, "n_chains m m"],
) -> Float[np.ndarray, " n_chains"]:
    # given: the checks
    for name, value in (("log_target_ratio", log_target_ratio), ("log_proposal_ratio", log_proposal_ratio)):
        if not (value < np.inf).all():
            raise ValueError(f"{name} must not be NaN or infinite, got {value[~(value < np.inf)][0]}")
    if jacobian.ndim != 3 or jacobian.shape[1] != jacobian.shape[2] or not np.isfinite(jacobian).all():
        raise ValueError(f"jacobian must be finite square matrices, one a chain, got shape {jacobian.shape}")

    found = []
    for target, proposal, matrix in zip(log_target_ratio, log_proposal_ratio, jacobian, strict=True):
        size = np.abs(np.diag(np.linalg.qr(matrix)[1]))
        if not size.all():
            raise ValueError(f"jacobian is singular: {matrix}")
        found.append(target + proposal + sum(math.log(s) for s in size))
    return np.array(found)


def move_probabilities(
    log_prior: Float[np.ndarray, " n_terms"], *, share: float = 0.5
) -> tuple[Float[np.ndarray, " n_terms"], Float[np.ndarray, " n_terms"]]:
    # given: the checks
    _check_log_prior(log_prior)
    _check_share(share)

    n_terms = len(log_prior)
    birth = [share * math.exp(min(0, log_prior[k + 1] - log_prior[k])) for k in range(n_terms - 1)] + [0.0]
    death = [0.0] + [share * math.exp(min(0, log_prior[k - 1] - log_prior[k])) for k in range(1, n_terms)]
    return np.array(birth), np.array(death)


def log_posterior(
    model: Model, order: Int[np.ndarray, " n_chains"], coefficients: Float[np.ndarray, "n_chains n_terms"]
) -> Float[np.ndarray, " n_chains"]:
    # given: the check
    _check_order(order, 0, len(model.log_prior) - 1)

    found = []
    for k, row in zip(order, coefficients, strict=True):
        beta, q = row[: k + 1], model.basis[:, : k + 1]
        misfit = model.y - q @ beta
        exponent = (beta @ beta) / model.spread**2 + (misfit @ misfit) / model.noise**2
        constant = (k + 1) * math.log(2 * math.pi * model.spread**2) + len(model.y) * math.log(
            2 * math.pi * model.noise**2
        )
        found.append(model.log_prior[k] - (exponent + constant) / 2)
    return np.array(found)


def order_posterior(model: Model) -> Float[np.ndarray, " n_terms"]:

    log_joint = []
    for k, log_prior in enumerate(model.log_prior):
        q = model.basis[:, : k + 1]
        precision = q.T @ q / model.noise**2 + np.eye(k + 1) / model.spread**2
        pull = q.T @ model.y / model.noise**2
        mean = np.linalg.solve(precision, pull)
        log_joint.append(
            log_prior + pull @ mean / 2 - np.linalg.slogdet(precision)[1] / 2 - (k + 1) * math.log(model.spread)
        )
    return np.array(log_joint) - np.logaddexp.reduce(log_joint)


def redraw(
    model: Model, order: Int[np.ndarray, " n_chains"], *, rng: np.random.Generator
) -> Float[np.ndarray, "n_chains n_terms"]:
    # given: the check
    n_terms = len(model.log_prior)
    _check_order(order, 0, n_terms - 1)

    variance = 1 / (len(model.y) / model.noise**2 + 1 / model.spread**2)
    found = np.zeros((len(order), n_terms))
    for i, k in enumerate(order):
        mean = variance * (model.y @ model.basis[:, : k + 1]) / model.noise**2
        found[i, : k + 1] = rng.normal(mean, math.sqrt(variance))
    return found


def birth(
    model: Model,
    proposal: Proposal,
    order: Int[np.ndarray, " n_chains"],
    coefficients: Float[np.ndarray, "n_chains n_terms"],
    u: Float[np.ndarray, " n_chains"],
) -> Jump:
    # given: the check
    _check_order(order, 0, len(model.log_prior) - 2)

    new = coefficients.copy()
    up, down = move_probabilities(model.log_prior, share=proposal.share)
    found = np.empty(len(order))
    for i, k in enumerate(order):
        scale = proposal.scale[k + 1]
        new[i, k + 1] = proposal.centre[k + 1] + scale * u[i]
        # Only the misfit and one prior factor change.
        before, q = model.y - model.basis @ coefficients[i], model.basis[:, k + 1]
        after = before - q * new[i, k + 1]
        gain = (before @ before - after @ after) / 2 / model.noise**2 + _log_normal(new[i, k + 1], model.spread)
        gain += model.log_prior[k + 1] - model.log_prior[k]
        found[i] = gain + math.log(down[k + 1] / up[k]) + u[i] ** 2 / 2 + math.log(2 * math.pi) / 2 + math.log(scale)
    return Jump(order + 1, new, found)


def death(
    model: Model,
    proposal: Proposal,
    order: Int[np.ndarray, " n_chains"],
    coefficients: Float[np.ndarray, "n_chains n_terms"],
) -> Jump:
    # given: the check
    _check_order(order, 1, len(model.log_prior) - 1)

    rows = np.arange(len(order))
    u = (coefficients[rows, order] - proposal.centre[order]) / proposal.scale[order]
    shorter = np.where(np.arange(coefficients.shape[1]) < order[:, None], coefficients, 0.0)
    return Jump(order - 1, shorter, -birth(model, proposal, order - 1, shorter, u).log_ratio)


def sample(
    model: Model,
    proposal: Proposal,
    order: Int[np.ndarray, " n_chains"],
    n_draws: int,
    *,
    rng: np.random.Generator,
) -> Orders:
    # given: the checks
    _check_order(order, 0, len(model.log_prior) - 1)
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1, got {n_draws}")

    up, down = move_probabilities(model.log_prior, share=proposal.share)
    recorded, n_accepted = [], np.zeros(len(order))
    coefficients = redraw(model, order, rng=rng)
    for _ in range(n_draws):
        kind, coin = rng.random(len(order)), 1 - rng.random(len(order))
        there, threshold = order.copy(), np.log(coin)
        rise, fall = kind > 1 - up[order], kind < down[order]
        jump = birth(model, proposal, order[rise], coefficients[rise], rng.standard_normal(rise.sum()))
        there[rise] = np.where(threshold[rise] <= jump.log_ratio, jump.order, order[rise])
        jump = death(model, proposal, order[fall], coefficients[fall])
        there[fall] = np.where(threshold[fall] <= jump.log_ratio, jump.order, order[fall])
        n_accepted += there != order
        order, coefficients = there, redraw(model, there, rng=rng)
        recorded.append((order, coefficients))
    orders, draws = (np.stack(column, axis=1) for column in zip(*recorded, strict=True))
    return Orders(orders, draws, n_accepted / n_draws)


def _log_normal(x: np.ndarray, scale: float) -> np.ndarray:  # given
    return -((x / scale) ** 2) / 2 - np.log(scale) - np.log(2 * np.pi) / 2
