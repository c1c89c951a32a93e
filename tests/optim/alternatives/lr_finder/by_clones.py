"""The smoothed curve from one matrix of weights, clones instead of deep copies, a class for the `with` block."""

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class RangeTest:
    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    norms: np.ndarray


def ramp(first, last, n_steps):
    if not (first > 0 and math.isfinite(first)):
        raise ValueError(f"first is {first}")
    if not (first < last and math.isfinite(last)):
        raise ValueError(f"last is {last}")
    if n_steps < 2:
        raise ValueError(f"n_steps is {n_steps}")
    return first * (last / first) ** (np.arange(n_steps) / (n_steps - 1))


def smooth(losses, beta):
    if not 0 <= beta < 1:
        raise ValueError(f"beta is {beta}")
    n = len(losses)
    age = np.arange(n)[:, None] - np.arange(n)
    weights = np.where(age >= 0, float(beta) ** np.maximum(age, 0), 0.0)
    with np.errstate(invalid="ignore"):
        return (weights @ losses) / weights.sum(axis=1)


def has_exploded(smoothed, *, factor=4.0):
    if smoothed.ndim != 1 or len(smoothed) == 0 or np.any(smoothed < 0):
        raise ValueError(f"smoothed is {smoothed}")
    if not factor >= 1:
        raise ValueError(f"factor is {factor}")
    last = smoothed[-1]
    return np.bool_(not np.isfinite(last) or last > factor * np.nanmin(smoothed))


class restoring:
    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer

    def __enter__(self):
        self.tensors = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        self.state = copy.deepcopy(self.optimizer.state_dict())

    def __exit__(self, *error):
        with torch.no_grad():
            for name, tensor in self.model.state_dict().items():
                tensor.copy_(self.tensors[name])
        self.optimizer.load_state_dict(self.state)
        for parameter in self.model.parameters():
            parameter.grad = None
        return False


def range_test(model, optimizer, batch_loss, rates, *, beta=0.9, factor=4.0):
    if rates.ndim != 1 or len(rates) == 0 or not np.all((rates > 0) & np.isfinite(rates)):
        raise ValueError(f"rates are {rates}")
    smooth(np.ones(1), beta)
    has_exploded(np.ones(1), factor=factor)
    seen = []
    with restoring(model, optimizer):
        for rate in rates.tolist():
            for parameter in model.parameters():
                parameter.grad = None
            loss = batch_loss()
            if not math.isfinite(float(loss)):
                break
            loss.backward()
            squares = [float(p.grad.double().square().sum()) for p in model.parameters() if p.grad is not None]
            seen.append((rate, float(loss), math.sqrt(sum(squares))))
            if has_exploded(smooth(np.array(seen)[:, 1], beta), factor=factor):
                break
            for group in optimizer.param_groups:
                group.update(lr=rate)
            optimizer.step()
    if not seen:
        raise ValueError("batch_loss was not finite")
    table = np.array(seen)
    return RangeTest(table[:, 0], table[:, 1], smooth(table[:, 1], beta), table[:, 2])


def _until_least(test):
    least = int(np.argmin(test.smoothed))
    if least == 0:
        raise ValueError("test never falls")
    return least + 1


def steepest_rate(test):
    end = _until_least(test)
    logs, s, n = np.log(test.rates), test.smoothed, len(test.rates)
    slopes = []
    for i in range(end):
        if i in (0, n - 1):
            j = max(i, 1)
            slopes.append((s[j] - s[j - 1]) / (logs[j] - logs[j - 1]))
            continue
        before, after = logs[i] - logs[i - 1], logs[i + 1] - logs[i]
        left, right = (s[i] - s[i - 1]) / before, (s[i + 1] - s[i]) / after
        slopes.append((after * left + before * right) / (before + after))
    return float(test.rates[int(np.argmin(slopes))])


def tenth_of_best(test):
    return 0.1 * float(test.rates[_until_least(test) - 1])


def largest_gradient_rate(test):
    return 1 / max(float(norm) for norm in test.norms[: _until_least(test)])
