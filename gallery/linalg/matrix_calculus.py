"""What a Kronecker product and a commutation matrix look like, and a covariance found by following gradients."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_iris

from mlpath.linalg.matrix_calculus import commutation_matrix, gram_jacobian, kronecker, logdet_gradient

STEPS = 60


def figure() -> Figure:
    """Above the patterns of four matrices, below a Gaussian's covariance on its way to that of the data."""
    fig = plt.figure(figsize=(13, 8), layout="constrained")
    above, below = fig.subfigures(2, 1, height_ratios=(1, 1))
    rng = np.random.default_rng(0)
    a, b = np.array([[1.0, 2.0, -1.0], [0.5, -2.0, 1.5]]), rng.normal(size=(4, 5))
    shown = (
        (b, "$B$"),
        (kronecker(a, b), r"$A \otimes B$: six blocks, as $A$ has entries"),
        (commutation_matrix(4, 5), r"$K_{45}$: a one in each row and column"),
        (gram_jacobian(b), r"the Jacobian of $B^\top B$ by $B$"),
    )
    for ax, (matrix, title) in zip(above.subplots(1, 4, width_ratios=(0.7, 1.3, 1, 1)), shown, strict=True):
        size = np.abs(matrix).max()
        ax.imshow(matrix, cmap="RdBu_r", vmin=-size, vmax=size)
        ax.set_title(title, fontsize="medium")
        ax.set(xticks=[], yticks=[])

    data = load_iris().data[:50, :2]
    data = data - data.mean(axis=0)
    sample = data.T @ data / len(data)
    precision = np.diag([1.0, 12.0])
    precisions = [precision]
    for _ in range(STEPS):  # up the log-likelihood, log det P - tr(S P): P S^-1 P would be Newton's step
        slope = logdet_gradient(precision) - sample
        precision = precision + 0.2 * precision @ slope @ precision
        precisions.append(precision)
    left, right = below.subplots(1, 2)
    left.plot(*data.T, ".", color="grey", label="length and width of sepals of setosa, centred")
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = 2 * np.stack([np.cos(angle), np.sin(angle)])
    for k, colour in ((0, "0.8"), (3, "gold"), (8, "orange"), (STEPS, "crimson")):
        root = np.linalg.cholesky(np.linalg.inv(precisions[k]))
        left.plot(*(root @ circle), color=colour, label=f"after {k} steps")
    left.set(aspect="equal", xlabel="cm", ylabel="cm", title="Two standard deviations of the Gaussian")
    left.legend(fontsize="small", loc="lower right")
    gaps = [np.linalg.norm(logdet_gradient(p) - sample) for p in precisions]
    right.semilogy(gaps)
    right.set(
        xlabel="steps",
        ylabel=r"norm of $P^{-1} - S$",
        title=r"The gradient of $\log\det P - \mathrm{tr}(S P)$ vanishes at the sample covariance",
    )
    return fig
