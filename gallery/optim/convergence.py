"""Convergence: three papers on which laws are straight lines, and a race."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim import bfgs, gradient_descent, lbfgs, momentum
from mlpath.optim._shared import quadratic, rosenbrock
from mlpath.optim.conjugate_gradient import nonlinear
from mlpath.optim.convergence import (
    compare,
    errors,
    exponent,
    linear_rate,
    order,
    performance_profile,
    steps_to,
    suite,
)
from mlpath.optim.newton import damped


def walk(condition: float, method: str) -> np.ndarray:
    """Return the errors of a walk with the best fixed coefficients, down to where rounding begins."""
    bowl = quadratic(np.geomspace(1, condition, 12), rng=np.random.default_rng(3))
    options = {"tol": 1e-11, "max_iter": 20_000, "record_path": True}
    if method == "gradient descent":
        run = partial(gradient_descent.minimize, step_size=2 / (1 + condition))
    else:
        step_size, share = momentum.optimal_coefficients(1.0, condition, "heavy_ball")
        run = partial(momentum.minimize, step_size=step_size, momentum=share, method="heavy_ball")
    path = run(bowl.fun, bowl.grad, bowl.start, **options).path
    assert path is not None
    return errors(path, bowl.minimum)


def figure() -> Figure:
    """Draw linear rates, orders, the price of a condition number, and a performance profile."""
    fig, ((rates, orders), (prices, profile)) = plt.subplots(2, 2, figsize=(12, 9), layout="constrained")

    for method, color in (("gradient descent", "C0"), ("heavy ball", "C1")):
        e = walk(30.0, method)
        half = len(e) // 2
        rho = linear_rate(e[half:])
        k = np.arange(len(e))
        rates.semilogy(k, e, ".", markersize=3, color=color)
        middle = np.exp(np.log(e[half:]).mean())
        label = rf"{method}: $\rho$ = {rho:.3f}"
        rates.semilogy(k, middle * rho ** (k - k[half:].mean()), color=color, linewidth=1, label=label)
        best = 29 / 31 if method == "gradient descent" else (30**0.5 - 1) / (30**0.5 + 1)
        rates.plot([], [], " ", label=f"      in theory {best:.3f}")
    rates.set(
        title="Linear: straight over the step, bowl of condition 30", xlabel="step", ylabel="error", xlim=(0, 330)
    )
    rates.legend()

    valley = rosenbrock()
    newton = damped.minimize(valley.fun, valley.grad, valley.hess, valley.start, tol=1e-12, record_path=True)
    quasi = bfgs.minimize(valley.fun, valley.grad, valley.start, tol=1e-12, record_path=True)
    paths = {"Newton": newton.path, "BFGS": quasi.path}
    for (name, path), color in zip(paths.items(), ("C2", "C3"), strict=True):
        assert path is not None
        e = errors(path, valley.minimum)
        e = e[: steps_to(e, 1e-14)]
        q, _ = order(e[-4:])
        orders.loglog(
            e[:-1], e[1:], "o-", color=color, markersize=4, linewidth=0.8, label=f"{name}: q = {q:.2f} at the end"
        )
    grid = np.geomspace(1e-9, 3, 50)
    orders.loglog(grid, grid, color="0.6", linewidth=0.8, label="no progress")
    orders.loglog(grid, grid**2, ":", color="0.4", label="slope 2")
    orders.set(title="Order: the next error over the present one, Rosenbrock", xlabel="error", ylabel="next error")
    orders.set(xlim=(1e-9, 3), ylim=(1e-16, 5))
    orders.legend()

    conditions = np.geomspace(4, 1000, 7)
    for method, color in (("gradient descent", "C0"), ("heavy ball", "C1")):
        counts = []
        for condition in conditions:
            e = walk(float(condition), method)
            counts.append(float(steps_to(e, 1e-7 * e[0]) or np.nan))
        p = exponent(conditions[2:], np.array(counts[2:]))
        prices.loglog(conditions, counts, "o-", color=color, label=f"{method}: exponent {p:.2f}")
    prices.set(title="Steps for 7 digits", xlabel="condition number", ylabel="steps")
    prices.legend()

    solvers = {
        "gradient descent, Armijo": partial(gradient_descent.minimize, rule="armijo", max_iter=3000, tol=1e-10),
        "nonlinear CG": partial(nonlinear.minimize, tol=1e-10, max_iter=2000),
        "BFGS": partial(bfgs.minimize, tol=1e-10, max_iter=2000),
        "L-BFGS": partial(lbfgs.minimize, tol=1e-10, max_iter=2000),
    }
    race = compare(solvers, suite(), target=1e-6)
    ratios = np.geomspace(1, 100, 400)
    shares = performance_profile(race.costs, ratios)
    for number, (name, share) in enumerate(zip(race.solvers, shares.T, strict=True)):
        profile.semilogx(ratios, share, color=("C0", "C4", "C3", "C2")[number], drawstyle="steps-post", label=name)
    profile.set(title=f"Performance profile on {len(race.problems)} problems, goal 1e-6", ylim=(0, 1.02), xlim=(1, 100))
    profile.set(xlabel="times the evaluations of the best solver", ylabel="share of problems solved")
    profile.legend(loc="lower right")
    return fig
