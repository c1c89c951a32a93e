"""How far entries grow under partial pivoting, and what that does to a solution."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg._shared import wilkinson_growth
from mlpath.linalg.lu import growth_factor, lu_factor, solve

SIZES = (5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60)


def growth_and_error(a, rng):
    """The growth of (12), and the error of a solution relative to its largest entry."""
    x = rng.normal(size=len(a))
    factors = lu_factor(a)
    error = np.abs(solve(factors, a @ x) - x).max() / np.abs(x).max()
    return growth_factor(a, factors), max(error, 1e-17)


def figure() -> Figure:
    """On the left the growth by size, on the right the error: Wilkinson's matrix, the same disturbed, and random ones."""
    rng = np.random.default_rng(0)
    fig, (growth, error) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
    families = {
        "Wilkinson's matrix": (lambda n: wilkinson_growth(n), 1, "crimson", "o"),
        r"the same plus $10^{-6}$ times random numbers": (
            lambda n: wilkinson_growth(n) + 1e-6 * rng.normal(size=(n, n)),
            6,
            "tab:orange",
            "x",
        ),
        "random entries": (lambda n: rng.normal(size=(n, n)), 6, "tab:blue", "."),
    }
    for name, (make, repeats, colour, marker) in families.items():
        sizes = np.repeat(SIZES, repeats)
        found = np.array([growth_and_error(make(n), rng) for n in sizes])
        growth.semilogy(sizes, found[:, 0], marker, color=colour, label=name)
        error.semilogy(sizes, found[:, 1], marker, color=colour, label=name)
    n = np.array(SIZES)
    growth.semilogy(n, 2.0 ** (n - 1), ":", color="crimson", label=r"the bound $2^{n-1}$")
    growth.set(
        xlabel="number of rows $n$", ylabel=r"growth $\rho$", title="How much larger than $A$ the entries of $U$ are"
    )
    growth.set_ylim(top=1e24)
    growth.legend(loc="upper left")
    error.axhline(1, color="grey", linestyle=":")
    error.text(SIZES[0], 1.5, "not one digit is right", color="grey", va="bottom")
    error.set(xlabel="number of rows $n$", ylabel="largest error of $x$, relative", title="What is left of a solution")
    error.set_ylim(top=1e4)
    return fig
