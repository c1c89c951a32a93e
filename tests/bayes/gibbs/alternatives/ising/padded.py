"""A padded border, hyperbolic tangents, colours by slices, clusters by spreading labels, rows summed out spin by spin."""

import math

import numpy as np


def _checked(spins, periodic):
    if spins.ndim != 3 or 0 in spins.shape or not np.isin(spins, (-1, 1)).all():
        raise ValueError(f"spins must be 1 and -1, got {spins}")
    if periodic and (spins.shape[1] < 3 or spins.shape[2] < 3):
        raise ValueError(f"spins must have 3 rows and columns, got {spins.shape}")


def _finite(coupling, field):
    if not math.isfinite(coupling):
        raise ValueError(f"coupling must be finite, got {coupling}")
    if not np.all(np.isfinite(field)):
        raise ValueError(f"field must be finite, got {field}")


def all_grids(height, width):
    n = height * width
    if not 0 < n <= 16:
        raise ValueError(f"height times width must be at most 16, got {n}")
    return np.array([[1 if s >> k & 1 else -1 for k in range(n)] for s in range(2**n)]).reshape(-1, height, width)


def neighbour_sum(spins, *, periodic):
    _checked(spins, periodic)
    pad = np.pad(spins, ((0, 0), (1, 1), (1, 1)), mode="wrap" if periodic else "constant").astype(int)
    return pad[:, :-2, 1:-1] + pad[:, 2:, 1:-1] + pad[:, 1:-1, :-2] + pad[:, 1:-1, 2:]


def log_weight(spins, *, coupling, field=0.0, periodic):
    _finite(coupling, field)
    _checked(spins, periodic)
    pairs = (spins[:, 1:] * spins[:, :-1]).sum((1, 2)) + (spins[:, :, 1:] * spins[:, :, :-1]).sum((1, 2))
    if periodic:
        pairs = pairs + (spins[:, 0] * spins[:, -1]).sum(1) + (spins[:, :, 0] * spins[:, :, -1]).sum(1)
    return coupling * pairs + np.einsum("nij,ij->n", spins, np.broadcast_to(field, spins.shape[1:]))


def probability_up(spins, *, coupling, field=0.0, periodic):
    _finite(coupling, field)
    return (1 + np.tanh(coupling * neighbour_sum(spins, periodic=periodic) + field)) / 2


def update_matrix(height, width, row, column, *, coupling, field=0.0, periodic):
    if height * width > 12:
        raise ValueError(f"height times width must be at most 12, got {height * width}")
    if not (row in range(height) and column in range(width)):
        raise ValueError(f"row must be on the grid, got {row, column}")
    grids = all_grids(height, width)
    up = probability_up(grids, coupling=coupling, field=field, periodic=periodic)
    number = {grid.tobytes(): i for i, grid in enumerate(grids)}
    matrix = np.zeros((len(grids), len(grids)))
    for i, grid in enumerate(grids):
        for spin in (1, -1):
            after = grid.copy()
            after[row, column] = spin
            p = up[i, row, column]
            matrix[i, number[after.tobytes()]] = p if spin == 1 else 1 - p
    return matrix


def sweep(spins, *, coupling, field=0.0, periodic, rng):
    if periodic and (spins.shape[1] % 2 == 1 or spins.shape[2] % 2 == 1):
        raise ValueError(f"spins must have even sides, got {spins.shape}")
    uniform, spins = rng.random(spins.shape), spins.copy()
    for corners in (((0, 0), (1, 1)), ((0, 1), (1, 0))):
        p = probability_up(spins, coupling=coupling, field=field, periodic=periodic)
        for r, c in corners:
            site = (slice(None), slice(r, None, 2), slice(c, None, 2))
            spins[site] = 2 * (uniform[site] < p[site]) - 1
    return spins


def swendsen_wang(spins, *, coupling, periodic, rng):
    _checked(spins, periodic)
    if not (coupling >= 0 and math.isfinite(coupling)):
        raise ValueError(f"coupling must not be negative, got {coupling}")
    q = 1 - math.exp(-2 * coupling)
    n, height, width = spins.shape
    below = (rng.random(spins.shape) < q) & (spins == np.roll(spins, -1, 1))
    right = (rng.random(spins.shape) < q) & (spins == np.roll(spins, -1, 2))
    if not periodic:
        below[:, -1] = False
        right[:, :, -1] = False
    label = np.tile(np.arange(height * width).reshape(height, width), (n, 1, 1))
    while True:  # each label becomes the smallest beside it
        before = label.copy()
        for bond, axis in ((below, 1), (right, 2)):
            low = np.minimum(label, np.roll(label, -1, axis))
            label = np.where(bond, low, label)
            back, shifted = np.roll(bond, 1, axis), np.roll(label, 1, axis)
            label = np.where(back, np.minimum(label, shifted), label)
        if (label == before).all():
            break
    coins = 2 * rng.integers(0, 2, (n, height * width)) - 1
    return np.take_along_axis(coins, label.reshape(n, -1), axis=1).reshape(spins.shape)


def log_partition(height, width, *, coupling, field=0.0, periodic):
    _finite(coupling, field)
    least = 3 if periodic else 1
    if height < least or width < least or width > 7:
        raise ValueError(f"height and width must be at least {least}, got {height, width}")
    rows = all_grids(1, width)
    alone = np.array([log_weight(row[None], coupling=coupling, field=field, periodic=False)[0] for row in rows])
    if periodic:
        alone = alone + coupling * rows[:, 0, 0] * rows[:, 0, -1]
    between = coupling * rows[:, 0] @ rows[:, 0].T

    def product(log_a, log_b):
        terms = log_a[:, :, None] + log_b[None]
        top = terms.max(axis=1)
        return top + np.log(np.exp(terms - top[:, None]).sum(axis=1))

    log_t = between + alone / 2 + alone[:, None] / 2
    power = None
    for bit in bin(height if periodic else height - 1)[2:]:
        power = product(power, power) if power is not None else None
        if bit == "1":
            power = log_t if power is None else product(power, log_t)
    if periodic:
        values = np.diag(power)
    elif power is None:
        values = alone
    else:
        values = (power + alone / 2 + alone[:, None] / 2).ravel()
    return float(values.max() + np.log(np.exp(values - values.max()).sum()))


def denoise(noisy, *, flip, coupling, n_chains, n_sweeps, rng):
    if not 0 < flip < 1:
        raise ValueError(f"flip must be a probability, got {flip}")
    if min(n_chains, n_sweeps) < 1:
        raise ValueError(f"n_chains and n_sweeps must be positive, got {n_chains, n_sweeps}")
    field = np.where(noisy == 1, 0.5, -0.5) * (math.log1p(-flip) - math.log(flip))
    spins, kept = np.tile(noisy, (n_chains, 1, 1)), []
    for _ in range(n_sweeps):
        spins = sweep(spins, coupling=coupling, field=field, periodic=False, rng=rng)
        kept.append((spins > 0).mean(axis=0))
    return np.mean(kept[n_sweeps // 2 :], axis=0)
