"""The karate club and its four communities; what each resolution finds; where planted groups can still be told apart."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg.spectral_clustering.community import (
    as_graph,
    fine_tune,
    leading_eigenvector,
    louvain,
    modularity,
    spectral_communities,
)

# Zachary (1977), https://doi.org/10.1086/jar.33.4.3629752: the neighbours of each member that come after it.
KARATE = {
    0: (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31), 1: (2, 3, 7, 13, 17, 19, 21, 30), 2: (3, 7, 8, 9, 13, 27, 28, 32),
    3: (7, 12, 13), 4: (6, 10), 5: (6, 10, 16), 6: (16,), 8: (30, 32, 33), 9: (33,), 13: (33,), 14: (32, 33), 15: (32, 33),
    18: (32, 33), 19: (33,), 20: (32, 33), 22: (32, 33), 23: (25, 27, 29, 32, 33), 24: (25, 27, 31), 25: (31,), 26: (29, 33),
    27: (33,), 28: (31, 33), 29: (32, 33), 30: (32, 33), 31: (32, 33), 32: (33,),
}  # fmt: skip
# Who stayed with the teacher, vertex 0, after the quarrel.
TEACHER = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 16, 17, 19, 21]


def spring_layout(a: np.ndarray, n_steps: int = 300) -> np.ndarray:
    """Places for vertices: all repel each other, edges pull."""
    place = np.random.default_rng(3).normal(size=(len(a), 2))
    for t in range(n_steps):
        apart = place[:, None] - place
        distance = np.linalg.norm(apart, axis=2) + 1e-3
        force = (apart * (0.12 / distance**2 - a * distance)[:, :, None]).sum(axis=1)
        place = place + force / (np.linalg.norm(force, axis=1, keepdims=True) + 1e-9) * 0.1 * (1 - t / n_steps)
    return place


def planted(size: int, inside: float, outside: float, rng: np.random.Generator) -> np.ndarray:
    """Two groups of equal size, with these numbers of neighbours in the own and in the other group, on the average."""
    group = np.arange(2 * size) // size
    edges = np.triu(rng.random((2 * size, 2 * size)) < np.where(group[:, None] == group, inside, outside) / size, 1)
    return (edges + edges.T).astype(float)


def figure() -> Figure:
    """The club and its leading eigenvector above, resolution and detectability below."""
    a = np.zeros((34, 34))
    for i, others in KARATE.items():
        a[i, others] = 1
    a = a + a.T
    graph = as_graph(a)
    fig, axes = plt.subplots(2, 2, figsize=(12.5, 9.5), layout="constrained")
    club, sides, sweep, planted_axes = axes.ravel()
    teacher = np.isin(np.arange(34), TEACHER)

    labels, place = spectral_communities(graph), spring_layout(a)
    for i, j in np.argwhere(np.triu(a)):
        club.plot(*place[[i, j]].T, color="lightgrey", linewidth=0.8, zorder=1)
    for mask, marker in ((teacher, "s"), (~teacher, "o")):
        club.scatter(
            *place[mask].T,
            c=labels[mask],
            vmin=0,
            vmax=9,
            cmap="tab10",
            s=170,
            marker=marker,
            edgecolors="white",
            zorder=2,
        )
    for i, (x, y) in enumerate(place):
        club.text(x, y, str(i), ha="center", va="center", fontsize=7, color="white", zorder=3)
    q = modularity(graph, labels)
    club.set_title(f"Colours: spectral_communities, Q = {q:.4f}. Squares: the teacher's side")
    club.axis("off")

    value, vector = leading_eigenvector(graph)
    vector = vector * np.sign(vector[0])
    tuned = fine_tune(graph, np.where(vector > 0, 1.0, -1.0))
    tuned *= tuned[0]
    order = np.argsort(-vector)
    sides.bar(np.arange(34), vector[order], color=np.where(teacher[order], "tab:blue", "tab:orange"))
    moved = np.flatnonzero((tuned * vector)[order] < 0)
    for spot in moved:
        sides.annotate(
            "changes sides\nin fine_tune",
            (spot, vector[order][spot]),
            (spot - 12, -0.22),
            arrowprops={"arrowstyle": "->"},
        )
    sides.set(
        xticks=np.arange(34),
        xlabel="member, sorted",
        ylabel="leading eigenvector",
        title=f"Eigenvalue {value:.3f}; blue: the teacher's side, orange: the president's",
    )
    sides.set_xticklabels(order.tolist(), fontsize=7)

    resolutions = np.linspace(0.2, 3, 29)
    rng = np.random.default_rng(0)
    spectral = [len(set(spectral_communities(graph, resolution=g).tolist())) for g in resolutions]
    moving = [len(set(louvain(graph, resolution=g, rng=rng).tolist())) for g in resolutions]
    sweep.step(resolutions, spectral, where="mid", label="spectral_communities")
    sweep.step(resolutions, moving, where="mid", label="louvain", linestyle="--")
    sweep.set(
        xlabel="resolution", ylabel="communities", title="The karate club: more communities at a higher resolution"
    )
    sweep.legend()

    differences = np.linspace(0, 10, 9)
    for size in (50, 200):
        truth, found = np.repeat([1.0, -1.0], size), []
        for difference in differences:
            runs = []
            for _ in range(3):
                drawn = planted(size, 5 + difference / 2, 5 - difference / 2, rng)
                u = leading_eigenvector(drawn)[1]
                runs.append(abs(np.where(u > 0, 1.0, -1.0) @ truth) / (2 * size))
            found.append(np.mean(runs))
        planted_axes.plot(differences, found, "o-", label=f"{2 * size} vertices")
    planted_axes.axvline(np.sqrt(10), color="grey", linestyle=":", label="threshold for many vertices")
    planted_axes.set(
        xlabel="neighbours in the own group less those in the other one",
        ylabel="agreement of signs with the groups",
        title="Two planted groups, 10 neighbours on the average",
        ylim=(0, 1.03),
    )
    planted_axes.legend()
    return fig
