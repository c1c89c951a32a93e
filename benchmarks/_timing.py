"""Two ways to the same result, timed side by side: interleaved in one run, and compared by their minima."""

import gc
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple


class Times(NamedTuple):
    """Least seconds of each, and their ratio."""

    ours: float
    peer: float

    @property
    def ratio(self) -> float:
        """How many times as long ours takes."""
        return self.ours / self.peer


def compare(ours: Callable[[], object], peer: Callable[[], object], *, repeats: int = 20) -> Times:
    """Time both `repeats` times, turn and turn about, after one untimed call of each."""
    least = [float("inf"), float("inf")]
    gc.collect()
    gc.disable()
    try:
        for turn in range(-1, repeats):
            for i, call in enumerate((ours, peer)):
                start = perf_counter()
                call()
                if turn >= 0:
                    least[i] = min(least[i], perf_counter() - start)
    finally:
        gc.enable()
    return Times(*least)


def report(name: str, peer: str, times: Times) -> None:
    """Print one line of a benchmark's table."""
    print(f"{name:<44} {1e3 * times.ours:9.2f} ms   {peer:<28} {1e3 * times.peer:9.2f} ms   ratio {times.ratio:5.2f}")
