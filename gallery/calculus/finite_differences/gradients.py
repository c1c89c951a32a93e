"""What a gradient check sees, and how long the steps of first and second differences should be."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.calculus.finite_differences.gradients import gradient, gradient_mismatch, hessian

N = 30
CLAIMS = {
    "right": lambda p: p,
    "right but for\nits 10th digit": lambda p: p * (1 + 1e-10),
    "one of 30 entries\noff by 1 %": lambda p: np.where(np.arange(N) == 7, 1.01 * p, p),
    "without\na factor 2": lambda p: p / 2,
    "sign turned": lambda p: -p,
}


def log_sum_exp(x):
    return x.max() + np.log(np.exp(x - x.max()).sum())


def softmax(x):
    return np.exp(x - log_sum_exp(x))


def exact_hessian(x):
    p = softmax(x)
    return np.diag(p) - np.outer(p, p)


def figure() -> Figure:
    """On the left mismatches along single directions; on the right errors against the relative step."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    p = softmax(x)
    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    for i, (name, claim) in enumerate(CLAIMS.items()):
        found = [
            gradient_mismatch(log_sum_exp, lambda x, claim=claim: claim(softmax(x)), x, n_directions=1, rng=rng)
            for _ in range(100)
        ]
        left.scatter(i + rng.uniform(-0.25, 0.25, 100), np.maximum(found, 1e-14), s=9, label=name)
    left.set_yscale("log")
    left.set_xticks(range(len(CLAIMS)), list(CLAIMS))
    left.set(ylabel="mismatch (9) along one direction", title="100 random directions for each claimed gradient")

    steps = np.geomspace(1e-9, 0.3, 60)
    first = [np.abs(gradient(log_sum_exp, x, h) - p).max() for h in steps]
    second = [np.abs(hessian(log_sum_exp, x[:6], h) - exact_hessian(x[:6])).max() for h in steps]
    for errors, power, name in ((first, 1 / 3, "gradient (3)"), (second, 1 / 4, "Hessian (5), (6)")):
        (dots,) = right.loglog(steps, errors, ".", label=name)
        best = np.finfo(float).eps ** power
        right.axvline(best, color=dots.get_color(), linestyle=":", label=f"default step: {best:.1g}")
    right.set(xlabel="relative step $h$", ylabel="largest error of an entry", title="How long a step?")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    right.legend()
    return fig
