"""Three glowing substances, taken apart by CP and not by an SVD; and a tensor that two components approach without end."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.linalg.cp_decomposition import (
    als_sweep,
    congruence,
    cp_als,
    match_components,
    normalise,
    reconstruct,
    unfold,
)

EXCITATION, EMISSION = np.arange(240, 321, 4.0), np.arange(290, 451, 4.0)  # nm
COLOURS = ("tab:blue", "tab:orange", "tab:green")


def bands(wavelengths: np.ndarray, *peaks: tuple[float, float, float]) -> np.ndarray:
    """A spectrum as a sum of bell curves, each with centre, width and height; of length 1."""
    spectrum = np.zeros(len(wavelengths))
    for centre, width, height in peaks:
        spectrum += height * np.exp(-(((wavelengths - centre) / width) ** 2))
    return spectrum / np.linalg.norm(spectrum)


def substances() -> list[np.ndarray]:
    """Concentrations in 12 samples, excitation and emission spectra, a column for each of three substances."""
    rng = np.random.default_rng(0)
    excitation = [bands(EXCITATION, (275, 12, 1.0), (248, 8, 0.4)), bands(EXCITATION, (280, 14, 1.0), (290, 6, 0.5))]
    excitation += [bands(EXCITATION, (258, 9, 1.0), (300, 10, 0.3))]
    emission = [bands(EMISSION, (305, 18, 1.0)), bands(EMISSION, (352, 32, 1.0))]
    emission += [bands(EMISSION, (385, 28, 1.0), (330, 15, 0.2))]
    return [rng.uniform(0.1, 1, size=(12, 3)), np.array(excitation).T, np.array(emission).T]


def figure() -> Figure:
    """Above a mixture and its emission spectra by CP and by SVD, below the error, the weights and the cosines of a degenerate tensor."""
    fig = plt.figure(figsize=(12, 8), layout="constrained")
    above, below = np.ravel(np.asarray(fig.subfigures(2, 1, height_ratios=(1.1, 1))))
    truth = substances()
    x = reconstruct(np.ones(3), truth)
    x += 0.02 * x.std() * np.random.default_rng(1).normal(size=x.shape)
    factors = cp_als(x, 3, n_starts=3, rng=np.random.default_rng(2)).cp.factors
    _, order = match_components(truth, factors)
    _, _, vt = np.linalg.svd(unfold(x, 2).T, full_matrices=False)

    left, middle, right = above.subplots(1, 3)
    light = left.pcolormesh(EMISSION, EXCITATION, x[0], cmap="viridis", rasterized=True)
    above.colorbar(light, ax=left, label="light (arbitrary units)")
    left.set(xlabel="emission (nm)", ylabel="excitation (nm)", title="One of 12 samples: a mixture of three")
    for r, colour in enumerate(COLOURS):
        sign = np.sign(factors[2][:, order[r]].sum())
        middle.plot(EMISSION, truth[2][:, r], color=colour, linewidth=5, alpha=0.3)
        middle.plot(EMISSION, sign * factors[2][:, order[r]], color=colour)
        right.plot(EMISSION, truth[2][:, r], color=colour, linewidth=5, alpha=0.3)
        right.plot(EMISSION, np.sign(vt[r].sum()) * vt[r], color=colour)
    middle.set(xlabel="emission (nm)", title="CP (thin) finds the spectra (broad)")
    right.set(xlabel="emission (nm)", title="Singular vectors (thin) do not")
    right.sharey(middle)

    a, b = np.eye(2)
    pairs = ((a, a, b), (a, b, a), (b, a, a))
    tensor = reconstruct(np.ones(3), [np.array(columns).T for columns in zip(*pairs, strict=True)])
    rng = np.random.default_rng(0)
    now, rows = [rng.normal(size=(2, 2)) for _ in range(3)], []
    for _ in range(1000):
        now, error = als_sweep(tensor, now)
        rows.append((error, normalise(now).weights[0], congruence(now, now).min()))
    names = ("relative error", "largest weight", "least product of cosines (9)")
    for ax, values, name in zip(below.subplots(1, 3), np.array(rows).T, names, strict=True):
        ax.plot(np.arange(1, len(values) + 1), values, color="crimson")
        ax.set(xscale="log", xlabel="sweep", title=name)
    error_axis, weight_axis, cosine_axis = below.axes
    error_axis.set_yscale("log")
    weight_axis.set_yscale("log")
    cosine_axis.axhline(-1, color="grey", linestyle="--")
    below.suptitle("Two components for a tensor of rank 3 and border rank 2: nearer and nearer, and never there")
    return fig
