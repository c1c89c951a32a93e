"""Whether all is well: Python, the packages, the workspace, and the terminal; where not, the command that mends it."""

import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

import mlpath
from mlpath.workbench.curriculum import Exercise, exercises
from mlpath.workbench.progress import FORMAT, Progress
from mlpath.workbench.stubs import is_untouched
from mlpath.workbench.workspace import Workspace, WorkspaceError, find_workspace, installed

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {"fine": "green", "to do": "bold red", "note": "bold"}
PLUGIN = "-p mlpath.workbench.plugin"
COMPLETION = {
    "bash": ".bash_completions/mlpath.sh",
    "zsh": ".zfunc/_mlpath",
    "fish": ".config/fish/completions/mlpath.fish",
}


@dataclass(frozen=True)
class Finding:
    """One line of the examination."""

    level: Literal["fine", "to do", "note"]
    """A note is something that one may want to know or do; only what is to do is wrong."""
    about: str
    says: str
    command: str = ""


def examine(console: "Console") -> bool:
    """Print what is fine and what is to do, a line each, and return whether all is fine."""
    from rich.table import Table
    from rich.text import Text

    found = list(findings(console))
    table = Table.grid(padding=(0, 2))
    for finding in found:
        fits = not console.is_terminal or len(finding.says + finding.command) + 24 < console.width
        command = [":  " if fits else ":\n", (finding.command, "bold")] if finding.command else []
        row = (Text(finding.level, STYLES[finding.level]), Text(finding.about), Text.assemble(finding.says, *command))
        if console.is_terminal:
            table.add_row(*row)
        else:  # where lines may be as long as they are
            console.print(
                f"{row[0].plain:<5}  {row[1].plain:<10}  {row[2].plain}", markup=False, highlight=False, soft_wrap=True
            )
    if console.is_terminal:
        console.print(table)
    return all(finding.level != "to do" for finding in found)


def findings(console: "Console") -> Iterator[Finding]:
    """Yield everything that is looked at."""
    workspace, problem = None, ""
    try:
        workspace = find_workspace()
    except WorkspaceError as error:
        problem = str(error)
    yield python(sys.version_info[:3], metadata.metadata("mlpath")["Requires-Python"] or "")
    yield from packages(requirements(workspace))
    yield torch()
    yield from installation(workspace)
    if workspace is None:
        yield Finding("to do", "workspace", problem)
    else:
        yield Finding("fine", "workspace", f"{workspace.root}{', a clone' if workspace.is_clone else ''}")
        yield from plugin(workspace)
        yield from shared_tests(workspace)
        yield from files(workspace)
        yield progress(workspace)
        yield writing(workspace)
    yield Finding("fine", "threads", f"{os.cpu_count()} cores; each test uses one thread")
    yield terminal(console)
    yield completion(os.environ, Path.home())


# --------------------------------------------------------- Python and packages


def python(version: tuple[int, ...], needed: str) -> Finding:
    """Look at the version of Python.

    Examples
    --------
    >>> python((3, 9, 1), ">=3.11").level
    'to do'
    """
    from packaging.specifiers import SpecifierSet

    text = ".".join(map(str, version))
    if text in SpecifierSet(needed):
        return Finding("fine", "Python", f"{text} ({sys.executable})")
    return Finding("to do", "Python", f"this is {text}, and mlpath needs {needed}: install it, and mlpath into it")


