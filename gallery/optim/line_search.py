"""What the conditions accept, what the searches try, and what the first step costs."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim.line_search import Ray, armijo_search, strong_wolfe_search, wolfe_search

DECREASE, CURVATURE = 0.1, 0.3
SEARCHES = {"Armijo": armijo_search, "Wolfe": wolfe_search, "strong Wolfe": strong_wolfe_search}


def phi(a: np.ndarray) -> np.ndarray:
    """Two valleys: a shallow one first, then a deeper one."""
    return 0.12 * (a - 1.6) ** 4 - 0.55 * (a - 1.6) ** 2 - 0.5 * a + np.logaddexp(0, 6 * (a - 3.4)) / 4


def slope(a: np.ndarray) -> np.ndarray:
    """Its derivative."""
    return 0.48 * (a - 1.6) ** 3 - 1.1 * (a - 1.6) - 0.5 + 0.75 * (1 + np.tanh(3 * (a - 3.4)))


def start() -> Ray:
    """Return the objective along the direction."""
    return Ray(lambda x: float(phi(x[0])), lambda x: np.array([slope(x[0])]), np.zeros(1), np.ones(1))


def figure() -> Figure:
    """Draw where the conditions hold, the trials of the three searches, and their number against the first step."""
    fig, (conditions, trials, costs) = plt.subplots(1, 3, figsize=(16, 4.8), layout="constrained")
    _conditions(conditions)
    _trials(trials)
    _costs(costs)
    return fig


def _conditions(axes: plt.Axes) -> None:
    a = np.linspace(0, 4.3, 2000)
    ray = start()
    line = ray.start.value + DECREASE * a * ray.start.slope
    axes.plot(a, phi(a), "k")
    axes.plot(a, line, "--", color="C0", label=f"the line of (2), $c_1$ = {DECREASE}")
    accepted = {
        "Armijo (2)": phi(a) <= line,
        "Wolfe (2, 3)": (phi(a) <= line) & (slope(a) >= CURVATURE * ray.start.slope),
        "strong Wolfe (2, 4)": (phi(a) <= line) & (abs(slope(a)) <= CURVATURE * abs(ray.start.slope)),
    }
    for row, (name, good) in enumerate(accepted.items()):
        level = np.where(good, -2.6 - 0.25 * row, np.nan)
        axes.plot(a, level, color=f"C{row}", linewidth=7, solid_capstyle="butt", label=name)
    axes.set(title=f"What the conditions accept ($c_2$ = {CURVATURE})", xlabel="step size a", ylabel="φ(a)")
    axes.set_ylim(-3.3, 2.2)
    axes.legend(loc="upper center", fontsize=9)


def _trials(axes: plt.Axes) -> None:
    a = np.linspace(0, 4.3, 2000)
    axes.plot(a, phi(a), color="0.75")
    first = 4.0
    for row, (name, search) in enumerate(SEARCHES.items()):
        seen: list[float] = []
        ray = Ray(
            lambda x, seen=seen: seen.append(float(x[0])) or float(phi(x[0])),
            lambda x: np.array([slope(x[0])]),
            np.zeros(1),
            np.ones(1),
        )
        options = {"decrease": DECREASE} if search is armijo_search else {"decrease": DECREASE, "curvature": CURVATURE}
        search(ray, step_size=first, **options)
        height = -2.6 - 0.3 * row
        axes.plot(seen[1:], np.full(len(seen) - 1, height), "-", color=f"C{row}", alpha=0.4)
        for number, at in enumerate(seen[1:], 1):
            axes.annotate(str(number), (at, height), color="w", ha="center", va="center", fontsize=8, zorder=3)
            axes.plot(at, height, "o", color=f"C{row}", markersize=12, label=name if number == 1 else None)
        axes.plot([seen[-1]] * 2, [height, phi(np.array(seen[-1]))], ":", color=f"C{row}")
        axes.plot(seen[-1], phi(np.array(seen[-1])), "*", color=f"C{row}", markersize=13)
    axes.set(title=f"The trials in turn, from a first step of {first:g}", xlabel="step size a", ylabel="φ(a)")
    axes.set_ylim(-3.5, 2.2)
    axes.legend(loc="upper center", fontsize=9)


def _costs(axes: plt.Axes) -> None:
    firsts = np.geomspace(1e-3, 1e3, 61)
    for name, search in SEARCHES.items():
        options = {"decrease": DECREASE} if search is armijo_search else {"decrease": DECREASE, "curvature": CURVATURE}
        axes.semilogx(
            firsts, [search(start(), step_size=float(a), **options).nfev - 1 for a in firsts], ".-", label=name
        )
    axes.set(title="What the first step costs", xlabel="first step", ylabel="evaluations of φ")
    axes.set_ylim(0, None)
    axes.legend(fontsize=9)
