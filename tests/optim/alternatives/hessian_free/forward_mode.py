"""torch.func's forward and reverse modes, conjugate gradients written out, and the model by its definition."""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch._dynamo  # torch.func loads it at its first call, which would take seconds of a test's time
from torch import nn
from torch.func import grad, jvp, vjp

from mlpath.optim.gradient_descent import CONVERGED, stopping


@dataclass(frozen=True)
class CGRun:
    points: np.ndarray
    values: np.ndarray
    direction: np.ndarray | None = None


@dataclass(frozen=True)
class HessianFreeResult:
    x: torch.Tensor
    fun: float
    nit: int
    success: bool
    message: str
    losses: np.ndarray
    dampings: np.ndarray
    cg_steps: np.ndarray


def _vectors(**vectors):
    shape = next(iter(vectors.values())).shape
    for name, vector in vectors.items():
        if vector.ndim != 1 or vector.shape != shape or not np.isfinite(np.asarray(vector.detach())).all():
            raise ValueError(f"{name} must be a finite vector, got {vector}")


def _positive(**values):
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be positive, got {value}")


def hessian_product(fun, w, v):
    _vectors(w=w, v=v)
    return jvp(grad(fun), (w.detach(),), (v,))[1]


def softmax_product(logits, change):
    if logits.ndim != 2 or not torch.isfinite(logits).all():
        raise ValueError(f"logits must be a finite matrix, got {logits}")
    if change.shape != logits.shape:
        raise ValueError(f"change must have shape {logits.shape}, got {change.shape}")
    p = logits.log_softmax(1).exp()
    centred = change - torch.einsum("nk,nk->n", p, change)[:, None]
    return p * centred / logits.shape[0]


def gauss_newton_product(predict, w, v, curvature):
    _vectors(w=w, v=v)
    outputs, change = jvp(predict, (w.detach(),), (v,))
    _, pull = vjp(predict, w.detach())
    return pull(curvature(outputs, change))[0]


def has_stalled(values, *, eps=5e-4):
    _positive(eps=eps)
    if not len(values):
        raise ValueError("values must not be empty")
    last = len(values) - 1
    back = last // 10 if last >= 110 else 10
    if last <= back or values[last] >= 0:
        return False
    return (values[last] - values[last - back]) / values[last] < back * eps


def truncated_cg(product, rhs, start, *, max_iter=100, eps=5e-4):
    for name, vector in (("rhs", rhs), ("start", start)):
        if vector.shape != rhs.shape or not np.isfinite(vector).all():
            raise ValueError(f"{name} must be a finite vector, got {vector}")
    if max_iter < 1:
        raise ValueError(f"max_iter must be at least 1, got {max_iter}")
    _positive(eps=eps)
    x, image = start.copy(), product(start)
    residual = rhs - image
    direction = residual.copy()
    points, values = [x], [float(x @ image) / 2 - float(rhs @ x)]
    while len(points) <= max_iter and not has_stalled(values, eps=eps):
        if np.linalg.norm(residual) <= 1e-10 * np.linalg.norm(rhs):
            break
        turned = product(direction)
        bend = direction @ turned
        if bend <= 0:
            return CGRun(np.array(points), np.array(values), direction)
        length = residual @ direction / bend
        x, image = x + length * direction, image + length * turned
        residual = rhs - image
        direction = residual - (residual @ turned) / bend * direction
        points.append(x)
        values.append(float(x @ image) / 2 - float(rhs @ x))
    return CGRun(np.array(points), np.array(values))


def checkpoints(n_steps):
    marks, power = {n_steps}, 1.0
    while math.ceil(power) < n_steps:
        marks.add(math.ceil(power))
        power *= 1.3
    return sorted(marks)


def backtrack(fun, points):
    chosen = None
    for mark in reversed(checkpoints(len(points) - 1)):
        value = float(fun(points[mark]))
        value = math.inf if math.isnan(value) else value
        if chosen is None or value < chosen[1]:
            chosen = points[mark], value
        elif chosen[1] < math.inf:
            break
    return chosen


def adapt_damping(damping, achieved, promised):
    _positive(damping=damping)
    if math.isnan(achieved) or promised >= 0 or achieved > promised / 4:
        return 1.5 * damping
    return damping / 1.5 if achieved < 0.75 * promised else damping


def minimize(predict, loss, curvature, start, *, damping=0.1, warm=0.95, max_cg=100, tol=1e-5, max_iter=30):
    _vectors(start=start)
    _positive(damping=damping)
    if not 0 <= warm < 1:
        raise ValueError(f"warm must be in [0, 1), got {warm}")
    if max_cg < 1 or max_iter < 1:
        raise ValueError(f"max_cg and max_iter must be at least 1, got {max_cg} and {max_iter}")
    if not 0 <= tol < math.inf:
        raise ValueError(f"tol must be non-negative, got {tol}")
    w, nit = start.detach().clone(), 0
    guess = np.zeros(len(w), dtype=w.numpy().dtype)
    losses, dampings, cg_steps = [], [damping], []
    while True:
        leaf = w.clone().requires_grad_()
        value = loss(predict(leaf))
        value.backward()
        gradient, value = leaf.grad.numpy(), value.item()
        losses.append(value)
        if message := stopping(value, gradient, nit, tol=tol, max_iter=max_iter):
            break

        def multiply(v, w=w):
            return gauss_newton_product(predict, w, torch.from_numpy(v), curvature).numpy()

        def after(d, w=w):
            with torch.no_grad():
                return float(loss(predict(w + torch.from_numpy(d))))

        now = dampings[-1]
        run = truncated_cg(lambda v, m=multiply, n=now: m(v) + n * v, -gradient, warm * guess, max_iter=max_cg)
        guess = run.points[-1]
        step, trial = backtrack(after, run.points)
        promised = float(gradient @ step) + float(step @ multiply(step)) / 2
        dampings.append(adapt_damping(now, trial - value, promised))
        cg_steps.append(len(run.points) - 1)
        nit += 1
        if trial < value:
            w = w + torch.from_numpy(step)
    record = np.array(losses), np.array(dampings), np.array(cg_steps, dtype=int)
    return HessianFreeResult(w, losses[-1], nit, message == CONVERGED, message, *record)


def as_function(model, x):
    shapes = [tuple(p.shape) for p in model.parameters()]
    sizes = [math.prod(shape) for shape in shapes]

    def predict(w):
        parts = iter([part.view(shape) for part, shape in zip(w.split(sizes), shapes)])
        z = x
        for layer in model:
            z = nn.functional.linear(z, next(parts), next(parts)) if isinstance(layer, nn.Linear) else layer(z)
        return z

    return predict, torch.cat([p.detach().flatten() for p in model.parameters()])
