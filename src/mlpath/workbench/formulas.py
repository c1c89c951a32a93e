"""LaTeX formulas as Unicode text: for notes in a terminal, which shows no fractions and no fonts.

`inline` gives one line; `display` as many as it takes, with matrices, cases and braces over several.
pylatexenc knows the symbols; how they are put together is done here.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

_PLAIN = "0123456789+-−=()aehijklmnoprstuvxβγρφχ"
_BELOW = dict(zip(_PLAIN, "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ"))
_PLAIN = "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ"
_ABOVE = dict(zip(_PLAIN, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ"))
_ABOVE |= {"⊤": "ᵀ", "⊺": "ᵀ", "⋆": "*", "∗": "*", "*": "*", "′": "′", "†": "†", "∘": "°"}
_SMALL = set(_BELOW.values()) | set(_ABOVE.values())
_VULGAR = {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾", "1/5": "⅕", "2/5": "⅖", "1/6": "⅙", "1/8": "⅛"}
_VULGAR |= {"3/8": "⅜", "5/8": "⅝", "7/8": "⅞"}

# What pylatexenc does not know, or knows in letters that few fonts of terminals have.
_OWN = {"ne": "≠", "neq": "≠", "|": "‖", "Vert": "‖", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "colon": ":"}
_OWN |= {
    "lbrace": "{",
    "rbrace": "}",
    "lbrack": "[",
    "rbrack": "]",
    "dotsb": "…",
    "dotsc": "…",
    "prime": "′",
    "implies": "⟹",
    "iff": "⟺",
}
_BOARD = {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}
_SCRIPT = {"B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ"}
_ACCENTS = {"hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "widetilde": "\u0303"}
_ACCENTS |= dict(zip(("vec", "dot", "ddot", "check", "overline"), "\u20d7\u0307\u0308\u030c\u0304"))

_RELATIONS = set("=<>≤≥≠≈∼≃≅≡∝∈∉⊂⊆⊃⊇→←↦⇒⇐⇔↔≪≫≺≻⟂∣⟶⟹⟺≔:")
_BINARY = set("+−±∓×·⊗⊕⊙∘∪∩∖∧∨")
_PREFIXES = set("∇∂Δ")
_BIG = set("∑∏∫⋃⋂∮⨁⨂")
_SIZES = re.compile(r"(left|right|middle|[bB]igg?[lrm]?)$")
_FONTS = re.compile(r"text(rm|bf|it|tt)?|math(rm|bf|it|sf|tt)|boldsymbol|bm|operatorname")
_SILENT = {"displaystyle", "textstyle", "nonumber", "notag", "!"}
_SPACES = {",", ";", ":", " ", ">", "enspace", "thinspace", "\n"}
_FENCES = {"pmatrix": "⎛⎜⎝⎞⎟⎠()", "bmatrix": "⎡⎢⎣⎤⎥⎦[]", "vmatrix": "||||||||", "Vmatrix": "‖‖‖‖‖‖‖‖"}
_TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|\s+|.", re.DOTALL)
_TAG = re.compile(r"\\tag\{([^}]*)\}")

_SHORT = 12  # what is so short gets no line of its own
_GAP = "\ue001"  # wide space between two formulas in a row
_FIRST_BOX = 0xE100  # characters that stand for what takes several lines


def inline(latex: str) -> str:
    r"""Return a formula as one line of text.

    Examples
    --------
    >>> inline(r"\bar x_{t-1} \le \frac{a + 1}{\sqrt{2\pi}}\, v^\top w_{ij}^2")
    'x̄ₜ₋₁ ≤ (a + 1)/√(2π) vᵀ wᵢⱼ²'
    """
    return _joined(_Parser(_TAG.sub("", latex)).atoms()).replace(_GAP, "  ")


def display(latex: str, width: int, indent: int = 4) -> list[str]:
    r"""Return a formula as lines of their own, no wider than `width` where it can be broken, its number at the right.

    Examples
    --------
    >>> display(r"C = \begin{pmatrix} 1 & 0 \\ 0 & 12 \end{pmatrix}. \tag{3}", 30)
    ['    C = ⎛ 1   0 ⎞.         (3)', '        ⎝ 0  12 ⎠']
    """
    tags = ", ".join(f"({tag})" for tag in _TAG.findall(latex))
    room = max(width - indent - (len(tags) + 2 if tags else 0), 20)
    boxes: list[Box] = []
    lines: list[str] = []
    for row in _rows(latex):
        text = _joined(_Parser(_TAG.sub("", row)).atoms(), boxes=boxes)
        if not text:
            continue
        parts = [(0, part.strip()) for part in text.split(_GAP) if part.strip()]
        if sum(_width(part, boxes) + 4 for _, part in parts) - 4 <= room:
            parts = [(0, "    ".join(part for _, part in parts))]
        for _, part in parts:
            for deeper, line in _wrapped(part, room, boxes):
                box = _box(line, boxes)
                if lines and box.base > 0:
                    lines.append("")
                lines += [" " * (indent + deeper) + text for text in box.lines]
                last = len(lines) - len(box.lines) + box.base
    if tags and lines:
        lines[last] += " " * max(width - cells(lines[last]) - len(tags), 1) + tags
    return [line.rstrip() for line in lines]


def places(text: str) -> list[int]:
    """Return where a formula of one line is best broken: before relations outside of brackets, or else before signs.

    Examples
    --------
    >>> places("a = (b + c) + d")
    [1]
    """
    found = _places(text)
    return found.get(0) or found.get(1) or []


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    from rich.cells import cell_len

    return cell_len(text)


# -------------------------------------------------------------------- parsing


@dataclass
class Atom:
    """A piece of a formula, and what it is to its neighbours."""

    text: str
    kind: str = "letter"  # word, function, big, fraction, relation, binary, open, close, comma, space, gap
    rows: list[list[list["Atom"]]] = field(default_factory=list)
    fence: str = ""  # the environment of the rows
    label: str = ""  # what stands below a brace


class _Parser:
    """Reads tokens of LaTeX one by one and makes atoms of them."""

    def __init__(self, latex: str | list[str]) -> None:
        self.tokens = _TOKEN.findall(latex) if isinstance(latex, str) else latex
        self.at = 0
        self.bars = {"|": False, "‖": False}  # whether one is open

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def skip_space(self) -> None:
        while self.peek().isspace():
            self.at += 1

    def atoms(self) -> list[Atom]:
        out: list[Atom] = []
        while self.peek():
            out += self.atom()
        return out

    def atom(self) -> list[Atom]:
        """Read one atom with its scripts; nothing where LaTeX shows nothing."""
        token = self.take()
        if token.isspace():
            return [Atom(" ", "space")]
        if token in "_^":  # a script without a base
            self.at -= 1
            found = Atom("")
        elif token.startswith("\\"):
            found = self.macro(token[1:].rstrip("*") or " ")
        elif token == "{":
            self.at -= 1
            found = Atom(_joined(self.argument()))
        elif token == "}":
            return []
        else:
            found = self.character(token)
        if found is None:
            return []
        self.scripts(found)
        return [found]

    def argument(self) -> list[Atom]:
        """Read the argument of a macro or a script: a group, or one token."""
        self.skip_space()
        if self.peek() != "{":
            token = self.take()
            if token.startswith("\\"):
                found = self.macro(token[1:])
                return [found] if found else []
            return [self.character(token)] if token else []
        return _Parser(self.group()).atoms()

    def group(self) -> list[str]:
        """Read a group and return the tokens within."""
        self.skip_space()
        if self.peek() != "{":
            return [self.take()]
        depth, start = 0, self.at + 1
        while token := self.take():
            depth += (token == "{") - (token == "}")
            if depth == 0:
                return self.tokens[start : self.at - 1]
        return self.tokens[start:]

    def scripts(self, base: Atom) -> None:
        below, above, start = "", "", self.at
        while True:
            start = self.at
            self.skip_space()
            token = self.peek()
            if token in (r"\limits", r"\nolimits"):
                self.take()
            elif token == "'":
                self.take()
                above += "′"
            elif token in ("_", "^"):
                self.take()
                atoms = self.argument()
                if base.kind == "brace" and token == "_":
                    base.label = _joined(atoms)
                elif token == "_":
                    below = _script(atoms, "_", _BELOW)
                else:
                    above += _script(atoms, "^", _ABOVE)
            else:
                self.at = start
                break
        base.text += below + above

    def character(self, token: str) -> Atom:
        text = {"-": "−", "~": " ", "*": "*"}.get(token, token)
        if text in self.bars:
            return self.bar(text)
        kind = "letter"
        if text in _RELATIONS:
            kind = "relation" if text != ":" else "comma"
        elif text in _BINARY:
            kind = "binary"
        elif text in "([":
            kind = "open"
        elif text in ")]":
            kind = "close"
        elif text in ",;":
            kind = "comma"
        elif text in " &":
            text, kind = " ", "space"
        return Atom(text, kind)

    def bar(self, text: str) -> Atom:
        """Of upright bars, the first opens and the next closes."""
        self.bars[text] = not self.bars[text]
        return Atom(text, "open" if self.bars[text] else "close")

    def macro(self, name: str) -> Atom | None:
        if name in _SPACES:
            return Atom(" ", "space")
        if name in ("quad", "qquad", "\\"):
            self.skip_space()
            return Atom(_GAP, "gap")
        if name in _SILENT:
            self.skip_space()
            return None
        if _SIZES.match(name):
            return self.delimiter(name)
        if name in ("frac", "tfrac", "dfrac", "cfrac"):
            return _fraction(self.argument(), self.argument())
        if name == "sqrt":
            return self.root()
        if name in _ACCENTS:
            return Atom(_accented(_joined(self.argument()), _ACCENTS[name]))
        if _FONTS.fullmatch(name):
            text = re.sub(r"\s+", " ", "".join(self.group()))
            if "\\" in text:
                text = _joined(_Parser(text).atoms())
            return Atom(text, "function" if name == "operatorname" else "word" if len(text) > 1 else "letter")
        if name in ("mathbb", "mathcal", "mathscr"):
            table = _BOARD if name == "mathbb" else _SCRIPT
            return Atom("".join(table.get(c, c) for c in self.group()))
        if name in ("underbrace", "overbrace"):
            atoms = self.argument()
            return Atom(_joined(atoms), "brace", rows=[[atoms]])
        if name in ("overset", "stackrel"):
            above, below = self.argument(), self.argument()
            return Atom(_joined(below) + _script(above, "^", _ABOVE), "relation")
        if name == "binom":
            return Atom(f"binom({_joined(self.argument())}, {_joined(self.argument())})", "word")
        if name == "begin":
            return self.environment()
        return self.symbol(name)

    def symbol(self, name: str) -> Atom:
        text = _symbol(name)
        if text == "‖" and name == "|" and self.tokens[self.at - 2 : self.at - 1] != ["\\,"]:
            return self.bar(text)
        if name == "mid" or (text == "‖" and name == "|"):
            return Atom(text, "relation")
        if (name[:1] == "l" and text in "|‖⟨⌊⌈{[") or name == "{":
            self.skip_space()
            return Atom(text, "open")
        if (name[:1] == "r" and text in "|‖⟩⌋⌉}]") or name == "}":
            return Atom(text, "close")
        if text in _BIG:
            return Atom(text, "big")
        if text in _RELATIONS:
            return Atom(text, "relation")
        if text in _BINARY:
            return Atom(text, "binary")
        return Atom(text, "function" if text.isascii() and text.isalpha() else "letter")

    def delimiter(self, size: str) -> Atom | None:
        self.skip_space()
        token = self.take()
        text = _symbol(token[1:]) if token.startswith("\\") else token
        if text == ".":
            return None
        if size.endswith("l") or size == "left" or text in "([{⟨⌊⌈":
            self.skip_space()
            return Atom(text, "open")
        if size.endswith("r") or size == "right" or text in ")]}⟩⌋⌉":
            return Atom(text, "close")
        return self.bar(text) if text in self.bars else Atom(text)

    def root(self) -> Atom:
        index = ""
        if self.peek() == "[":
            self.take()
            while (token := self.take()) not in ("]", ""):
                index += token
        inner = _joined(atoms := self.argument())
        sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(index) or _script([Atom(index)], "^", _ABOVE) + "√"
        return Atom(sign + (inner if _is_single(inner, atoms) else f"({inner})"))

    def environment(self) -> Atom:
        name = "".join(self.group()).rstrip("*")
        if name == "array":
            self.group()
        depth, start = 1, self.at
        while depth and self.peek():
            token = self.take()
            depth += (token == r"\begin") - (token == r"\end")
        inner = self.tokens[start : self.at - (depth == 0)]
        if depth == 0:
            self.group()
        rows = [[_Parser(cell).atoms() for cell in _split(row, "&")] for row in _split(inner, "\\\\")]
        rows = [row for row in rows if any(_joined(cell) for cell in row)]
        texts = [", ".join(_joined(cell) for cell in row) for row in rows]
        if name.endswith("matrix"):
            flat = f"[{', '.join(f'[{text}]' for text in texts)}]"
        else:
            flat = "; ".join(texts)
        return Atom(flat, "box", rows=rows, fence=name)


def _split(tokens: Sequence[str], by: str) -> list[list[str]]:
    """Split tokens where `by` stands outside of groups and environments."""
    out: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token in ("{", r"\begin")) - (token in ("}", r"\end"))
        if token == by and depth == 0:
            out.append([])
        else:
            out[-1].append(token)
    return out


def _rows(latex: str) -> list[str]:
    """Return the formulas that stand one below the other."""
    inner = re.fullmatch(
        r"\s*\\begin\{(align|aligned|gather|gathered|split|multline)\*?\}(.*)\\end\{\1\*?\}(.*)", latex, re.DOTALL
    )
    if inner is None:
        return [latex]
    rows = _split([token for token in _TOKEN.findall(inner[2]) if token != "&"], "\\\\")
    return ["".join(row) for row in rows]


@cache
def _symbol(name: str) -> str:
    from pylatexenc.latex2text import LatexNodes2Text

    if name in _OWN:
        return _OWN[name]
    text = LatexNodes2Text().latex_to_text("\\" + name).strip()
    return text or name  # what nobody knows is called by its name


def _script(atoms: list[Atom], mark: str, table: dict[str, str]) -> str:
    text = _joined(atoms, tight=True)
    words = any(atom.kind in ("word", "function") for atom in atoms)
    if all(c in table for c in text) and not words:
        return "".join(table[c] for c in text)
    simple = text.isalnum() or len(atoms) == 1
    return f"{mark}{text}" if simple and not _SMALL & set(text) else f"{mark}({text})"


def _accented(text: str, accent: str) -> str:
    """Put an accent on a letter; on a word, above its middle."""
    word = re.match(r"[^\W\d_]+", "".join(c for c in text if c not in _SMALL))
    at = (len(word[0]) - 1) // 2 if word else 0
    return unicodedata.normalize("NFC", text[: at + 1] + accent + text[at + 1 :])


def _fraction(above: list[Atom], below: list[Atom]) -> Atom:
    n, d = _joined(above), _joined(below)
    if vulgar := _VULGAR.get(f"{n}/{d}"):
        return Atom(vulgar)
    n = n if not re.search(r"[ /+−]", _folded(n)) else f"({n})"
    return Atom(f"{n}/{d if _is_single(d, below) else f'({d})'}", "fraction")


def _is_single(text: str, atoms: list[Atom]) -> bool:
    """Whether a text reads as one thing after a slash or a root."""
    if re.fullmatch(r"[\d.]+|\d\.?\d*", text):
        return True
    if len(atoms) == 1:
        return atoms[0].kind != "fraction"
    folded = "".join(c for c in _folded(text) if c not in _SMALL and not unicodedata.combining(c))
    folded = re.sub(r"[_^](•|\w+|∞)", "", folded)
    return re.fullmatch(r"•|[∂∇Δ]?[^\W\d]•?", folded) is not None


def _folded(text: str) -> str:
    """Return the text with each pair of brackets, and what is in it, as one character."""
    before = ""
    while text != before:
        before, text = text, re.sub(r"\([^()]*\)|\[[^][]*\]|\{[^{}]*\}|⌊[^⌊⌋]*⌋|‖[^‖]*‖|\|[^|]*\|", "•", text)
    return text


def _joined(atoms: list[Atom], *, tight: bool = False, boxes: "list[Box] | None" = None) -> str:
    """Set atoms in a row: relations and signs between spaces, none within brackets, and otherwise as they were written."""
    out, before = "", ""
    for i, atom in enumerate(atoms):
        text, kind, space = atom.text, atom.kind, out.endswith((" ", _GAP)) or not out
        if kind in ("box", "brace") and boxes is not None:
            boxes.append(_boxed(atom, boxes))
            text, kind = chr(_FIRST_BOX + len(boxes) - 1), "letter"
        elif kind == "brace" and atom.label:
            text = f"{text} (=: {atom.label})"
        if kind == "space":
            if (
                not space
                and before not in ("open", "prefix", "sign")
                and not (tight and before in ("relation", "binary", "comma"))
            ):
                out += " "
            continue
        if kind == "fraction" and before == "function" and _ends(atoms[i + 1 :]):
            text = f"({text})"
        if kind == "gap":
            out, text = out.rstrip(), _GAP
        elif kind == "relation" or (
            kind == "binary" and before not in ("", "open", "relation", "binary", "comma", "function", "gap")
        ):
            out = out.rstrip(" ")
            text = text if tight or before == "open" else f" {text} " if out else f"{text} "
            kind = "relation" if kind == "relation" else "binary"
        elif kind == "binary":  # a sign
            before = "sign"
        elif kind in ("close", "comma"):
            out = out.rstrip(" ") if kind == "close" or before != "space" else out
        elif not space and (
            (before in ("word", "function", "big", "fraction") and kind != "open")
            or (kind in ("word", "function", "big") and before not in ("open", "sign"))
            or (kind == "fraction" and before in ("letter", "close"))
        ):
            out += " "
        if tight and kind in ("relation", "binary"):
            text = text.strip()
        out += text
        if kind == "word" and text.endswith(" "):
            before = "comma"
        elif text in _PREFIXES:
            before = "prefix"
        elif before != "sign" or kind != "binary":
            before = kind
    out = re.sub(r" +([.,;]?)( |$)", r"\1\2", out)
    return out.strip(" " + _GAP)


def _ends(atoms: list[Atom]) -> bool:
    """Whether what a function is applied to ends here."""
    following = next((atom.kind for atom in atoms if atom.kind != "space"), "close")
    return following in ("relation", "binary", "close", "comma", "gap") or atoms[0].text == "."


# ------------------------------------------------------------- several lines


class Box(NamedTuple):
    """Lines of one width, and which of them stands on the line of the formula."""

    lines: list[str]
    base: int


def _boxed(atom: Atom, boxes: list[Box]) -> Box:
    if atom.kind == "brace":
        inner = _box(_joined(atom.rows[0][0], boxes=boxes), boxes)
        width = max(cells(inner.lines[0]), cells(atom.label) + 4)
        label = f" {atom.label} " if atom.label else ""
        left = (width - 2 - cells(label)) // 2
        brace = "╰" + "─" * left + label + "─" * (width - 2 - left - cells(label)) + "╯"
        return Box([_padded(line, width) for line in inner.lines] + [brace], inner.base)
    texts = [[_joined(cell).replace(_GAP, "  ") for cell in row] for row in atom.rows]
    if not texts:
        return Box([""], 0)
    columns = max(map(len, texts))
    widths = [max(cells(row[j]) if j < len(row) else 0 for row in texts) for j in range(columns)]
    numbers = atom.fence.endswith("matrix")
    lines = []
    for row in texts:
        padded = [_padded(row[j] if j < len(row) else "", w, right=numbers) for j, w in enumerate(widths)]
        lines.append(("  " if numbers else "   ").join(padded))
    if atom.fence == "cases":
        if len(lines) % 2 == 0:
            lines.insert(len(lines) // 2, " " * cells(lines[0]))
        middle = len(lines) // 2
        marks = ["⎧", *["⎪"] * (len(lines) - 2), "⎩"] if len(lines) > 1 else ["{"]
        if len(lines) > 1:
            marks[middle] = "⎨"
        return Box([f"{mark} {line}" for mark, line in zip(marks, lines)], middle)
    fence = _FENCES.get(atom.fence)
    if fence and len(lines) == 1:
        lines = [f"{fence[6]} {lines[0]} {fence[7]}"]
    elif fence:
        last = len(lines) - 1
        kinds = [0 if i == 0 else 2 if i == last else 1 for i in range(len(lines))]
        lines = [f"{fence[k]} {line} {fence[k + 3]}" for k, line in zip(kinds, lines)]
    return Box(lines, (len(lines) - 1) // 2)


def _padded(text: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - cells(text))
    return space + text if right else text + space


def _box(text: str, boxes: list[Box]) -> Box:
    """Put the boxes that a text names into it."""
    pieces = [
        boxes[ord(c[0]) - _FIRST_BOX] if c and _FIRST_BOX <= ord(c[0]) < _FIRST_BOX + len(boxes) else Box([c], 0)
        for c in re.split(f"([{chr(_FIRST_BOX)}-{chr(_FIRST_BOX + 255)}])", text)
    ]
    base = max(piece.base for piece in pieces)
    height = base + max(len(piece.lines) - piece.base for piece in pieces)
    lines = [""] * height
    for piece in pieces:
        width = max(map(cells, piece.lines))
        for i in range(height):
            k = i - base + piece.base
            lines[i] += _padded(piece.lines[k] if 0 <= k < len(piece.lines) else "", width)
    return Box(lines, base)


def _width(text: str, boxes: list[Box]) -> int:
    return max(map(cells, _box(text, boxes).lines))


def _wrapped(text: str, room: int, boxes: list[Box], deeper: int = 0) -> list[tuple[int, str]]:
    """Break a formula where it hurts least: before relations, then before signs, outside of brackets first."""
    if _width(text, boxes) <= room - deeper:
        return [(deeper, text)]
    places = _places(text, _SHORT)
    for rank in sorted(places):
        pieces = [text[a:b] for a, b in zip([0, *places[rank]], [*places[rank], len(text)])]
        rows: list[str] = []
        for piece in pieces:
            if rows and _width(rows[-1] + piece, boxes) <= room - deeper - (4 if len(rows) > 1 else 0):
                rows[-1] += piece
            else:
                rows.append(piece.strip())
        if len(rows) > 1:
            first, *others = rows
            out = _wrapped(first, room, boxes, deeper)
            for other in others:
                out += _wrapped(other, room, boxes, deeper + 4 if deeper == 0 else deeper)
            return out
    return [(deeper, text)]


def _places(text: str, start: int = 0) -> dict[int, list[int]]:
    """Return the spaces where a formula may be broken, by how much it hurts."""
    places: dict[int, list[int]] = {}
    depth, bars = 0, set[str]()
    for i, c in enumerate(text):
        depth += (c in "([{⌊⟨") - (c in ")]}⌋⟩")
        if c in "|‖" and text[i - 1 : i + 2] != f" {c} ":
            bars ^= {c}
        if c == " " and i > start and (follows := text[i + 1]) not in "([{⎧":
            rank = 3 * (depth + len(bars)) + (0 if follows in _RELATIONS else 1 if follows in _BINARY else 2)
            places.setdefault(rank, []).append(i)
    return places
