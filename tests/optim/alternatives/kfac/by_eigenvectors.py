"""Division by eigenvectors, einsum over samples, per-sample chain rule written out, and one loop over layers."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Factors:
    inputs: Tensor
    outputs: Tensor


@dataclass(frozen=True)
class KFACState:
    count: int
    averages: list[Factors]


@dataclass(frozen=True)
class Trace:
    inputs: list[Tensor]
    outputs: list[Tensor]


def _batch(batch, name):
    if batch.ndim != 2 or not batch.numel() or not torch.isfinite(batch).all():
        raise ValueError(f"{name} must be a matrix of finite numbers, got {batch}")


def _positive(**values):
    for name, value in values.items():
        if not 0 < value < float("inf"):
            raise ValueError(f"{name} must be positive and finite, got {value}")


def input_factor(inputs):
    _batch(inputs, "inputs")
    n, width = inputs.shape
    moments = inputs.new_ones(width + 1, width + 1)
    moments[:-1, :-1] = torch.einsum("ni,nj->ij", inputs, inputs) / n
    moments[-1, :-1] = moments[:-1, -1] = inputs.mean(0)
    return moments


def output_factor(gradients):
    _batch(gradients, "gradients")
    return (gradients[:, :, None] * gradients[:, None, :]).mean(0)


def damp(factors, damping):
    _positive(damping=damping)
    above, below = factors.inputs.diagonal().mean(), factors.outputs.diagonal().mean()
    pi = float((above / below).sqrt()) if below > 0 else 1.0
    inputs, outputs = factors.inputs.clone(), factors.outputs.clone()
    inputs.diagonal().add_(pi * damping**0.5)
    outputs.diagonal().add_(damping**0.5 / pi)
    return Factors(inputs, outputs)


def precondition(factors, gradient, damping):
    if tuple(gradient.shape) != (len(factors.outputs), len(factors.inputs)):
        raise ValueError(f"gradient must fit the factors, got {gradient.shape}")
    damped = damp(factors, damping)
    a, left = torch.linalg.eigh(damped.outputs)
    b, right = torch.linalg.eigh(damped.inputs)
    return left @ (left.T @ gradient @ right / (a[:, None] * b)) @ right.T


def trace(model, x):
    _batch(x, "x")
    inputs, outputs = [], []
    for index, layer in enumerate(model):
        if not isinstance(layer, nn.Tanh if index % 2 else nn.Linear):
            raise ValueError(f"model must alternate, got {layer}")
        if index % 2:
            x = layer(x)
        else:
            inputs.append(x.detach())
            x = layer(x)
            outputs.append(x)
    return Trace(inputs, outputs)


def sampled_factors(model, x, *, generator):
    with torch.no_grad():
        kept = trace(model, x)
    p = kept.outputs[-1].softmax(1)
    edges = p.cumsum(1)
    drawn = (torch.rand(len(p), 1, generator=generator, dtype=p.dtype) > edges[:, :-1]).sum(1)
    gradients = [p - nn.functional.one_hot(drawn, p.shape[1])]
    weights = [layer.weight.detach() for layer in model if isinstance(layer, nn.Linear)]
    for level in range(len(weights) - 1, 0, -1):
        gradients.insert(0, gradients[0] @ weights[level] * (1 - kept.inputs[level] ** 2))
    return [Factors(input_factor(kept.inputs[i]), output_factor(gradients[i])) for i in range(len(weights))]


def pass_back(following, weight, slopes):
    _batch(slopes, "slopes")
    if following.shape != (len(weight), len(weight)):
        raise ValueError(f"following must fit weight, got {following.shape}")
    if weight.shape[1] != slopes.shape[1]:
        raise ValueError(f"weight must fit slopes, got {weight.shape}")
    total = torch.zeros(weight.shape[1], weight.shape[1], dtype=weight.dtype)
    for slope in slopes:
        columns = weight * slope
        total += columns.T @ following @ columns
    return total / len(slopes)


@torch.no_grad()
def recursive_factors(model, x):
    kept = trace(model, x)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    found = []
    for level in reversed(range(len(layers))):
        if level == len(layers) - 1:
            p = kept.outputs[-1].softmax(1)
            matrix = (torch.diag_embed(p) - p[:, :, None] * p[:, None, :]).mean(0)
        else:
            slopes = 1 / torch.cosh(kept.outputs[level]) ** 2
            matrix = pass_back(matrix, layers[level + 1].weight, slopes)
        found.insert(0, Factors(input_factor(kept.inputs[level]), matrix))
    return found


def at_rest(model):
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    sizes = [(layer.in_features + 1, layer.out_features) for layer in layers]
    dtype = layers[0].weight.dtype
    return KFACState(0, [Factors(torch.zeros(i, i, dtype=dtype), torch.zeros(o, o, dtype=dtype)) for i, o in sizes])


def kfac(state, gradients, factors, *, step_size=1.0, damping=1e-2, decay=0.95, clip=1.0):
    if not len(state.averages) == len(gradients) == len(factors):
        raise ValueError("gradients and factors must be one for each layer")
    _positive(step_size=step_size, damping=damping)
    if not 0 <= decay < 1:
        raise ValueError(f"decay must be in [0, 1), got {decay}")
    if not clip > 0:
        raise ValueError(f"clip must be positive, got {clip}")
    fresh = max(1 / (state.count + 1), 1 - decay)
    averages, updates, squared = [], [], 0.0
    for old, new, gradient in zip(state.averages, factors, gradients):
        average = Factors(torch.lerp(old.inputs, new.inputs, fresh), torch.lerp(old.outputs, new.outputs, fresh))
        update = -step_size * precondition(average, gradient, damping)
        squared -= step_size * float((update * gradient).sum())
        averages.append(average)
        updates.append(update)
    if squared > clip:
        updates = [update * (clip / squared) ** 0.5 for update in updates]
    return KFACState(state.count + 1, averages), updates


def train(model, x, labels, *, steps, source="sampled", generator, **options):
    if steps < 1 or source not in ("sampled", "recursive"):
        raise ValueError(f"steps must be at least 1 and source known, got {steps} and {source}")
    state, losses = at_rest(model), []
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    for _ in range(steps):
        model.zero_grad()
        loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        losses.append(loss.detach())
        gradients = [torch.cat([layer.weight.grad, layer.bias.grad[:, None]], dim=1) for layer in layers]
        recursive = source == "recursive"
        factors = recursive_factors(model, x) if recursive else sampled_factors(model, x, generator=generator)
        state, updates = kfac(state, gradients, factors, **options)
        with torch.no_grad():
            for layer, update in zip(layers, updates):
                layer.weight.add_(update[:, :-1])
                layer.bias.add_(update[:, -1])
    with torch.no_grad():
        return torch.stack([*losses, nn.functional.cross_entropy(model(x), labels)])
