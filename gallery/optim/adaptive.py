"""Five rules in a badly scaled valley, the size of their steps, and the problem on which Adam fails."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.optim._shared import breast_cancer
from mlpath.optim.adaptive import (
    AdadeltaState,
    AdaGradState,
    AdamState,
    AMSGradState,
    RMSpropState,
    adadelta,
    adagrad,
    adam,
    amsgrad,
    at_rest,
    minimize,
    rmsprop,
)

RULES = {
    "AdaGrad, a = 0.5": ("C0", partial(adagrad, step_size=0.5), AdaGradState),
    "RMSprop, a = 0.05": ("C1", partial(rmsprop, step_size=0.05), RMSpropState),
    "Adadelta, ε = 1e-3": ("C2", partial(adadelta, eps=1e-3), AdadeltaState),
    "Adam, a = 0.1": ("C3", partial(adam, step_size=0.1), AdamState),
    "AMSGrad, a = 0.1": ("C4", partial(amsgrad, step_size=0.1), AMSGradState),
}


def figure(*, steps: int = 400) -> Figure:
    """Draw walks in a valley with curvatures 1 and 100, losses under noise, and the example of Reddi, Kale and Kumar."""
    fig, (plane, losses, ends) = plt.subplots(1, 3, figsize=(16, 4.8), layout="constrained")

    curvature, start = np.array([1.0, 100.0]), np.array([-2.0, 0.8])
    x, y = np.meshgrid(np.linspace(-2.3, 0.7, 200), np.linspace(-0.9, 1.0, 200))
    levels = np.geomspace(0.02, 60, 12)
    plane.contour(x, y, (x**2 + 100 * y**2) / 2, levels=levels, colors="0.8", linewidths=0.8)
    plain = {"gradient descent, a = 0.019": ("0.4", lambda state, g: (state, -0.019 * g), AdaGradState)}
    for name, (colour, rule, state_type) in (plain | RULES).items():
        path = minimize(
            lambda x: float(curvature @ x**2 / 2),
            lambda x: curvature * x,
            start,
            rule,
            state_type,
            tol=0.0,
            max_iter=min(steps, 100),
            record_path=True,
        ).path
        plane.plot(*path.T, ".-", color=colour, markersize=3, linewidth=1, label=name)
    plane.plot(0, 0, "k*", markersize=11)
    plane.set(title="100 steps in a valley with curvatures 1 and 100", xlabel="x", ylabel="y")
    plane.legend(fontsize=8, loc="upper right")

    tumours = breast_cancer(ridge=1e-2)
    for colour, rule, state_type in RULES.values():
        rng = np.random.default_rng(0)
        path = minimize(
            tumours.fun,
            lambda x, rng=rng: tumours.grad(x) + 0.03 * rng.standard_normal(len(x)),
            tumours.start,
            rule,
            state_type,
            tol=0.0,
            max_iter=steps,
            record_path=True,
        ).path
        losses.loglog(
            np.arange(1, len(path) + 1), [tumours.fun(p) - tumours.fun(tumours.minimum) for p in path], color=colour
        )
    losses.set(title="Logistic regression on 569 tumours, noisy gradients", xlabel="step t", ylabel="f − f*")

    t = np.arange(5 * steps)
    for name, colour, rule, state_type in (("Adam", "C3", adam, AdamState), ("AMSGrad", "C4", amsgrad, AMSGradState)):
        point, state, points = np.zeros(1), at_rest(state_type, np.zeros(1)), []
        for k in t:
            slope = np.array([4.0 if k % 3 == 0 else -1.0])
            state, update = rule(state, slope, step_size=0.1 / np.sqrt(k + 1), decays=(0.0, 0.06))
            point = np.clip(point + update, -1, 1)
            points.append(point[0])
        ends.plot(t, points, color=colour, label=name)
    ends.axhline(-1, color="k", linestyle=":", linewidth=1)
    ends.text(0, -0.98, "the best point", fontsize=8, va="bottom")
    ends.set(title="Slopes 4, −1, −1, 4, −1, −1, … on [−1, 1]", xlabel="step t", ylabel="x", ylim=(-1.1, 1.1))
    ends.legend(fontsize=8, loc="center right")
    return fig
