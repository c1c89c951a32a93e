"""Two steps instead of a zigzag, convergence on four spectra, and what a preconditioner spares."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim.conjugate_gradient.linear import (
    chebyshev_bound,
    conjugate_gradient,
    energy_norm,
    identity,
    incomplete_cholesky,
    jacobi,
    substitution,
)


def figure() -> Figure:
    """Draw the path in the plane, the error against the bound, and residuals on a badly scaled grid."""
    fig, (plane, spectra, grids) = plt.subplots(1, 3, figsize=(16, 4.9), layout="constrained")
    _plane(plane)
    _spectra(spectra)
    _grids(grids)
    return fig


def _plane(axes: plt.Axes) -> None:
    matrix, rhs, start = np.array([[1.2, 1.6], [1.6, 4.3]]), np.array([0.8, 1.0]), np.array([-1.6, 1.9])
    path = conjugate_gradient(lambda v: matrix @ v, rhs, start=start, record_path=True).path
    descent = [start]
    for _ in range(15):
        r = rhs - matrix @ descent[-1]
        descent.append(descent[-1] + r @ r / (r @ matrix @ r) * r)
    x, y = np.meshgrid(np.linspace(-2.2, 3.2, 200), np.linspace(-1.4, 2.4, 200))
    height = (matrix[0, 0] * x**2 + 2 * matrix[0, 1] * x * y + matrix[1, 1] * y**2) / 2 - rhs[0] * x - rhs[1] * y
    axes.contour(x, y, height - height.min(), levels=np.geomspace(0.02, 20, 14), colors="0.8", linewidths=0.8)
    axes.plot(*np.array(descent).T, "o-", color="C1", markersize=3, label="steepest descent, 15 exact steps")
    axes.plot(*path.T, "o-", color="C0", linewidth=2, label="conjugate gradients, 2 steps")
    axes.plot(*path[-1], "k*", markersize=13)
    axes.set(title="The same bowl", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axes.legend(loc="lower left", fontsize=9)


def _spectra(axes: plt.Axes) -> None:
    n, condition = 200, 400.0
    spectra = {
        "crowded at both ends": (condition + 1 + (condition - 1) * np.cos(np.linspace(0, np.pi, n))) / 2,
        "even": np.linspace(1, condition, n),
        "between 1 and 4, five larger": np.append(np.linspace(1, 4, n - 5), np.geomspace(40, condition, 5)),
        "five values": np.repeat([1.0, 10, 50, 200, condition], n // 5),
    }
    for row, (name, spectrum) in enumerate(spectra.items()):
        result = conjugate_gradient(lambda v, a=spectrum: a * v, spectrum**0.5, tol=1e-10, record_path=True)
        errors = [energy_norm(lambda v, a=spectrum: a * v, x - spectrum**-0.5) for x in result.path]
        axes.semilogy(np.array(errors) / errors[0], ".-", color=f"C{row}", markersize=4, label=name)
    steps = np.arange(101)
    axes.semilogy(steps, [chebyshev_bound(condition, k) for k in steps], "k--", label="the bound (9)")
    axes.set(title=f"Four spectra with κ = {condition:g}", xlabel="steps", ylabel="energy norm of the error, relative")
    axes.set(xlim=(0, 100), ylim=(1e-9, 4))
    axes.legend(fontsize=9)


def _grids(axes: plt.Axes) -> None:
    side, rng = 15, np.random.default_rng(2)
    line = 2 * np.eye(side) - np.eye(side, k=1) - np.eye(side, k=-1)
    scales = 10 ** rng.uniform(-1, 1, side**2)
    matrix = scales[:, None] * (np.kron(line, np.eye(side)) + np.kron(np.eye(side), line)) * scales
    rhs = rng.standard_normal(side**2)
    helpers = {
        "none": identity,
        "Jacobi": jacobi(np.diag(matrix)),
        "incomplete Cholesky": substitution(incomplete_cholesky(matrix)),
    }
    for name, precondition in helpers.items():
        result = conjugate_gradient(lambda v: matrix @ v, rhs, precondition=precondition, tol=1e-10, record_path=True)
        axes.semilogy(result.residual_norms / np.linalg.norm(rhs), label=f"{name}: {result.nit} steps")
        true = np.linalg.norm(rhs - result.path @ matrix, axis=1) / np.linalg.norm(rhs)
        axes.semilogy(true, "k:", linewidth=1, label="computed afresh" if name == "none" else None)
    axes.set(title=f"A badly scaled grid of {side} x {side}", xlabel="steps", ylabel="residual, relative to b")
    axes.set_xscale("log")
    axes.legend(fontsize=9, title="preconditioner")
