"""How long `mlpath watch` takes from a save to a verdict, beyond the tests themselves: at most half a second.

A solved file is saved again and again. The tests' time is the sum of what pytest says that each took in its process; all
else counts: hearing of the save, starting a session, loading file and tests, asking for each test, the way back.
"""

import shutil
import tempfile
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from time import perf_counter, sleep

from mlpath.workbench.curriculum import exercises
from mlpath.workbench.watch import Server, saves
from mlpath.workbench.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = ("linalg/norms", "linalg/pca", "models/generative/vae/elbo")
REPEATS = 9


def main() -> None:
    """Print the table."""
    print(
        f"{'seconds':<28} {'start':>6} {'tests':>6} {'beyond them':>12}   (least, median and greatest of {REPEATS} saves)"
    )
    with tempfile.TemporaryDirectory() as folder:
        for id_ in EXERCISES:
            start, tests, beyond = measured(id_, Workspace(Path(folder)))
            middle = len(beyond) // 2
            print(
                f"{id_:<28} {start:6.2f} {tests[middle]:6.2f} {beyond[middle]:12.2f}   ({beyond[0]:.2f} to {beyond[-1]:.2f})"
            )


def measured(id_: str, workspace: Workspace) -> tuple[float, list[float], list[float]]:
    """Return the seconds until the first verdict, and of each save, sorted, those of the tests and those beyond them."""
    exercise, stop = exercises()[id_], Event()
    shutil.copy(ROOT / "pyproject.toml", workspace.root)
    for path in (exercise.tests, exercise.file):
        (workspace.root / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / exercise.tests, workspace.root / exercise.tests)
    file = workspace.file(exercise)
    shutil.copy(exercise.reference, file)
    verdicts: Queue = Queue()
    server = Server(workspace, exercise, fork=True, heard=lambda _, verdict: verdicts.put((perf_counter(), verdict[1])))
    look_out = Thread(target=lambda: [server.test() for _ in saves(file, stop)])
    began = perf_counter()
    server.test()
    start = verdicts.get()[0] - began
    look_out.start()
    sleep(0.5)
    tests, beyond = [], []
    for _ in range(REPEATS):
        began = perf_counter()
        file.write_text(file.read_text())
        ended, verdict = verdicts.get()
        assert verdict.passed, verdict.first
        tests.append(verdict.seconds)
        beyond.append(ended - began - verdict.seconds)
    stop.set()
    look_out.join()
    server.close()
    return start, sorted(tests), sorted(beyond)


if __name__ == "__main__":
    main()
