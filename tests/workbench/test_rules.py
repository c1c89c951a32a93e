"""What is read off a learner's file without running it."""

import ast
from textwrap import dedent

import pytest

from mlpath.workbench.rules import broken_rule, function_at, imported_modules

MODULE, WITHOUT = "mlpath.linalg.pca", ["numpy.linalg.svd", "sklearn"]


def broken(source):
    return broken_rule(ast.parse(dedent(source)), MODULE, WITHOUT)


@pytest.mark.parametrize(
    "line",
    [
        "from mlpath.linalg.pca import PCA",
        "import mlpath.linalg.pca",
        "import mlpath.linalg.pca as solution",
        "from mlpath.linalg import pca",
        "from mlpath.linalg import *",
        "from . import pca",
        "from .pca import PCA",
    ],
)
def test_importing_the_own_reference_is_found(line):
    assert broken("x = 1\n" + line) == (2, "imports mlpath.linalg.pca, which is the solution of this exercise")


def test_reaching_the_own_reference_through_the_package_is_found():
    assert broken("import mlpath\nX = mlpath.linalg.pca.PCA")[0] == 2


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\ndef f(x):\n    return np.linalg.svd(x)",
        "from numpy import linalg\n\nlinalg.svd",
        "import numpy.linalg\n\nnumpy.linalg.svd",
        "\n\nfrom numpy.linalg import svd",
        "\n\nimport sklearn.decomposition",
    ],
)
def test_what_an_exercise_rules_out_is_found(source):
    line, complaint = broken(source)
    assert line == 3
    assert "asks you to do without" in complaint


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nnp.linalg.eigh",
        "from mlpath.linalg import svd",
        "def svd(): ...\nsvd()",
        "import sklearnex",
    ],
)
def test_all_else_is_allowed(source):
    assert broken(source) is None


def test_imported_modules_are_found_within_functions_too():
    found = imported_modules(ast.parse("import a.b\ndef f():\n    from c import d\n    from . import e"))
    assert found == {"a.b", "c", "c.d"}


def test_a_line_belongs_to_the_function_around_it():
    tree = ast.parse("class A:\n    def f(self):\n        x = 1\n\nx = 2\n")
    assert function_at(tree, 3) == "A.f"
    assert function_at(tree, 5) is None
