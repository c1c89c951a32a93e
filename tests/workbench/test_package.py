"""The package as a whole: light to import, its rooms lazy, its optional parts optional; every figure draws."""

import inspect
import runpy
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

import mlpath

mpl.use("Agg")
ROOT = Path(__file__).parents[2]
FIGURES = sorted((ROOT / "gallery").rglob("*.py"))


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_importing_the_package_loads_no_library():
    done = python(
        "import mlpath, sys; print([m for m in ('numpy', 'scipy', 'torch', 'sklearn', 'pytest') if m in sys.modules])"
    )
    assert done.stdout == "[]\n", done


def test_rooms_load_their_modules_when_asked():
    done = python("import mlpath, sys; print('mlpath.linalg.pca' in sys.modules, mlpath.linalg.pca.PCA.__name__)")
    assert done.stdout == "False PCA\n", done
    assert "pca" in dir(mlpath.linalg)
    assert "linalg" in dir(mlpath)
    with pytest.raises(AttributeError, match=r"has no attribute .nothing."):
        _ = mlpath.linalg.nothing


def test_what_needs_torch_says_so_in_one_line():
    block = "import sys; sys.modules['torch'] = None; import importlib.util; "
    block += "find = importlib.util.find_spec; importlib.util.find_spec = lambda name: None if name == 'torch' else find(name); "
    done = python(
        block
        + "import mlpath.linalg.pca, mlpath.optim.adaptive, mlpath.bayes.metropolis_hastings; import mlpath.models.generative"
    )
    assert (
        done.stderr.strip().splitlines()[-1]
        == "ModuleNotFoundError: mlpath.models.generative needs PyTorch: pip install 'mlpath[torch]'"
    )


@pytest.mark.parametrize(
    "file", FIGURES, ids=lambda file: file.relative_to(ROOT / "gallery").with_suffix("").as_posix()
)
def test_figure_is_drawn(file):
    draw = runpy.run_path(str(file))["figure"]
    quick = {"steps": 2} if "steps" in inspect.signature(draw).parameters else {}
    drawn = draw(**quick)
    assert isinstance(drawn, Figure)
    drawn.canvas.draw()
    assert all(axes.has_data() or not axes.axison for axes in drawn.axes)
    plt.close("all")
