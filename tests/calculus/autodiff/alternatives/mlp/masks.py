"""Another way: masks instead of cut-offs, labels as rows of ones and zeros, the gradients straight from `backward`."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from mlpath.calculus.autodiff.array import Variable, add, backward, log_sum_exp, matmul

Array = Float[np.ndarray, "..."]
Arrays = tuple[Array, ...]
Images = Float[np.ndarray, "n_samples n_features"]
Labels = Int[np.ndarray, " n_samples"]


@dataclass(frozen=True)
class Momentum:
    """Parameters and their velocities."""

    parameters: Arrays
    velocities: Arrays


@dataclass(frozen=True)
class Training:
    """What `train` ends with."""

    parameters: Arrays
    losses: Float[np.ndarray, " n_epochs"]


def _check_parameters(parameters: Sequence[Array | Variable], n_features: int) -> None:  # given: argument checks
    """Refuse parameters that are no layers, one fitting the other."""
    if len(parameters) < 2 or len(parameters) % 2:
        raise ValueError(f"parameters must be pairs of weights and biases, got {len(parameters)} arrays")
    for w, b in zip(parameters[::2], parameters[1::2]):
        if w.ndim != 2 or w.shape[0] != n_features or b.shape != w.shape[1:]:
            raise ValueError(
                f"parameters must fit {n_features} inputs of a layer, got the shapes {w.shape} and {b.shape}"
            )
        n_features = w.shape[1]


def _check_data(x: Images, labels: Labels, n_classes: int) -> None:  # given: argument checks
    """Refuse images that are no matrix of numbers, and labels that do not fit."""
    if x.ndim != 2 or not len(x):
        raise ValueError(f"x must have shape (n_samples, n_features) with at least one row, got {x.shape}")
    if labels.shape != x.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be {len(x)} whole numbers, got {labels.dtype} of shape {labels.shape}")
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(f"labels must be from 0 to {n_classes - 1}, got {labels.min()} to {labels.max()}")


def initialise(sizes: Sequence[int], *, rng: np.random.Generator) -> Arrays:
    """Return random weights and zero biases for a network, equation (5)."""
    # given: the check
    if len(sizes) < 2 or any(n != int(n) or n < 1 for n in sizes):
        raise ValueError(f"sizes must be two or more positive whole numbers, got {sizes}")
    # yours
    weights = [np.sqrt(2 / m) * rng.standard_normal((n, m)).T for m, n in pairwise(sizes)]
    return tuple(array for w in weights for array in (w, np.zeros(w.shape[1])))


def scores(x: Images, parameters: Sequence[Array | Variable]) -> Variable:
    """Return the scores of all classes for each image, equation (1)."""
    # given: the checks
    if x.ndim != 2:
        raise ValueError(f"x must have shape (n_samples, n_features), got {x.shape}")
    _check_parameters(parameters, x.shape[1])
    layers = [(Variable(w) if isinstance(w, np.ndarray) else w, b) for w, b in zip(parameters[::2], parameters[1::2])]
    # yours
    h = x
    for i, (w, b) in enumerate(layers):
        z = add(matmul(h, w), b)
        h = z if i == len(layers) - 1 else z * (z.value > 0).astype(z.dtype)
    return h


def cross_entropy(z: Variable, labels: Labels) -> Variable:
    """Return the mean surprise at the right classes, equation (2)."""
    # given: the check
    _check_data(z.value, labels, z.shape[-1])
    # yours
    truth = np.eye(z.shape[1])[labels]
    surprise = log_sum_exp(z, axis=1, keepdims=True) - z
    return (surprise * truth).sum() / len(labels)


def predict(x: Images, parameters: Arrays) -> Int[np.ndarray, " n_samples"]:
    """Return the class that the network thinks most likely for each image, equation (4)."""
    h = x
    for i, (w, b) in enumerate(zip(parameters[::2], parameters[1::2])):
        h = (h if i == 0 else np.maximum(h, 0)) @ w + b
    return np.array([int(np.flatnonzero(row == row.max())[0]) for row in h])


def step(state: Momentum, gradients: Arrays, *, rate: float, momentum: float) -> Momentum:
    r"""Return parameters and velocities after one step, equation (6)."""
    # given: the checks
    _check_rates(rate, momentum)
    if [g.shape for g in gradients] != [p.shape for p in state.parameters]:
        raise ValueError(f"gradients must have the shapes of the parameters, got {[g.shape for g in gradients]}")
    # yours
    parameters, velocities = [], []
    for p, v, g in zip(state.parameters, state.velocities, gradients):
        velocities.append(v * momentum + g)
        parameters.append(p - velocities[-1] * rate)
    return Momentum(tuple(parameters), tuple(velocities))


def _check_rates(rate: float, momentum: float) -> None:  # given: argument checks
    """Refuse a rate that is not positive, and a momentum outside [0, 1)."""
    if not 0 < rate < np.inf:
        raise ValueError(f"rate must be positive and finite, got {rate}")
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must be at least 0 and below 1, got {momentum}")


def batches(n_samples: int, batch_size: int, *, rng: np.random.Generator) -> list[np.ndarray]:
    """Return which images the batches of an epoch have: all of them once, in a random order."""
    # given: the check
    if n_samples < 1 or batch_size < 1:
        raise ValueError(f"n_samples and batch_size must be at least 1, got {n_samples} and {batch_size}")
    # yours
    order = np.argsort(rng.random(n_samples))
    return np.split(order, range(batch_size, n_samples, batch_size))


def train(
    x: Images,
    labels: Labels,
    parameters: Arrays,
    *,
    n_epochs: int = 20,
    batch_size: int = 32,
    rate: float = 0.05,
    momentum: float = 0.9,
    rng: np.random.Generator,
) -> Training:
    """Return what a network has learnt from images and their labels, by repeating (6)."""
    # given: the checks
    _check_data(x, labels, len(parameters[-1]))
    _check_parameters(parameters, x.shape[1])
    _check_rates(rate, momentum)
    if n_epochs < 1:
        raise ValueError(f"n_epochs must be at least 1, got {n_epochs}")
    # yours
    start = tuple(p.copy() for p in parameters)
    state, losses = Momentum(start, tuple(0 * p for p in start)), []
    for _ in range(n_epochs):
        met, counts = [], []
        for batch in batches(len(x), batch_size, rng=rng):
            inputs = [Variable(p) for p in state.parameters]
            loss = cross_entropy(scores(x[batch], inputs), labels[batch])
            adjoints = backward(loss)
            state = step(state, tuple(adjoints[p] for p in inputs), rate=rate, momentum=momentum)
            met.append(float(loss.value))
            counts.append(len(batch))
        losses.append(np.average(met, weights=counts))
    return Training(state.parameters, np.array(losses))
