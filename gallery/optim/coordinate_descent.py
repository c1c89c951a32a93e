"""Steps along the axes, a kink at which they stick, the lasso's path, and sweeps on correlated features."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim.coordinate_descent import duality_gap, elastic_net, lasso_path, quadratic_sweep


def figure() -> Figure:
    """Draw all four."""
    fig, axes = plt.subplots(1, 4, figsize=(19, 4.4), layout="constrained")
    _quadratic(axes[0])
    _stuck(axes[1])
    _path(axes[2])
    _sweeps(axes[3])
    return fig


def _quadratic(axes: plt.Axes) -> None:
    hessian, linear = np.array([[1.0, 0.8], [0.8, 1.2]]), np.array([0.4, 0.9])
    side = np.linspace(-2.2, 2.2, 200)
    plane = np.stack(np.meshgrid(side, side), axis=-1)
    values = np.einsum("abi,ij,abj->ab", plane, hessian, plane) / 2 - plane @ linear
    axes.contour(side, side, values, 18, colors="0.8")
    points = [np.array([1.9, 1.7])]
    for step in range(24):
        points.append(quadratic_sweep(hessian, linear, points[-1], [step % 2]))
    axes.plot(*np.transpose(points), ".-", color="C0")
    axes.set(title="A quadratic, one coordinate at a time", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")


def _stuck(axes: plt.Axes) -> None:
    side = np.linspace(-1.2, 2.2, 200)
    x1, x2 = np.meshgrid(side, side)
    axes.contour(side, side, abs(x1 - x2) + (x1 + x2) ** 2 / 4, 16, colors="0.8")
    axes.plot(side, side, ":", color="0.5")
    axes.annotate("", (1.9, 1.0), (0.1, 1.0), arrowprops={"arrowstyle": "<->", "color": "C3"})
    axes.annotate("", (1.0, 1.9), (1.0, 0.1), arrowprops={"arrowstyle": "<->", "color": "C3"})
    axes.plot(1, 1, "o", color="C3", label="no axis leads down from here")
    axes.plot(0, 0, "*", color="C0", markersize=14, label="the minimum")
    axes.set(title="$|x_1 - x_2| + (x_1 + x_2)^2 / 4$", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.legend(fontsize=8, loc="lower right")


def _path(axes: plt.Axes) -> None:
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes()
    features, targets = bunch.data * np.sqrt(442), bunch.target - bunch.target.mean()
    top = abs(targets @ features).max() / 442
    path = lasso_path(features, targets, np.geomspace(top, top / 1000, 80))
    for weights, name in zip(path.weights.T, bunch.feature_names, strict=True):
        (line,) = axes.semilogx(path.alphas, weights)
        axes.annotate(name, (path.alphas[-1], weights[-1]), xytext=(4, -3), textcoords="offset points", fontsize=8,
                      color=line.get_color())  # fmt: skip
    axes.set_xlim(1.2 * top, top / 2500)
    axes.set(title="The lasso path of the diabetes data", xlabel="penalty α", ylabel="weight")


def _sweeps(axes: plt.Axes) -> None:
    rng = np.random.default_rng(0)
    for color, correlation in (("C0", 0.0), ("C1", 0.8), ("C3", 0.95)):
        common = rng.standard_normal((200, 1))
        features = np.sqrt(1 - correlation) * rng.standard_normal((200, 30)) + np.sqrt(correlation) * common
        targets = features[:, :5] @ np.array([2.0, -1.0, 1.5, 1.0, -2.0]) + rng.standard_normal(200)
        alpha = 0.01 * abs(targets @ features).max() / 200
        for order, style in (("cyclic", "-"), ("random", "--")):
            path = elastic_net(
                features, targets, alpha, order=order, rng=np.random.default_rng(1), max_iter=80, record_path=True
            ).path
            gaps = []
            for w in path:
                residual = targets - features @ w
                gaps.append(duality_gap(targets, residual, residual @ features / 200, w, l1=alpha)[1])
            axes.semilogy(gaps, style, color=color, label=f"correlation {correlation:g}, {order}")
    axes.set(title="Sweeps of the lasso, 30 features", xlabel="sweeps", ylabel="duality gap", ylim=(1e-9, None))
    axes.legend(fontsize=8)
