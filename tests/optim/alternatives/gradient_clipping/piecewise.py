"""Sums of powers tensor by tensor, units as rows of reshaped matrices, and products of Jacobians from the first on."""

import math

import numpy as np
import torch


def _positive(value, name):
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be above 0, got {value}")


def _finite(gradients):
    if len(gradients) == 0 or not all(bool(torch.isfinite(g).all()) for g in gradients):
        raise ValueError(f"gradients must be finite and not none, got {gradients}")


def clip_by_value(gradients, limit):
    _positive(limit, "limit")
    _finite(gradients)
    return [torch.maximum(torch.minimum(g, g.new_tensor(limit)), g.new_tensor(-limit)) for g in gradients]


def global_norm(gradients, p=2.0):
    _finite(gradients)
    if not p >= 1:
        raise ValueError(f"p must be 1 or more, got {p}")
    top = max(float(g.abs().max()) for g in gradients)
    if math.isinf(p) or top == 0.0:
        return top
    total = sum(float(((g.double() / top).abs() ** p).sum()) for g in gradients)
    return total ** (1 / p) * top


def clip_by_norm(gradients, max_norm, *, p=2.0, eps=1e-6):
    _positive(max_norm, "max_norm")
    _positive(eps, "eps")
    norm = global_norm(gradients, p)
    if norm + eps <= max_norm:
        return [g.clone() for g in gradients], norm
    return [g / (norm + eps) * max_norm for g in gradients], norm


def unit_norms(tensor):
    if tensor.ndim < 2:
        norm = tensor.square().sum().sqrt()
        return norm.reshape([1] * tensor.ndim)
    rows = tensor.flatten(start_dim=1)
    return (rows * rows).sum(dim=1).sqrt().reshape(-1, *[1] * (tensor.ndim - 1))


def adaptive_clip(parameters, gradients, *, clipping=0.01, eps=1e-3):
    _positive(clipping, "clipping")
    _positive(eps, "eps")
    _finite(gradients)
    if [p.shape for p in parameters] != [g.shape for g in gradients]:
        raise ValueError("gradients must have the shapes of the parameters")
    out = []
    with torch.no_grad():
        for weight, gradient in zip(parameters, gradients):
            allowed = clipping * torch.maximum(unit_norms(weight), torch.full((), eps, dtype=weight.dtype))
            ratio = unit_norms(gradient) / allowed
            out.append(gradient / ratio.clamp(min=1.0))
    return out


def normal_mean(function):
    z, dz = np.linspace(-12, 12, 2001, retstep=True)
    return float(np.sum(function(z) * np.exp(-(z**2) / 2)) * dz / math.sqrt(2 * math.pi))


def variance_map(variance, weight_scale):
    _positive(weight_scale, "weight_scale")
    if not (math.isfinite(variance) and variance >= 0):
        raise ValueError(f"variance must be at least 0, got {variance}")
    return weight_scale**2 * normal_mean(lambda z: 1 - np.cosh(math.sqrt(variance) * z) ** -2.0)


def growth_factor(weight_scale, *, n_layers=300):
    _positive(weight_scale, "weight_scale")
    _positive(n_layers, "n_layers")
    variance = 1.0
    for _ in range(n_layers):
        variance = variance_map(variance, weight_scale)
    return weight_scale**2 * normal_mean(lambda z: np.cosh(math.sqrt(variance) * z) ** -4.0)


def jacobian_product(weights, states):
    if weights.ndim != 2 or len(set(weights.shape)) != 1:
        raise ValueError(f"weights must be square, got {tuple(weights.shape)}")
    if states.ndim != 2 or len(states) == 0 or states.shape[1] != weights.shape[0]:
        raise ValueError(f"states must have a row for each time, got {tuple(states.shape)}")
    products = []
    for state in states:
        jacobian = torch.diag(1 - state * state) @ weights
        products = [jacobian @ product for product in products]
        products.append(torch.eye(len(weights), dtype=weights.dtype))
    return torch.stack(products)
