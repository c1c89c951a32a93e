"""How long `import mlpath`, a run over 900 exercises that nobody has started, and a cold verdict take.

The 900 are copies of linalg/norms and linalg/pca in a scratch package. A cold verdict is that of a solved linalg/norms,
beside a Python that does nothing but the imports which it needs, and the tests.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]
N_EXERCISES, REPEATS = 900, 5


def least(command: list[str], cwd: Path, **env: str) -> float:
    """Least seconds of some runs; the first, which fills caches, does not count."""
    times = []
    for _ in range(REPEATS + 1):
        start = perf_counter()
        subprocess.run(command, cwd=cwd, env={**os.environ, **env}, check=True, capture_output=True)
        times.append(perf_counter() - start)
    return min(times[1:])


def synthetic(root: Path) -> None:
    """Lay out a workspace with so many exercises, in 30 rooms."""
    package = root / "src" / "mlpath"
    shutil.copytree(ROOT / "src" / "mlpath", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    tracks = []
    for room in range(30):
        ids = [f"room{room}/topic{i}" for i in range(N_EXERCISES // 30)]
        tracks.append(f'[[track]]\ntitle = "Room {room}"\nexercises = {ids}\n')
        for i, id_ in enumerate(ids):
            model = ("linalg/norms", "linalg/pca")[i % 2]
            for tree, suffix in ((package, ".py"), (package, ".toml"), (root / "exercises", ".py")):
                source = ROOT / "exercises" if tree.name == "exercises" else ROOT / "src" / "mlpath"
                (tree / id_).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / f"{model}{suffix}", tree / f"{id_}{suffix}")
            test = root / "tests" / f"room{room}" / f"test_topic{i}.py"
            test.parent.mkdir(parents=True, exist_ok=True)
            test.write_text("")
    (package / "curriculum.toml").write_text("".join(tracks))


def main() -> None:
    """Print the table."""
    python = sys.executable
    bare = least([python, "-c", "pass"], ROOT)
    print(
        f"import mlpath                               {1e3 * (least([python, '-c', 'import mlpath'], ROOT) - bare):8.0f} ms  (at most 50)"
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        synthetic(root)
        run = least([python, "-m", "pytest", "exercises", "-q"], root, PYTHONPATH=str(root / "src"))
        print(f"pytest exercises/, {N_EXERCISES} not started          {run:8.2f} s   (at most 3)")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(ROOT / "pyproject.toml", root)
        shutil.copytree(ROOT / "tests" / "linalg", root / "tests" / "linalg")
        (root / "exercises" / "linalg").mkdir(parents=True)
        shutil.copy(ROOT / "src/mlpath/linalg/norms.py", root / "exercises/linalg/norms.py")
        verdict = least([python, "-m", "pytest", "exercises/linalg/norms.py", "-q"], root)
        imports = least([python, "-c", "import pytest, numpy, jaxtyping"], root)
        tests = least([python, "-m", "pytest", "tests/linalg/test_norms.py", "-q"], root) - imports
        print(
            f"cold verdict of linalg/norms                {verdict:8.2f} s   imports {imports:.2f} s + tests {tests:.2f} s, ratio {verdict / (imports + tests):.2f} (at most 1.5)"
        )


if __name__ == "__main__":
    main()
