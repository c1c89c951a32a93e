"""A gap and no gap below a cloud of points, prices without end, and a machine with its two objectives."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.svm import SVC

from mlpath.optim._programs import iris_pair
from mlpath.optim.duality import best_bound, support_vectors


def figure() -> Figure:
    """Draw three clouds with their best bounds, and a support vector machine in the plane."""
    fig, axes = plt.subplots(1, 4, figsize=(20, 4.8), layout="constrained")
    x = np.linspace(-0.6, 3, 300)
    _cloud(axes[0], x - 1.2, (x - 2) ** 2, "Convex: the bound is the minimum")
    x = np.linspace(-1.7, 1.6, 300)
    _cloud(axes[1], -0.3 - x, x**4 - 2 * x**2 + 0.5 * x, "Dented: a gap")
    x = np.linspace(-1, 1, 301)
    _cloud(axes[2], x**2, x, "Without Slater: the price has no end")
    _machine(axes[3])
    return fig


def _cloud(axes: Axes, constraint: np.ndarray, value: np.ndarray, title: str) -> None:
    bound, price = best_bound(value, constraint[:, None])
    least = value[constraint <= 1e-12].min()
    axes.plot(constraint, value, "k", label=r"$(c(x), f(x))$ for all $x$")
    axes.axvspan(constraint.min() - 0.2, 0, color="0.92", label="feasible")
    ends = np.array([constraint.min() - 0.2, constraint.max() + 0.2])
    axes.plot(ends, bound - price * ends, "C0--", label=rf"best plane below, $\lambda$ = {price[0]:.3g}")
    axes.plot(0, least, "C2*", markersize=14, label=f"minimum {least:.2f}")
    axes.plot(0, bound, "C3o", label=f"best bound {round(bound, 2) + 0.0:.2f}")
    low, high = value.min(), value.max()
    axes.set(xlim=ends, ylim=(low - 0.25 * (high - low), high), title=title, xlabel="constraint $c$", ylabel="$f$")
    axes.legend(fontsize=8, loc="upper right" if price[0] < 100 else "lower right")


def _machine(axes: Axes) -> None:
    features, signs = iris_pair()
    features, C = features[:, 2:], 3.0
    peer, alpha = SVC(kernel="linear", C=C, tol=1e-9).fit(features, signs), np.zeros(len(signs))
    alpha[peer.support_] = abs(peer.dual_coef_[0])
    found = support_vectors(features, signs, alpha, C)
    axes.scatter(*features.T, c=signs, cmap="coolwarm", s=18)
    axes.scatter(*features[found.support].T, s=70, facecolors="none", edgecolors="k", label="supports")
    ends = np.array([2.9, 7.0])
    for level, style in ((-1, ":"), (0, "-"), (1, ":")):
        axes.plot(ends, (level - found.bias - found.weights[0] * ends) / found.weights[1], "k" + style)
    title = f"Two irises, C = {C:g}: {found.support.sum()} support, gap {found.gap:.1g}"
    axes.set(xlim=ends, ylim=(0.8, 2.7), title=title, xlabel="petal length / cm", ylabel="petal width / cm")
    axes.legend(fontsize=9, loc="upper left")
