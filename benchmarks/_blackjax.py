"""BlackJAX on one thread and in double precision, and effective sample sizes.

The threads are settled when BlackJAX is imported: so it is to be imported from here.
"""

import os

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import blackjax as blackjax
import jax
import numpy as np
from arviz_stats.base import array_stats

jax.config.update("jax_enable_x64", True)


def effective(draws):
    """The number of effective samples of all chains together, of the slowest coordinate or square of one."""
    both = np.concatenate([draws, draws**2], axis=2)
    return min(array_stats.ess(x, chain_axis=0, draw_axis=1) for x in np.moveaxis(both, 2, 0))
