"""The stub generator: what it keeps is the author's to the byte, and nothing of the solution is left."""

from textwrap import dedent

import pytest

from mlpath.workbench.stubs import is_untouched, make_stub, parts


def stub(source, *header):
    return make_stub(dedent(source).lstrip(), header)


def test_bodies_become_holes_and_docstrings_stay():
    made = stub('''
        """The note."""

        import numpy as np


        def f(x: np.ndarray) -> float:
            """Return the sum."""
            total = x.sum()
            return total


        def g(x):
            return x
        ''')
    assert (
        made
        == dedent('''
        """The note."""

        import numpy as np


        def f(x: np.ndarray) -> float:
            """Return the sum."""
            raise NotImplementedError("not written yet: f")


        def g(x):
            raise NotImplementedError("not written yet: g")
        ''').lstrip()
    )


def test_methods_are_named_with_their_class_and_keep_their_decorators():
    made = stub('''
        class Model:
            """A model."""

            @property
            def size(self):
                """Its size."""
                return 3

            def fit(self, x):
                # the trick is here
                return self
        ''')
    assert list(parts(made)) == ["Model.size", "Model.fit"]
    assert "@property" in made
    assert "trick" not in made


def test_what_is_given_stays():
    made = stub("""
        def _check(x):  # given: the checks
            if x < 0:
                raise ValueError("x")


        class Net:  # given
            def forward(self, x):
                return x


        @decorated
        def f(x):  # given
            return _check(x)


        def g(x):
            return x
        """)
    assert list(parts(made)) == ["g"]
    assert 'raise ValueError("x")' in made
    assert "return _check(x)" in made
    assert "def forward(self, x):\n        return x" in made


def test_a_region_of_a_body_can_be_given():
    made = stub('''
        def f(x):
            """Do it."""
            # given: the check
            if x < 0:
                raise ValueError("x")
            # yours
            y = secret(x)
            # given
            return y
        ''')
    assert made.splitlines()[2:] == [
        "    # given: the check",
        "    if x < 0:",
        '        raise ValueError("x")',
        '    raise NotImplementedError("not written yet: f")',
        "    # given",
        "    return y",
    ]


def test_private_helpers_go_with_the_comments_above_them():
    made = stub("""
        def f(x):
            return _help(x)


        # How to help: multiply by two.
        def _help(x):
            return 2 * x


        class _State:
            pass


        def g(x):
            return x
        """)
    assert "_help" not in made
    assert "multiply" not in made
    assert "_State" not in made
    assert list(parts(made)) == ["f", "g"]


def test_comments_that_trail_a_body_go():
    made = stub("""
        def f(x):
            return x
            # because x is its own inverse

            # and so on


        # a comment of what follows
        def g(x):
            return x
        """)
    assert "inverse" not in made
    assert "so on" not in made
    assert "# a comment of what follows\ndef g" in made


def test_imports_and_constants_that_only_the_solution_used_go():
    made = stub("""
        import math

        import numpy as np
        from scipy.special import expit, logsumexp

        _SECRET = 0.234
        LIMIT = 3


        def f(x: np.ndarray, y=expit) -> float:
            return logsumexp(x) * math.pi * _SECRET
        """)
    assert "math" not in made
    assert "_SECRET" not in made
    assert "from scipy.special import expit\n" in made
    assert "LIMIT = 3" in made


def test_imports_that_an_example_uses_stay():
    made = stub(
        'import math\nimport os\n\n\ndef f(x):\n    """Do.\n\n    >>> f(math.pi)\n    3\n    """\n    return os.getpid()\n'
    )
    assert "import math\n" in made
    assert "import os\n" not in made


def test_imports_of_other_exercises_stay():
    assert "from mlpath.linalg.norms import l1_norm\n" in stub(
        "from mlpath.linalg.norms import l1_norm\n\n\ndef f(x):\n    return l1_norm(x)\n"
    )


def test_text_outside_the_bodies_is_kept_to_the_byte():
    source = "r'''Note \\alpha.'''\n\nX   =  [1,2]   # as  it  is\n\n\ndef f(a, *, b = 'x',\n      c=None):\n    \"\"\"Do.\"\"\"\n    return a\n"
    assert make_stub(source) == source.replace(
        "    return a\n", '    raise NotImplementedError("not written yet: f")\n'
    )


def test_the_header_stands_below_the_note():
    assert stub('"""Note."""\n\nX = 1\n', "2 parts", "more") == '"""Note."""\n\n# 2 parts\n# more\n\nX = 1\n'


def test_a_body_on_the_line_of_its_def_is_refused():
    with pytest.raises(SyntaxError, match="f on a line of its own"):
        stub("def f(x): return x\n")


def test_parts_of_a_file_without_holes_are_none():
    assert parts("def f():\n    return 1\n") == {}


def test_a_stub_is_seen_to_be_untouched_at_a_glance():
    made = stub(
        '"""Note."""\n\n\ndef f(x):\n    return x\n\n\ndef g(x):\n    return x\n', "2 parts to write. Test them."
    )
    assert is_untouched(made)
    assert is_untouched(made + "# a comment\nimport math\n")
    assert not is_untouched(made.replace('    raise NotImplementedError("not written yet: g")', "    return x"))
    assert not is_untouched(made.replace("    raise", "    # raise", 1))
    assert not is_untouched(made.replace("# 2 parts to write", "# no header"))
