"""The study note of an exercise in a terminal: Markdown by rich, with its formulas as Unicode text.

`Prose` does the same for any text of an exercise: hints, questions and what is said after a pass.
"""

import ast
import os
import re
import string
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

from mlpath.workbench import formulas
from mlpath.workbench.curriculum import Exercise

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.syntax import SyntaxTheme

WIDEST = 100  # longer lines are hard to read
_UNBROKEN = "\ue000"  # a space where no line may end, until the lines are broken: rich would break at U+00A0 too
_LONG = 24  # a longer formula may be broken, before a relation or a sign
_PIECES = re.compile(r"(?P<code>```.*?```|`[^`]+`)|\$\$(?P<display>.+?)\$\$|\$(?P<inline>[^$]+)\$", re.DOTALL)
_STYLES = {
    "markdown.code": "cyan",
    "markdown.code_block": "none",
    "markdown.h1": "bold",
    "markdown.h2": "bold magenta",
    "markdown.h3": "bold",
    "markdown.block_quote": "italic",
    "markdown.item.number": "none",
    "markdown.link": "none",
    "markdown.link_url": "underline",
    "markdown.table.border": "dim",
    "markdown.table.header": "bold",
}


def show_note(exercise: Exercise, console: "Console") -> None:
    """Print the note of an exercise; in a terminal with a pager, if it is longer than the screen."""
    note = Prose("# " + note_of(exercise))
    long = console.is_terminal and len(console.render_lines(note, pad=False)) >= console.height
    if long and "R" not in os.environ.get("LESS", ""):
        os.environ["LESS"] = (os.environ.get("LESS", "") + " -R").strip()  # or less shows the codes of the colours
    with console.pager(styles=sys.platform != "win32") if long else nullcontext():
        console.print(note)


def note_of(exercise: Exercise) -> str:
    """Return the note as it is written: Markdown with LaTeX."""
    return ast.get_docstring(ast.parse(exercise.reference.read_bytes())) or exercise.details.title


class Prose:
    r"""Markdown with formulas, to be printed by rich.

    Examples
    --------
    >>> from rich.console import Console
    >>> Console(width=40).print(Prose("With $\\lambda_k \\ge 0$,\n\n$$s_k = \\sqrt{\\lambda_k}. \\tag{1}$$"))
    With λₖ ≥ 0,
    <BLANKLINE>
        sₖ = √λₖ.                        (1)
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """Yield the lines, formulas that stand alone between blank ones."""
        from rich.segment import Segment
        from rich.text import Text
        from rich.theme import Theme

        options = options.update(width=min(options.max_width, WIDEST))
        plain = console.color_system is None or console.no_color
        markdown = _markdown(plain)
        with console.use_theme(Theme(_STYLES)):
            for i, (piece, is_display) in enumerate(_pieces(self.text, keep_backticks=plain)):
                if i > 0:
                    yield Text()
                if is_display:
                    yield Text("\n".join(formulas.display(piece, options.max_width)), no_wrap=True, overflow="ignore")
                    continue
                for line in console.render_lines(markdown(piece), options, pad=False):
                    while line and not line[-1].text.strip():
                        line.pop()
                    for j, segment in enumerate(line):
                        text = segment.text.rstrip() if j == len(line) - 1 else segment.text
                        yield Segment(text.replace(_UNBROKEN, " "), segment.style)
                    yield Segment.line()


@cache
def _markdown(plain: bool) -> Callable[[str], Any]:
    """Return rich's Markdown with headings at the left, and tables that keep the names in their first column whole.

    Without styles, headings are underlined.
    """
    from rich import box, markdown
    from rich.table import Table

    class Heading(markdown.Heading):
        def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
            yield self.text
            if plain:
                yield ("=" if self.tag == "h1" else "-") * min(formulas.cells(self.text.plain), options.max_width)

    class TableElement(markdown.TableElement):
        def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
            rows = [] if self.body is None else [[cell.content for cell in row.cells] for row in self.body.rows]
            table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, border_style="markdown.table.border")
            for i, cell in enumerate(self.header.row.cells if self.header and self.header.row else ()):
                wide = max((formulas.cells(row[i].plain) for row in rows), default=0)
                whole = i == 0 and wide <= options.max_width / 3
                table.add_column(cell.content, no_wrap=whole, overflow="fold", header_style="markdown.table.header")
            for row in rows:
                table.add_row(*row)
            yield table

    class Markdown(markdown.Markdown):
        elements = markdown.Markdown.elements | {"heading_open": Heading, "table_open": TableElement}

    return lambda text: Markdown(text, code_theme=code_theme(), hyperlinks=False)  # type: ignore[arg-type]


@cache
def code_theme() -> "SyntaxTheme":
    """Return colours for code that can be read on dark and on light: the terminal's own, and its own background."""
    from pygments.token import Comment, Keyword, Name, Number, Operator, String
    from rich.style import Style
    from rich.syntax import ANSISyntaxTheme

    colours = {
        Comment: "italic dim",
        Keyword: "magenta",
        Operator.Word: "magenta",
        Name.Decorator: "blue",
        Name.Function: "blue",
        Name.Class: "blue",
        Name.Builtin: "blue",
        Number: "cyan",
        String: "green",
    }
    return ANSISyntaxTheme({kind: Style.parse(style) for kind, style in colours.items()})


def _pieces(text: str, *, keep_backticks: bool) -> Iterator[tuple[str, bool]]:
    """Yield Markdown without formulas, and the LaTeX of formulas that stand alone, in turn."""
    prose, start = "", 0
    for found in _PIECES.finditer(text):
        prose += text[start : found.start()]
        start = found.end()
        if found["display"] is not None:
            if prose.strip():
                yield prose, False
            yield found["display"], True
            prose = ""
        elif found["inline"] is not None:
            prose += _as_markdown(found["inline"])
        elif keep_backticks and not found["code"].startswith("```"):
            prose += f"`` {found['code']} ``"
        else:
            prose += found["code"]
    prose += text[start:]
    if prose.strip():
        yield prose, False


def _as_markdown(latex: str) -> str:
    """Return a formula as text that means nothing to Markdown, and is broken into lines at good places only."""
    text = formulas.inline(latex.replace("\n", " "))
    keep = formulas.places(text) if len(text) > _LONG else []
    if len(text) <= _LONG or keep:
        text = "".join(_UNBROKEN if c == " " and i not in keep else c for i, c in enumerate(text))
    return "".join("\\" + c if c in string.punctuation else c for c in text)
