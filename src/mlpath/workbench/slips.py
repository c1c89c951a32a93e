"""Slips: larger changes of a reference than mutants, such as learners make who misremember a formula.

They are not counted, as many are right solutions too; they are there to be recognised. Each comes with a sentence.
"""

import ast
import copy
from collections.abc import Iterator

from mlpath.workbench.mutants import Change, Mutant, changes, replaced, sample, text_of
from mlpath.workbench.stubs import Function, functions, learner_lines

AT_MOST = 250
OWN = "_own_"  # before the name of a copy of a helper
HELPER_LINES = 12
MODULES = {"np", "torch", "math", "F", "nn"}
ENTRYWISE = {"softmax", "log_softmax", "log", "exp", "sqrt", "square", "sum", "mean", "tanh", "cos", "sin", "abs"}

Slip = tuple[ast.AST, str, str]


def slips(source: str, *, at_most: int | None = AT_MOST) -> list[Mutant]:
    """Return the slips of a reference in the order of its lines; of very many, a sample that is always the same."""
    tree, lines = ast.parse(source), learner_lines(source)
    found = [
        (source, name, *slip)
        for name, function in functions(tree)
        for slip in _slips(function, lines, _attributes(tree, name))
    ]
    return sample([*found, *_in_copies(source, tree, lines)], at_most)


def _slips(function: Function, lines: set[int], attributes: dict[str, set[str]]) -> Iterator[Slip]:
    """Yield a node, what is written in its place, and a clause that follows 'as if'."""
    for node in (node for statement in function.body for node in ast.walk(statement)):
        if getattr(node, "lineno", 0) in lines:
            yield from _expressions(node)
    for body in _bodies(function):
        for statement, following in zip(body, [*body[1:], None]):
            if statement.lineno in lines:
                yield from _statements(statement, following)
    for statement in _simple(function):
        if statement.lineno in lines:
            yield from _other_attributes(statement, attributes)


# --------------------------------------------------------------- expressions


def _expressions(node: ast.AST) -> Iterator[Slip]:
    match node:
        case ast.BinOp():
            yield from _arithmetic(node)
        case ast.Compare(ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=None)]):
            text = text_of(node.left)
            yield node, f"(not {text})" if isinstance(op, ast.Is) else text, "0, False or nothing were taken for None"
        case ast.List() | ast.Tuple() if isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
            for i in range(len(node.elts) - 1):
                elements = [*node.elts]
                elements[i : i + 2] = reversed(elements[i : i + 2])
                yield node, text_of(type(node)(elements, ast.Load())), "two neighbours in a list had changed places"
        case ast.Subscript(value=ast.Attribute(attr="T" | "mT" as name, value=inner), slice=ast.Slice()):
            moved = ast.Attribute(ast.Subscript(inner, node.slice, ast.Load()), name, ast.Load())
            yield node, text_of(moved), "an array were cut or reversed before it is transposed, not after"
        case ast.Subscript(value=ast.Name(), slice=ast.Slice(), ctx=ast.Load()):
            yield node, f"{text_of(node.value)}.T[{ast.unparse(node.slice)}]", "there were a transpose too many"
        case ast.IfExp():
            yield node, text_of(node.body), "a special case were left out"
            yield node, text_of(node.orelse), "a special case were left out"
        case ast.Call():
            yield from _calls(node)