def requirements(workspace: Workspace | None) -> list[str]:
    """Return what mlpath needs, with versions: as a clone says, or the installed package."""
    if workspace is not None and workspace.is_clone:
        return tomllib.loads((workspace.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return [need for need in metadata.requires("mlpath") or [] if "extra ==" not in need]


def packages(needed: list[str]) -> Iterator[Finding]:
    """Compare the installed packages with what is needed; those that fit share a line."""
    from packaging.requirements import Requirement

    fine = []
    for requirement in map(Requirement, needed):
        found, wanted = _version(requirement.name), str(requirement).replace(" ", "")
        if found is None:
            yield Finding("to do", "packages", f"{requirement.name} is missing", f'pip install "{wanted}"')
        elif not requirement.specifier.contains(found, prereleases=True):
            says = f"{requirement.name} {found} is installed, and {requirement.specifier} is needed"
            yield Finding("to do", "packages", says, f'pip install --upgrade "{wanted}"')
        else:
            fine.append(f"{requirement.name} {found}")
    if fine:
        yield Finding("fine", "packages", ", ".join(fine))


def torch() -> Finding:
    """Say whether PyTorch is there, and what can't be done without."""
    if version := _version("torch"):
        return Finding("fine", "PyTorch", version)
    references = (exercise.reference.read_text(encoding="utf-8") for exercise in exercises().values())
    ruled_out = sum("\nimport torch" in text or "\nfrom torch" in text for text in references)
    says = f"not installed; {ruled_out} of {len(exercises())} exercises need it (the README says how to get it)"
    return Finding("note", "PyTorch", says, "pip install torch")


def installation(workspace: Workspace | None) -> Iterator[Finding]:
    """Look whether there is one mlpath, and whether the shell finds that one and its pytest."""
    here = Path(mlpath.__file__).parent
    # An editable installation and a clone on the path tell of one and the same package.
    copies = {Path(folder, "mlpath").resolve() for folder in sys.path if Path(folder, "mlpath/workbench").is_dir()}
    named = {str(distribution.locate_file("")) for distribution in metadata.distributions(name="mlpath")}
    if others := sorted(str(copy) for copy in copies - {here.resolve()}):
        yield Finding("to do", "mlpath", f"there is another one in {others[0]}; keep one", "pip uninstall mlpath")
    elif len(named) > 1:
        yield Finding("to do", "mlpath", f"it is installed {len(named)} times; keep one", "pip uninstall mlpath")
    elif workspace is not None and workspace.is_clone and not here.is_relative_to(workspace.root):
        says = f"it is imported from {here}, not from this clone"
        yield Finding("to do", "mlpath", says, f"pip install -e {workspace.root}")
    else:
        yield Finding("fine", "mlpath", f"{mlpath.__version__}, from {here}")
    for name in ("mlpath", "pytest"):
        found = shutil.which(name)
        if found is None or Path(found).parent.resolve() != Path(sys.executable).parent.resolve():
            where = f"the shell finds {found}" if found else "the shell finds none"
            says = f"{where}, not that of {sys.executable}: activate its environment"
            yield Finding("note", name, says)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


# --------------------------------------------------------------- the workspace


def plugin(workspace: Workspace) -> Iterator[Finding]:
    """Look whether pytest would load the plugin here."""
    for name in ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"):
        if (workspace.root / name).exists():
            yield Finding("to do", "pytest", f"{name} hides the settings of pyproject.toml: remove it")
            return
    try:
        settings: Any = tomllib.loads((workspace.root / "pyproject.toml").read_text(encoding="utf-8"))
        options = settings["tool"]["pytest"]["ini_options"]["addopts"]
    except (OSError, ValueError, KeyError, TypeError):
        options = ""
    if PLUGIN in (options if isinstance(options, str) else " ".join(options)):
        yield Finding("fine", "pytest", f"pyproject.toml loads the plugin ({PLUGIN})")
    else:
        says = f"pyproject.toml does not load the plugin: its addopts should have {PLUGIN}"
        yield Finding("to do", "pytest", says)


def shared_tests(workspace: Workspace) -> Iterator[Finding]:
    """Look whether the shared tests are there, and are those of the installed version."""
    every = [exercise.tests for exercise in exercises().values()]
    missing = [path for path in every if not (workspace.root / path).is_file()]
    changed = [path for path in every if path not in missing and _differs(workspace.root / path, installed(path))]
    mend = f"git checkout -- {' '.join(missing[:3])}" if workspace.is_clone else _renewal(workspace)
    if missing:
        yield Finding("to do", "tests", f"{_some(missing)} missing", mend)
    if changed:
        yield Finding("to do", "tests", f"{_some(changed)} not as in mlpath {mlpath.__version__}", mend)
    if not missing and not changed:
        yield Finding("fine", "tests", f"those of mlpath {mlpath.__version__}, all {len(every)} files")


def files(workspace: Workspace) -> Iterator[Finding]:
    """Look at the exercise files: whether they are there, up to date if nothing is written in them, and known."""
    every = exercises().values()
    missing = [exercise for exercise in every if not workspace.file(exercise).is_file()]
    old = [exercise.file for exercise in every if exercise not in missing and _is_old(workspace, exercise)]
    paths = {path.relative_to(workspace.root).as_posix() for path in (workspace.root / "exercises").rglob("*.py")}
    new = sorted(path for path in paths if path.endswith(".new.py"))
    unknown = sorted(paths - set(new) - {exercise.file for exercise in every})
    mend = "mlpath dev stubs" if workspace.is_clone else _renewal(workspace)
    if missing:
        one = f"mlpath reset {missing[0].id}"
        yield Finding(
            "to do", "exercises", f"{_some([e.file for e in missing])} missing", one if len(missing) == 1 else mend
        )
    if old:
        yield Finding("to do", "exercises", f"{_some(old)} made by another version", mend)
    if new:
        yield Finding("note", "exercises", f"{_some(new)} there: take over what you like, and delete it")
    if unknown:
        yield Finding("note", "exercises", f"{_some(unknown)} of no exercise")
    if not missing and not old:
        yield Finding("fine", "exercises", f"all {len(every)} files are there, and up to date")


def progress(workspace: Workspace) -> Finding:
    """Look whether the progress can be read."""
    file = workspace.state / "progress.json"
    try:
        kept = msgspec.json.decode(file.read_bytes(), type=Progress)
    except FileNotFoundError:
        return Finding("fine", "progress", "none so far")
    except OSError as error:
        return Finding("to do", "progress", f"{file} can't be read: {error.strerror}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Finding(
            "to do", "progress", f"{file} is broken ({error}); to put it aside and begin a new one", "mlpath"
        )
    if kept.format > FORMAT:
        return Finding("to do", "progress", f"{file} is of a newer mlpath", "pip install --upgrade mlpath")
    return Finding("fine", "progress", f"{len(kept.passed)} passed, in {file.relative_to(workspace.root)}")


def writing(workspace: Workspace) -> Finding:
    """Look whether files can be written where mlpath and the learner write them."""
    for folder in (workspace.root, workspace.root / "exercises", workspace.state):
        if folder.is_dir():
            try:
                with tempfile.TemporaryFile(dir=folder):
                    pass
            except OSError as error:
                return Finding("to do", "writing", f"no file can be written in {folder}: {error.strerror}")
    return Finding("fine", "writing", "allowed")


def _renewal(workspace: Workspace) -> str:
    return f"mlpath init {'.' if Path.cwd().resolve() == workspace.root else workspace.root}"


def _differs(file: Path, original: Path) -> bool:
    """Whether a file is another one than the original, be it for more than the ends of lines."""
    if not original.is_file() or file.resolve() == original.resolve():
        return False
    return file.read_bytes().replace(b"\r\n", b"\n") != original.read_bytes().replace(b"\r\n", b"\n")


def _is_old(workspace: Workspace, exercise: Exercise) -> bool:
    """Whether a file in which nothing is written is another one than would be laid out now."""
    text = workspace.file(exercise).read_text(encoding="utf-8", errors="replace")
    return is_untouched(text) and text != exercise.stub


def _some(paths: list[str]) -> str:
    more = f" and {len(paths) - 2} more" if len(paths) > 2 else ""
    return f"{', '.join(paths[:2])}{more} {'is' if len(paths) == 1 else 'are'}"


# ---------------------------------------------------------------- the terminal


def terminal(console: "Console") -> Finding:
    """Look how wide the terminal is, and what it can show."""
    if not console.is_terminal:
        return Finding("fine", "terminal", "none: plain text")
    colours = f"colours ({console.color_system})" if console.color_system and not console.no_color else "no colours"
    if not console.encoding.lower().startswith("utf"):
        says = f"it shows {console.encoding} only, so that mathematics may look odd; set the variable PYTHONUTF8 to 1"
        return Finding("note", "terminal", says)
    says = f"{console.width} columns, {colours}, {console.encoding}"
    if console.width < 80:
        return Finding("note", "terminal", f"{says}; 80 columns or more are better")
    return Finding("fine", "terminal", says)


def completion(environment: Mapping[str, str], home: Path) -> Finding:
    """Look whether the shell completes commands and IDs."""
    shell = Path(environment.get("SHELL", "")).name
    if shell in COMPLETION and (home / COMPLETION[shell]).exists():
        return Finding("fine", "completion", f"{shell} completes commands and IDs")
    return Finding("note", "completion", "to have the shell complete commands and IDs", "mlpath --install-completion")
