"""Kitagawa's growth model, seen only squared: filter and smoother, and what becomes of the weights without resampling."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mlpath.bayes.particle_filter.filtering import (
    StateSpace,
    draw_backwards,
    run_filter,
    sir_step,
    sis_step,
    weighted_mean,
)


def ahead(states):
    """Where a state (x, time) goes on average: a growth with two resting places, pushed to and fro."""
    x, time = states.T
    return np.column_stack([x / 2 + 25 * x / (1 + x**2) + 8 * np.cos(1.2 * time), time + 1])


def move(states, *, rng):
    following = ahead(states)
    following[:, 0] += np.sqrt(10) * rng.standard_normal(len(states))
    return following


GROWTH = StateSpace(
    lambda n, *, rng: np.column_stack([np.sqrt(5) * rng.standard_normal(n), np.ones(n)]),
    move,
    lambda states, following: -((following - ahead(states))[:, 0] ** 2) / 20 - np.log(20 * np.pi) / 2,
    lambda states, y: -((y - states[:, 0] ** 2 / 20) ** 2) / 2 - np.log(2 * np.pi) / 2,
)


def simulate(n_steps, rng):
    states = [GROWTH.initial(1, rng=rng)]
    while len(states) < n_steps:
        states.append(GROWTH.transition(states[-1], rng=rng))
    x = np.concatenate(states)[:, 0]
    return x, x**2 / 20 + rng.standard_normal(n_steps)


def figure(n_steps: int = 60, n_particles: int = 1000) -> Figure:
    """Above: the hidden state, the filter's cloud and paths of the smoother. Below: sample sizes, and the log evidence."""
    rng = np.random.default_rng(8)
    truth, observations = simulate(n_steps, rng)
    clouds = run_filter(GROWTH, observations, n_particles, rng=rng)
    paths = draw_backwards(GROWTH, clouds, 60, rng=rng)[:, :, 0]
    fig = plt.figure(figsize=(12, 7.5), layout="constrained")
    axes, times = (
        fig.subplot_mosaic([["path", "path"], ["size", "evidence"]], height_ratios=[3, 2]),
        np.arange(1, n_steps + 1),
    )

    ax = axes["path"]
    for t, cloud in zip(times, clouds):
        ax.scatter(
            np.full(n_particles, t), cloud.states[:, 0], 300 * cloud.weights, "tab:orange", alpha=0.3, linewidth=0
        )
    ax.plot(times, paths.T, color="tab:blue", alpha=0.15, linewidth=0.8)
    ax.plot([], [], "o", color="tab:orange", label="the filter's particles, by weight")
    ax.plot([], [], color="tab:blue", label="60 draws from the smoother")
    ax.plot(times, truth, "k.-", linewidth=1, markersize=5, label="the hidden state")
    ax.plot(times, [weighted_mean(cloud)[0] for cloud in clouds], "x", color="tab:red", label="the filter's mean")
    ax.set(
        xlabel="time",
        ylabel="$x_t$",
        title=r"What is seen is $x_t^2 / 20$ and noise: the sign must be guessed from the motion",
    )
    ax.legend(loc="upper center", ncols=4)

    ax = axes["size"]
    for name, step in (
        ("no resampling", sis_step),
        ("below one half", sir_step),
        ("always", partial(sir_step, threshold=2.0)),
    ):
        run = run_filter(GROWTH, observations, n_particles, step=step, rng=rng)
        ax.semilogy(times, [1 / (cloud.weights @ cloud.weights) for cloud in run], ".-", markersize=3, label=name)
    ax.set(xlabel="time", ylabel="effective sample size", title=f"{n_particles} particles", ylim=(0.8, None))
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.3))

    ax, sizes = axes["evidence"], (50, 200, 800)
    estimates = [[run_filter(GROWTH, observations, n, rng=rng)[-1].log_evidence for _ in range(40)] for n in sizes]
    ax.boxplot(estimates, tick_labels=sizes)
    ax.set(xlabel="particles", ylabel="log evidence", title="40 estimates each")
    return fig
