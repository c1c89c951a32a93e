"""With a table of whole gradients instead of slopes, which is n x dim numbers; the slopes are kept for the answer only."""

from dataclasses import dataclass

import numpy as np

from mlpath.optim._shared import OptimizeResult
from mlpath.optim.gradient_descent import CONVERGED, check_arguments, stopping


@dataclass(frozen=True)
class Table:
    slopes: np.ndarray
    mean: np.ndarray


def smoothness(rows, ridge):
    return float((rows * rows).sum(axis=1).max() / 4 + ridge)


def slopes(rows, w):
    return -np.exp(-np.logaddexp(rows.dtype.type(0), rows @ w))


def snapshot(rows, w):
    s = slopes(rows, w)
    return Table(s, (s[:, None] * rows).mean(axis=0))


def reduced_estimates(table, rows, w, *, ridge):
    new, old = slopes(rows, w)[:, None] * rows, table.slopes[:, None] * rows
    return new - old + (table.mean + ridge * w)


def averaged_estimates(table, rows, w, *, ridge):
    return np.array(
        [table.mean + (s - t) * r / len(rows) + ridge * w for r, s, t in zip(rows, slopes(rows, w), table.slopes)]
    )


def svrg_epoch(rows, w, indices, *, step_size, ridge):
    at = w
    start = snapshot(rows, at)
    for i in indices:
        row = rows[i : i + 1]
        here, there = slopes(row, w) @ row, slopes(row, at) @ row
        w = (1 - step_size * ridge) * w - step_size * (here - there + start.mean)
    return w


def saga_epoch(table, rows, w, indices, *, step_size, ridge):
    return _epoch(table, rows, w, indices, step_size, ridge, 1)


def sag_epoch(table, rows, w, indices, *, step_size, ridge):
    return _epoch(table, rows, w, indices, step_size, ridge, len(rows))


def _epoch(table, rows, w, indices, step_size, ridge, weight):
    old, kept, mean = table.slopes[:, None] * rows, table.slopes.copy(), table.mean.copy()
    w = w.copy()
    for i in indices:
        kept[i] = slopes(rows[i : i + 1], w)[0]
        new = kept[i] * rows[i]
        w *= 1 - step_size * ridge
        w -= step_size * ((new - old[i]) / weight + mean)
        mean += (new - old[i]) / len(rows)
        old[i] = new
    return Table(kept, mean), w


def minimize(rows, start, *, method, ridge, step_size, rng, tol=1e-6, max_iter=100, record_path=False):
    x = check_arguments(start, step_size=step_size, tol=tol, max_iter=max_iter)
    if rows.ndim != 2 or not len(rows) or not np.isfinite(rows).all():
        raise ValueError(f"rows {rows.shape}")
    if x.shape != rows.shape[1:]:
        raise ValueError(f"start {x.shape}")
    if method not in ("svrg", "sag", "saga"):
        raise ValueError(f"method {method}")
    if not 0 <= ridge < np.inf:
        raise ValueError(f"ridge {ridge}")
    table, path, values = snapshot(rows, x), [x], []
    while True:
        x = path[-1]
        values.append(float(np.logaddexp(0, -rows @ x).mean() + ridge / 2 * x @ x))
        gradient = slopes(rows, x) @ rows / len(rows) + ridge * x
        message = stopping(values[-1], gradient, len(path) - 1, tol=tol, max_iter=max_iter)
        if message:
            break
        drawn = rng.choice(len(rows), size=len(rows))
        if method == "svrg":
            x = svrg_epoch(rows, x, drawn, step_size=step_size, ridge=ridge)
        else:
            weight = {"sag": len(rows), "saga": 1}[method]
            table, x = _epoch(table, rows, x, drawn, step_size, ridge, weight)
        path.append(x)
    return OptimizeResult(
        path[-1],
        values[-1],
        len(path) - 1,
        len(values),
        message == CONVERGED,
        message,
        np.stack(path) if record_path else None,
    )
