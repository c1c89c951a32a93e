"""The errors of four ways to the slope of exp(sin 3x), against the step."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.calculus.finite_differences.derivatives import (
    central_difference,
    complex_step,
    error_bound,
    forward_difference,
    optimal_step,
    richardson,
)

X = np.array([0.7])
EPS = np.finfo(float).eps


def curve(x):
    return np.exp(np.sin(3 * x))


def figure() -> Figure:
    """On the left each method's error; on the right the bound (4) over the forward and the central difference."""
    s, c = np.sin(3 * X[0]), np.cos(3 * X[0])
    exact = 3 * c * curve(X)[0]
    second = 9 * (c**2 - s) * curve(X)[0]
    third = 27 * c * (c**2 - 3 * s - 1) * curve(X)[0]
    steps = np.geomspace(3e-16, 0.5, 400)

    def errors(method, chosen):
        return [max(abs(method(h) - exact) / abs(exact), 1e-17) for h in chosen]

    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained", sharey=True)
    halved = steps[steps > 1e-13]
    ways = {
        "forward difference (2)": (lambda h: forward_difference(curve, X, h)[0], steps),
        "central difference (3)": (lambda h: central_difference(curve, X, h)[0], steps),
        "complex step (6)": (lambda h: complex_step(curve, X, h)[0], steps),
        "Richardson, 3 halvings (8)": (lambda h: richardson(curve, X, h, 3).derivative[0], halved),
    }
    for name, (method, chosen) in ways.items():
        left.loglog(chosen, errors(method, chosen), ".", markersize=3, label=name)
    left.set(xlabel="step $h$", ylabel="relative error", title="Four ways to one slope")

    noise = 2 * EPS * curve(X)[0]
    for name, order, constant in (
        ("forward difference", 1, abs(second) / 2),
        ("central difference", 2, abs(third) / 6),
    ):
        method, _ = ways[f"{name} ({order + 1})"]
        (dots,) = right.loglog(steps, errors(method, steps), ".", markersize=3, label=name)
        bound = error_bound(steps, order, constant, noise) / abs(exact)
        right.loglog(steps, bound, color=dots.get_color(), label=f"bound (4), $p = {order}$")
        best = optimal_step(order, constant, noise)
        right.axvline(best, color=dots.get_color(), linestyle=":", label=f"best step (5): {best:.1g}")
    right.set(xlabel="step $h$", title="Truncation, rounding, and the step between", ylim=(1e-17, 10))
    for axes in (left, right):
        axes.legend(loc="upper center", fontsize="small", ncols=2, markerscale=3)
        axes.set_ylim(1e-17, 1e4)
        axes.grid(alpha=0.3)
    return fig
