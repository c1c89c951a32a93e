"""Beside BlackJAX, whose sampler and window adaptation are Stan's: effective samples per gradient first, then the time for 1,000 of them.

Twenty chains of each, of seeds of their own, adapt a diagonal mass and the step size in 1,000 transitions and draw 1,000 times. The bulk effective
sample size of all draws, of the coordinate, or square of one, that mixes worst, by `arviz_stats`, over the gradients that these draws took, must
be no less than 0.85 of BlackJAX's. It may be more: BlackJAX takes half of the momenta at both ends out of the sum of its criterion, which Stan and we do not, so
that its paths are shorter. That both are right is checked by means and variances, within 6 standard
errors, where they are known.

Then 32 chains draw with what the first of the twenty has learned, ours one after the other, BlackJAX's by `vmap` in one compiled loop, in double
precision, on one thread and after compilation. Compared are seconds per effective sample. What compilation buys is seen here: a leapfrog step of a
cheap target costs NumPy some twenty calls of functions.
"""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from _blackjax import blackjax, effective

from mlpath.bayes._targets import correlated, eight_schools
from mlpath.bayes.hierarchical import Model, non_centred
from mlpath.bayes.nuts.trajectory import System, place
from mlpath.bayes.nuts.warm_up import draw, sample
from mlpath.workbench.bench import Case

SEEDS, LENGTH = 20, 1_000


def assert_right(draws, mean, variance):
    """Means and variances, by the spread over the chains."""
    for found, exact in ((draws.mean(axis=1), mean), (((draws - mean) ** 2).mean(axis=1), variance)):
        z = (found.mean(axis=0) - exact) / (found.std(axis=0, ddof=1) / len(found) ** 0.5)
        assert abs(z).max() < 6, f"off by {abs(z).max():.1f} standard errors"


def adapted(log_density):
    """A compiled run of BlackJAX: warm-up and draws of many chains, each by itself."""

    @jax.jit
    def run(key, start):
        def one(key, x):
            first, second = jax.random.split(key)
            warm = blackjax.window_adaptation(blackjax.nuts, log_density, target_acceptance_rate=0.8)
            (state, found), _ = warm.run(first, x, LENGTH)
            return *drawn(log_density, state, found, second, LENGTH), found

        return jax.vmap(one)(jax.random.split(key, len(start)), start)

    return run


def drawn(log_density, state, found, key, n_draws):
    """Positions, and numbers of gradients, of one chain."""
    kernel = blackjax.nuts(log_density, **found)

    def step(state, key):
        state, info = kernel.step(key, state)
        return state, (state.position, info.num_integration_steps)

    return jax.lax.scan(step, state, jax.random.split(key, n_draws))[1]


def targets():
    """Of each: a name, the two functions for us, the log density for JAX, starts, and mean and variance if known."""
    normal = correlated(10, 0.9)
    precision, rng = jnp.asarray(np.linalg.inv(normal.covariance)), np.random.default_rng(0)
    known = (normal.mean, np.diag(normal.covariance))
    yield (
        "correlated normal, 10 dimensions",
        normal.log_density,
        normal.gradient,
        lambda x: -(x @ precision @ x) / 2,
        10,
        known,
    )

    scales = np.geomspace(0.01, 100, 50)
    yield (
        "normal, scales from 0.01 to 100, 50 dimensions",
        lambda x: -((x / scales) ** 2).sum(axis=1) / 2,
        lambda x: -x / scales**2,
        lambda x: -((x / scales) ** 2).sum() / 2,
        50,
        (np.zeros(50), scales**2),
    )

    effects, errors = eight_schools()

    def schools(x, xp=np):
        mu, t, eta = x[..., 0], x[..., 1], x[..., 2:]
        miss = (effects - mu[..., None] - xp.exp(t)[..., None] * eta) / errors
        spread = xp.exp(t) / 5
        return -((miss**2).sum(-1) + (eta**2).sum(-1) + (mu / 5) ** 2) / 2 - xp.log1p(spread**2) + t

    def slope(x):
        mu, tau, eta = x[:, :1], np.exp(x[:, 1:2]), x[:, 2:]
        pull = (effects - mu - tau * eta) / errors**2
        of_mu = pull.sum(axis=1, keepdims=True) - mu / 25
        of_t = 1 + tau * (pull * eta).sum(axis=1, keepdims=True) - 2 * tau**2 / (25 + tau**2)
        return np.hstack([of_mu, of_t, tau * pull - eta])

    some = rng.normal(size=(5, 10))
    by_hand, theirs = non_centred(Model(effects, errors), some)
    assert np.ptp(schools(some) - by_hand) < 1e-9 and np.allclose(slope(some), theirs), "not the model of the exercise"
    yield "eight schools, non-centred", schools, slope, lambda x: schools(x, jnp), 10, None


def cases() -> Iterator[Case]:
    for name, log_density, gradient, compiled, dim, known in targets():
        rng = np.random.default_rng(1)
        start = rng.uniform(-2, 2, (SEEDS, dim))
        run = sample(log_density, gradient, start, LENGTH, rng=rng, n_warm_up=LENGTH)
        theirs, gradients, _ = jax.block_until_ready(adapted(compiled)(jax.random.key(1), jnp.asarray(start)))
        theirs = np.asarray(theirs)
        if known:
            assert_right(run.draws, *known)
            assert_right(theirs, *known)
        shares = effective(run.draws) / run.n_steps.sum(), effective(theirs) / np.asarray(gradients).sum()
        ratio = shares[0] / shares[1]
        said = f"{1e3 * shares[0]:.1f} and {1e3 * shares[1]:.1f} effective samples per 1,000 gradients"
        assert 0.85 < ratio < 1.35, f"{name}: {said}"

        n, here = 50, np.repeat(run.draws[:1, -1], 32, axis=0)
        system = System(log_density, gradient, float(run.step_size[0]), run.inverse_mass[0])
        settings = {"step_size": float(run.step_size[0]), "inverse_mass_matrix": jnp.asarray(run.inverse_mass[0])}

        def ours(system=system, here=here, rng=rng, n=n):
            points = [place(system, x, np.zeros(len(x))) for x in here]
            return np.stack([draw(system, point, n, rng=rng).draws for point in points])

        @jax.jit
        def many(key, here, compiled=compiled, settings=settings, n=n):
            def one(key, x):
                return drawn(compiled, blackjax.nuts.init(x, compiled), settings, key, n)[0]

            return jax.vmap(one)(jax.random.split(key, len(here)), here)

        keys = iter(jax.random.split(jax.random.key(2), 1000))

        def peer(many=many, here=here, keys=keys):
            return np.asarray(many(next(keys), jnp.asarray(here)))

        def check(draws, peer_draws):
            assert draws.shape == peer_draws.shape

        worth = 32 * n * effective(run.draws) / (SEEDS * LENGTH) / 1e3
        yield Case(
            f"{name}; {said}",
            ours=ours,
            peer_name="BlackJAX, compiled",
            peer=peer,
            check=check,
            limit=10.0,
            worth=(worth, worth),
        )