def _arithmetic(node: ast.BinOp) -> Iterator[Slip]:
    left, right = ast.unparse(node.left), ast.unparse(node.right)
    sign = ast.unparse(ast.BinOp(ast.Name("a"), node.op, ast.Name("b")))[1:-1].strip()
    yield node, f"({left} {sign} {right})", "brackets were missing"
    if isinstance(node.left, ast.BinOp) and isinstance(node.right, ast.BinOp):
        yield node, f"(({left}) {sign} {right})", "brackets were missing"
        yield node, f"({left} {sign} ({right}))", "brackets were missing"
    match node:
        case ast.BinOp(ast.BinOp(factor, ast.Mult(), a), ast.Mult(), b) if ast.dump(a) == ast.dump(b):
            yield node, f"({ast.unparse(ast.BinOp(factor, ast.Mult(), a))})**2", "a factor were squared too"
        case ast.BinOp(factor, ast.Mult() | ast.Div(), ast.BinOp(base, ast.Pow(), power)):
            inside = ast.BinOp(ast.BinOp(factor, node.op, base), ast.Pow(), power)
            yield node, text_of(inside), "a factor stood under a power that does not belong there"
    if isinstance(node.op, ast.MatMult | ast.Mult) and ast.dump(node.left) == ast.dump(node.right):
        yield node, f"({ast.unparse(node)})**0.5", "a length stood where its square belongs"
    if isinstance(node.op, ast.Div):
        yield node, f"({_bracketed(left)} / {_bracketed(right)}**0.5)", "something were divided by a root too many"
        yield node, f"({_bracketed(left)} / {_bracketed(right)}**2)", "something were divided by a square"
    if isinstance(node.op, ast.Add | ast.Sub):
        for factor, says in (("0.5 * ", "half"), ("2 * ", "twice")):
            yield node, f"({factor}{_bracketed(left)} {sign} {_bracketed(right)})", f"a term were {says} as large"
            yield node, f"({_bracketed(left)} {sign} {factor}{_bracketed(right)})", f"a term were {says} as large"


def _bracketed(text: str) -> str:
    return text if text.isidentifier() else f"({text})"


def _calls(node: ast.Call) -> Iterator[Slip]:
    """f(g(x)) for g(f(x)), f(x) / c for f(x / c), and the reverse."""
    name, inner = _call(node)
    if not name or inner is None:
        return
    if isinstance(inner, ast.Call):
        other, innermost = _call(inner)
        if innermost is not None and {name, other} <= ENTRYWISE:
            yield node, _around(inner, _around(node, text_of(innermost))), f"`{name}` and `{other}` had changed places"
    if name in ENTRYWISE and isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Mult | ast.Div):
        for kept, factor in ((inner.left, inner.right), (inner.right, inner.left)):
            if isinstance(inner.op, ast.Mult) or kept is inner.left:
                sign = "*" if isinstance(inner.op, ast.Mult) else "/"
                outside = f"({_around(node, text_of(kept))} {sign} {text_of(factor)})"
                yield node, outside, f"a factor stood outside of `{name}` that belongs inside"


def _call(node: ast.Call) -> tuple[str, ast.expr | None]:
    """The name of a function or method of one array, and that array."""
    match node:
        case ast.Call(ast.Attribute(ast.Name("np" | "torch" | "math"), name) | ast.Name(name), [only]):
            return name, only
        case ast.Call(ast.Attribute(value, name), []) if not isinstance(value, ast.Name) or name in ENTRYWISE:
            return name, value
    return "", None


def _around(node: ast.Call, text: str) -> str:
    """The call of a node, with another array."""
    call = copy.copy(node)
    array = ast.parse(text, mode="eval").body
    if node.args:
        call.args = [array]
    else:
        assert isinstance(node.func, ast.Attribute)
        call.func = ast.Attribute(array, node.func.attr, ast.Load())
    return text_of(call)


# ---------------------------------------------------------------- statements


