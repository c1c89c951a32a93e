"""The unit balls of the Lp norms in the plane."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg.norms import lp_norm, unit_ball_boundary

ORDERS = (1, 1.5, 2, 4, np.inf)


def figure() -> Figure:
    """On the left where each ball ends; on the right how the norm of three vectors falls from p = 1 to the maximum."""
    fig, (balls, falling) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.9, len(ORDERS)))
    # The corners of the diamond and of the square lie at multiples of 45 degrees, which these angles contain.
    angles = np.linspace(0, 2 * np.pi, 721)
    for p, colour in zip(ORDERS, colours):
        points = unit_ball_boundary(angles, p)
        balls.plot(points[:, 0], points[:, 1], color=colour, label="p = ∞" if p == np.inf else f"p = {p}")
    balls.set(aspect="equal", xlabel="$x_1$", ylabel="$x_2$", title=r"Where $\Vert x\Vert_p = 1$")
    balls.legend(loc="center")

    orders = np.geomspace(1, 30, 60)
    for name, x in (("(5, 5, 5)", [5.0, 5, 5]), ("(5, -3, 1)", [5.0, -3, 1]), ("(5, 0, 0)", [5.0, 0, 0])):
        norms = [lp_norm(np.array(x), p) for p in orders]
        falling.semilogx(orders, norms, label=f"x = {name}")
    falling.axhline(5, color="grey", linestyle=":", label=r"$\Vert x\Vert_\infty = 5$ for all three")
    falling.set(xlabel="order $p$", ylabel=r"$\Vert x\Vert_p$", title="The norm falls towards the largest entry")
    falling.set_xticks([1, 2, 3, 5, 10, 30], ["1", "2", "3", "5", "10", "30"])
    falling.set_ylim(bottom=0)
    falling.legend()
    return fig
