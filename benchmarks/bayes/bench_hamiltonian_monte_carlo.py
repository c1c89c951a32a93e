"""Beside BlackJAX: the time for 1,000 effective samples.

Both run 32 chains with the same step size, number of steps and mass, from exact draws of the target: the same algorithm, so that
what is compared is the code. BlackJAX is compiled by JAX, as one loop over the steps and with `vmap` over the chains, in double
precision and on one thread, and is timed after it was compiled. Compared are seconds per effective sample of that coordinate, or square of one, that
mixes worst; the effective sample size is estimated by `arviz_stats` from long runs of both. That both are right is checked first, by the mean and the
variance of each coordinate within 6 standard errors.

What a compiled library buys: a cheap target costs it a few operations, where NumPy calls a dozen functions for each
leapfrog step, whatever the number of chains. With more chains, or a dearer target, the difference shrinks.
"""

from collections.abc import Iterator
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from _blackjax import blackjax, effective

from mlpath.bayes._targets import correlated
from mlpath.bayes.hamiltonian_monte_carlo import sample
from mlpath.workbench.bench import Case


def assert_right(draws, per_step):
    """Mean 0 and variance 1, within 6 standard errors."""
    size = draws.shape[1] * per_step
    z = draws.mean(axis=(0, 1)) * np.sqrt(size)
    assert abs(z).max() < 6, f"a mean is off by {abs(z).max():.1f} standard errors"
    z = (draws.var(axis=(0, 1)) - 1) * np.sqrt(size / 2)
    assert abs(z).max() < 6, f"a variance is off by {abs(z).max():.1f} standard errors"


def peer_of(log_density, settings):
    kernel = blackjax.hmc.build_kernel()

    @partial(jax.jit, static_argnames="n_draws")
    def run(key, start, n_draws):
        def one(states, key):
            keys = jax.random.split(key, len(start))
            states, _ = jax.vmap(lambda k, s: kernel(k, s, log_density, **settings))(keys, states)
            return states, states.position

        states = jax.vmap(lambda x: blackjax.hmc.init(x, log_density))(start)
        return jax.lax.scan(one, states, jax.random.split(key, n_draws))[1]

    keys = iter(jax.random.split(jax.random.key(0), 1000))
    return lambda start, n_draws: np.asarray(run(next(keys), start, n_draws)).swapaxes(0, 1)


def cases() -> Iterator[Case]:
    for dim, step_size, n_steps in ((2, 0.4, 4), (10, 0.3, 6), (100, 0.2, 9)):
        rng = np.random.default_rng(dim)
        target, n_long = correlated(dim, 0.5), 1_000
        precision, start = jnp.asarray(np.linalg.inv(target.covariance)), target.exact(rng, 32)
        peer = peer_of(
            lambda x, precision=precision: -(x @ precision @ x) / 2,
            {"step_size": step_size, "inverse_mass_matrix": jnp.ones(dim), "num_integration_steps": n_steps},
        )

        def ours(start, n_draws, target=target, rng=rng, step_size=step_size, n_steps=n_steps):
            settings = {"n_steps": n_steps, "step_size": step_size, "n_warm_up": 0, "jitter": 0.0}
            return sample(target.log_density, target.gradient, start, n_draws, rng=rng, **settings).draws

        per_step = []
        for run in (ours, peer):
            draws = run(start, n_long)
            per_step.append(effective(draws) / n_long)
            assert_right(draws, per_step[-1])

        def check(draws, peer_draws, per_step=tuple(per_step)):
            assert draws.shape == peer_draws.shape
            assert max(per_step) < 1.2 * min(per_step), f"effective samples per step: {per_step}"

        n = 100
        yield Case(
            f"{dim} dimensions, 32 chains, {n_steps} leapfrog steps",
            ours=partial(ours, start, n),
            peer_name="BlackJAX, compiled",
            peer=partial(peer, start, n),
            check=check,
            limit=4.0,
            worth=(n * per_step[0] / 1e3, n * per_step[1] / 1e3),
        )
