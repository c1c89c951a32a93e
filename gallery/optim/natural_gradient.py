"""A normal distribution fitted in three parametrisations, and the information of data beside that of the model."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mlpath.optim.natural_gradient import logistic_fisher, minimize, natural_step, second_moment

START = np.array([2.5, np.log(0.5)])  # mean and log scale; the data have mean 0 and variance 1


def figure() -> Figure:
    """Draw paths by plain and by natural gradient, and the length of steps by two informations."""
    fig, axes = plt.subplots(1, 3, figsize=(15, 4.6), layout="constrained")
    draw_paths(axes[0], natural=False)
    draw_paths(axes[1], natural=True)
    draw_steps(axes[2])
    return fig


def loss(point: np.ndarray) -> float:
    """Return the mean negative log-likelihood of data with mean 0 and variance 1, up to a constant."""
    return float(point[1] + (1 + point[0] ** 2) * np.exp(-2 * point[1]) / 2)


def slope(point: np.ndarray) -> np.ndarray:
    """Return the gradient of the loss by mean and log scale."""
    precision = np.exp(-2 * point[1])
    return np.array([point[0] * precision, 1 - (1 + point[0] ** 2) * precision])


def draw_paths(panel: Axes, *, natural: bool) -> None:
    """Draw the walks with small steps in three parametrisations over the contours of the loss."""
    mean, scale = np.meshgrid(np.linspace(-0.4, 2.8, 200), np.linspace(0.3, 3.4, 200))
    values = np.log(scale) + (1 + mean**2) / (2 * scale**2)
    panel.contour(mean, scale, values, levels=np.geomspace(0.55, 12, 12), colors="0.8", linewidths=0.8)
    changes = {
        "mean, log scale": (lambda p: p, lambda t: t, lambda p: np.eye(2)),
        "mean, scale": (
            lambda p: np.array([p[0], np.log(p[1])]),
            lambda t: np.array([t[0], np.exp(t[1])]),
            lambda p: np.diag([1, 1 / p[1]]),
        ),
        "mean, precision": (
            lambda p: np.array([p[0], -np.log(p[1]) / 2]),
            lambda t: np.array([t[0], np.exp(-2 * t[1])]),
            lambda p: np.diag([1, -0.5 / p[1]]),
        ),
    }
    for row, (name, (to, back, jacobian)) in enumerate(changes.items()):

        def fisher(p, to=to, jacobian=jacobian):
            if not natural:
                return np.eye(2)
            return jacobian(p).T @ np.diag([np.exp(-2 * to(p)[1]), 2.0]) @ jacobian(p)

        walk = minimize(
            lambda p, to=to: loss(to(p)),
            lambda p, to=to, jacobian=jacobian: jacobian(p).T @ slope(to(p)),
            fisher,
            back(START),
            step_size=0.02,
            max_iter=300 if natural else 600,
            record_path=True,
        )
        path = [] if walk.path is None else walk.path
        points = np.array([to(p) for p in path])
        width = 6 - 2 * row if natural else 2
        panel.plot(points[:, 0], np.exp(points[:, 1]), color=f"C{row}", label=name, linewidth=width)
    panel.plot(START[0], np.exp(START[1]), "ko", markersize=5)
    panel.plot(0, 1, "k*", markersize=11)
    panel.set(title="Natural gradient: one curve" if natural else "Plain gradient: a path for each parametrisation")
    panel.set(xlabel=r"mean $\mu$", ylabel=r"standard deviation $\sigma$", xlim=(-0.4, 2.8), ylim=(0.3, 3.4))
    panel.legend(title="trained are", loc="upper right")


def draw_steps(panel: Axes) -> None:
    """Draw the length of the step on logistic regression as the fit gets better."""
    rng = np.random.default_rng(0)
    features = np.column_stack([rng.standard_normal((200, 2)), np.ones(200)])
    goal = np.array([2.0, -1.0, 0.3])
    labels = (features @ goal > 0).astype(float)
    scales, lengths = np.geomspace(0.1, 30, 40), ([], [])
    for scale in scales:
        p = 1 / (1 + np.exp(-features @ goal * scale))
        gradient = (p - labels) @ features / 200
        empirical = second_moment((labels - p)[:, None] * features)
        for row, matrix in enumerate((logistic_fisher(features, scale * goal), empirical)):
            lengths[row].append(np.linalg.norm(natural_step(gradient, matrix, damping=1e-12)))
    panel.loglog(scales, lengths[0], label="Fisher information (6)")
    panel.loglog(scales, lengths[1], label="empirical Fisher")
    panel.set(title="Separable labels, fitted ever better", ylabel="length of the step")
    panel.set(xlabel="weights, in multiples of the ones that made the labels")
    panel.legend()
