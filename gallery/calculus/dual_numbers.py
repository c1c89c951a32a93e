"""A slope without a step size, and where forward mode and reverse mode change places."""

import time
from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.calculus.dual_numbers import Layer, jvp, run, vjp

SIZES = [(4, 256), (8, 128), (16, 64), (32, 32), (64, 16), (128, 8), (256, 4)]  # inputs, outputs


def bump(x):
    return np.exp(-x * x) * np.sin(40 * x) / (1 + x**2)


def bump_slope(x):
    e, q = np.exp(-x * x), 1 + x**2
    return e * (40 * np.cos(40 * x) - 2 * x * np.sin(40 * x)) / q - 2 * x * e * np.sin(40 * x) / q**2


def network(n_in: int, n_out: int) -> list[Layer]:
    """A hidden layer of 100 units."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(100, n_in)), rng.normal(size=(n_out, 100))
    tanh = Layer(np.tanh, lambda z, w: (1 - np.tanh(z) ** 2) * w)
    return [Layer(lambda z: a @ z, lambda z, w: a.T @ w), tanh, Layer(lambda z: b @ z, lambda z, w: b.T @ w)]


def shortest(call: Callable[[], object], repeats: int = 5) -> float:
    """The least of a few times, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def figure() -> Figure:
    """On the left the error of a slope by central differences, by their step; on the right the time of a whole Jacobian."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    x = np.linspace(0.1, 1.1, 41)
    exact = bump_slope(x)
    steps = np.logspace(-13, -1, 60)
    errors = [np.abs((bump(x + h) - bump(x - h)) / (2 * h) - exact).max() / np.abs(exact).max() for h in steps]
    dual = np.abs(jvp(bump, x, np.ones_like(x))[1] - exact).max() / np.abs(exact).max()
    left.loglog(steps, errors, color="tab:orange", label="central differences")
    left.axhline(dual, color="tab:blue", label="dual numbers, which have no step")
    left.set(
        xlabel="step $h$",
        ylabel="largest error / largest slope",
        title=r"Slopes of $e^{-x^2} \sin(40 x)\, /\, (1 + x^2)$",
    )
    left.legend()

    forward, reverse = [], []
    for n, m in SIZES:
        layers, point = network(n, m), np.linspace(-1, 1, n)
        columns = lambda: [jvp(lambda z: run(layers, z), point, e) for e in np.eye(n)]  # noqa: B023, E731
        rows = lambda: [vjp(layers, point, e) for e in np.eye(m)]  # noqa: B023, E731
        forward.append(shortest(columns))
        reverse.append(shortest(rows))
    where = np.arange(len(SIZES))
    right.semilogy(where, 1e3 * np.array(forward), "o-", label="forward: a run for each input")
    right.semilogy(where, 1e3 * np.array(reverse), "s-", label="reverse: a run for each output")
    right.set_xticks(where, [f"{n}\n{m}" for n, m in SIZES])
    right.set(
        xlabel="inputs, and below them outputs",
        ylabel="milliseconds",
        title="A Jacobian of a network of 100 hidden units",
    )
    right.legend()
    return fig
