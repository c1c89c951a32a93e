"""What a factor of a covariance does: it turns a round cloud into a slanted one, and follows when observations come and go."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg.cholesky import cholesky, downdate, gaussian_log_density, sample_gaussian, update

MEAN, COVARIANCE = np.array([2.0, 1.0]), np.array([[3.0, 1.4], [1.4, 1.0]])
CIRCLE = np.stack([np.cos(t := np.linspace(0, 2 * np.pi, 200)), np.sin(t)])


def figure() -> Figure:
    """Draws with the contours of their density; and the ellipse of a factor before and after an update and a downdate."""
    rng = np.random.default_rng(0)
    fig, (cloud, ellipses) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
    x = sample_gaussian(MEAN, COVARIANCE, 1500, rng=rng)
    lower = cholesky(COVARIANCE)
    cloud.scatter(*x.T, s=4, color="tab:blue", alpha=0.4, label="samples")
    grid = np.stack(np.meshgrid(np.linspace(-4.5, 8.5, 120), np.linspace(-3, 5, 100)), axis=-1)
    density = np.exp(gaussian_log_density(grid.reshape(-1, 2), MEAN, COVARIANCE)).reshape(grid.shape[:2])
    cloud.contour(*np.moveaxis(grid, -1, 0), density, levels=5, colors="grey", linewidths=0.8)
    for radius, colour in ((1, "gold"), (2, "darkorange"), (3, "crimson")):
        # (14) takes the circle |z| = radius to an ellipse, outside of which there is exp(-radius^2 / 2) of all draws.
        ellipse = MEAN[:, None] + lower @ (radius * CIRCLE)
        share = 1 - np.exp(-(radius**2) / 2)
        inside = np.mean(np.linalg.norm(np.linalg.solve(lower, (x - MEAN).T), axis=0) <= radius)
        cloud.plot(*ellipse, color=colour, label=f"$|z| = {radius}$: {share:.1%} expected, {inside:.1%} inside")
    cloud.set(xlabel="$x_1$", ylabel="$x_2$", title=r"$\mu + L z$: samples, density and where circles of $z$ go")
    cloud.set(aspect="equal", ylim=(-4.2, 7.5))
    cloud.legend(loc="upper left", fontsize=8)

    vector, other = np.array([-1.2, 1.6]), lower @ np.array([0.75, -0.5])
    more = update(lower, vector)
    for factor, style, name in (
        (lower, {"color": "tab:blue"}, "$A$"),
        (more, {"color": "tab:orange"}, r"$A + x x^\top$, by update"),
        (downdate(more, vector), {"color": "black", "linestyle": ":"}, "back again, by downdate"),
        (downdate(lower, other), {"color": "tab:green"}, r"$A - y y^\top$, by downdate"),
    ):
        ellipses.plot(*(factor @ CIRCLE), label=name, **style)
    for arrow, name in ((vector, "$x$"), (other, "$y$")):
        ellipses.annotate("", arrow, (0, 0), arrowprops={"arrowstyle": "->", "color": "grey"})
        ellipses.annotate(name, 0.6 * arrow + (0.03, -0.2), ha="center", va="center")
    ellipses.set(xlabel="$x_1$", ylabel="$x_2$", title=r"$\{L z : |z| = 1\}$ as observations come and go")
    ellipses.set(aspect="equal", ylim=(-2.4, 3.4))
    ellipses.legend(loc="upper right", fontsize=8)
    return fig
