"""Training a network on scikit-learn's digits: the loss, what is read right, and what is not."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

from mlpath.calculus.autodiff.mlp import initialise, predict, train


def figure(*, steps: int = 15) -> Figure:
    """On the left three sizes of the first weights, in the middle what is read right, on the right errors; `steps` epochs."""
    pixels, digits = (np.asarray(part) for part in load_digits(return_X_y=True))
    order = np.random.default_rng(0).permutation(len(digits))
    x, labels = pixels[order] / 16, digits[order]
    learn, new = slice(1437), slice(1437, None)
    epochs = np.arange(1, steps + 1)
    fig, axes = plt.subplots(1, 3, figsize=(14, 4.6), layout="constrained", width_ratios=(1, 1, 0.9))
    for factor, name in ((0.01, "a hundredth of (5)"), (1.0, "equation (5)"), (5.0, "five times (5)")):
        rng = np.random.default_rng(1)
        start = tuple(factor * p for p in initialise([64, 64, 10], rng=rng))
        training = train(x[learn], labels[learn], start, n_epochs=steps, batch_size=64, rate=0.1, rng=rng)
        axes[0].semilogy(epochs, training.losses, ".-", label=name)
    axes[0].axhline(np.log(10), color="0.5", linestyle=":", label="log 10: all classes equal")
    axes[0].set(xlabel="epoch", ylabel="loss (7)", title="How large should the first weights be?")
    axes[0].legend()

    rng = np.random.default_rng(1)
    parameters = initialise([64, 64, 10], rng=rng)
    shares = []
    for _ in range(steps):
        parameters = train(x[learn], labels[learn], parameters, n_epochs=1, batch_size=64, rate=0.1, rng=rng).parameters
        shares.append([100 * np.mean(predict(x[part], parameters) == labels[part]) for part in (learn, new)])
    for share, name in zip(np.transpose(shares), ("1,437 to learn from", "360 new ones")):
        axes[1].plot(epochs, share, ".-", label=name)
    axes[1].axhline(95, color="0.5", linestyle=":", label="95 %")
    axes[1].set(xlabel="epoch", ylabel="digits read right (%)", title="What it has learnt")
    axes[1].legend(loc="lower right")

    found = predict(x[new], parameters)
    wrong = np.flatnonzero(found != labels[new])[:9]
    axes[2].axis("off")
    axes[2].set_title("New digits that are read wrong")
    for i, which in enumerate(wrong):
        inset = axes[2].inset_axes((0.02 + 0.33 * (i % 3), 0.68 - 0.34 * (i // 3), 0.28, 0.24))
        inset.imshow(x[new][which].reshape(8, 8), cmap="gray_r")
        inset.set_title(f"{labels[new][which]} read as {found[which]}", fontsize=8)
        inset.axis("off")
    for ax in axes[:2]:
        ax.grid(alpha=0.3)
    return fig