def _bodies(function: Function) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(function):
        for name in ("body", "orelse"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                yield body


def _simple(function: Function) -> list[ast.stmt]:
    """The statements that hold no others, in their order."""
    found = [n for n in ast.walk(function) if isinstance(n, ast.Assign | ast.AugAssign | ast.Return | ast.Expr)]
    return sorted(found, key=lambda statement: statement.lineno)


def _statements(statement: ast.stmt, following: ast.stmt | None) -> Iterator[Slip]:
    if isinstance(statement, ast.If) and not statement.orelse:
        yield statement, "pass", "a special case were left out"
        if len(statement.body) == 1:
            yield statement, text_of(statement.body[0]), "a condition were not asked"
    roots = [n for n in ast.walk(statement) if isinstance(n, ast.Call) and _call(n)[0] == "sqrt"]
    if len(roots) > 1 and not isinstance(statement, ast.If | ast.For | ast.While | ast.With):
        yield statement, text_of(_WithoutRoots().visit(copy.deepcopy(statement))), "the roots were missing"
    match statement, following:
        case (ast.Assign() | ast.AugAssign(), ast.Assign() | ast.AugAssign()) if _names(following) & _stored(statement):
            pair = ast.Module([following, statement], [])
            both = ast.copy_location(ast.Pass(), statement)
            both.end_lineno, both.end_col_offset = following.end_lineno, following.end_col_offset
            yield both, ast.unparse(pair), "two steps had changed places"


class _WithoutRoots(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name, inner = _call(node)
        return inner if name == "sqrt" and inner is not None else node


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _stored(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _attributes(tree: ast.Module, function: str) -> dict[str, set[str]]:
    """The attributes of each variable, but for its methods; those of `self`, in the class of the function."""
    methods = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    found: dict[str, set[str]] = {}
    for top in tree.body:
        for node in ast.walk(top):
            match node:
                case ast.Attribute(ast.Name(variable), name) if id(node) not in methods:
                    if variable != "self" or getattr(top, "name", "") == function.partition(".")[0]:
                        found.setdefault(variable, set()).add(name)
    return {variable: found[variable] for variable in found.keys() - MODULES}


def _other_attributes(statement: ast.stmt, attributes: dict[str, set[str]]) -> Iterator[Slip]:
    """The statement with one attribute of a variable in place of another, wherever it is read."""
    read = {
        (n.value.id, n.attr)
        for n in ast.walk(statement)
        if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load) and isinstance(n.value, ast.Name)
    }
    for variable, name in sorted(read):
        siblings = attributes.get(variable, set())
        for other in sorted(siblings - {name}) if name in siblings else ():
            changed = _OtherAttribute(variable, name, other).visit(copy.deepcopy(statement))
            yield statement, text_of(changed), f"`{other}` stood where `{name}` belongs"


class _OtherAttribute(ast.NodeTransformer):
    def __init__(self, variable: str, old: str, new: str) -> None:
        self.variable, self.old, self.new = variable, old, new

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        match node:
            case ast.Attribute(ast.Name(self.variable), self.old, ast.Load()):
                return ast.Attribute(node.value, self.new, node.ctx)
        return self.generic_visit(node)


# ------------------------------------------------------------------- helpers


def _in_copies(source: str, tree: ast.Module, lines: set[int]) -> Iterator[tuple[str, *Change]]:
    """Changes of a short helper that only one of its callers sees: whoever writes it out there may make them."""
    helpers = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name, function in functions(tree):
        for called in sorted(_names(function) & helpers.keys() - {function.name}):
            helper = helpers[called]
            if len({line for n in ast.walk(helper) if (line := getattr(n, "lineno", 0)) in lines}) in range(
                1, HELPER_LINES
            ):
                yield from _in_copy(source, name, function, helper)


def _in_copy(source: str, name: str, function: Function, helper: ast.FunctionDef) -> Iterator[tuple[str, *Change]]:
    copied = copy.deepcopy(helper)
    copied.name = OWN + helper.name
    call = next(n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == helper.name)
    with_copy = replaced(f"{source}\n\n{ast.unparse(copied)}\n", name, call, copied.name, "")
    if with_copy is None:
        return
    tree = ast.parse(with_copy.source)
    own = {getattr(n, "lineno", 0) for n in ast.walk(tree.body[-1])}
    for part, node, replacement, says in changes(tree, own):
        if part == copied.name:
            yield with_copy.source, name, node, replacement, says
