"""The figure of an exercise, drawn in a child process: by the reference, or by the learner's code beside it."""

import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mlpath.workbench.curriculum import Exercise, find
from mlpath.workbench.workspace import Workspace, WorkspaceError, installed

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console

FORMATS = (".pdf", ".png", ".svg")
DPI = 100
TITLE, GAP = 40, 60  # pixels
WIDE = 2.0  # figures wider than that, by their height, are put one above the other


class Job(msgspec.Struct):
    """What a child is to draw. With `learner`, their file is the module under test; `beside` is a picture drawn before."""

    exercise: str
    gallery: str
    out: str
    learner: str = ""
    beside: str = ""


def gallery_of(exercise: Exercise, workspace: Workspace | None = None) -> Path | None:
    """Return the file that draws the figure of an exercise, in a clone or in the installed package, if there is one."""
    path = f"gallery/{exercise.id}.py"
    places = [installed(path)]
    if workspace is not None and workspace.is_clone:
        places.insert(0, workspace.root / path)
    return next((place for place in places if place.is_file()), None)


def draw(workspace: Workspace, exercise: Exercise, console: "Console", *, mine: bool, out: Path | None) -> None:
    """Draw the figure into a file and print its path; with `mine`, that of the learner's code beside the reference's."""
    from rich.text import Text

    gallery = gallery_of(exercise, workspace)
    if gallery is None:
        raise WorkspaceError(f"{exercise.id} has no figure")
    learner = workspace.file(exercise)
    if mine and not learner.is_file():
        raise WorkspaceError(f"{exercise.file} is missing: `mlpath reset {exercise.id}` lays it out again")
    out = _where(workspace, exercise, mine, out)
    with tempfile.TemporaryDirectory(prefix="mlpath-") as folder:
        job = Job(exercise.id, str(gallery), str(Path(folder, "new" + out.suffix)))
        if mine:
            job.beside = str(Path(folder, "mine.png"))
            with console.status(f"Your code draws the figure of {exercise.id}"):
                problem = _run(Job(exercise.id, job.gallery, job.beside, str(learner)), Path(folder))
            if problem:
                raise WorkspaceError(f"Your code did not come to the end of the figure.\n{problem}")
        with console.status(f"Drawing the figure of {exercise.id}"):
            problem = _run(job, Path(folder))
        if problem:
            raise WorkspaceError(f"The figure of {exercise.id} could not be drawn.\n{problem}")
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_bytes(Path(job.out).read_bytes())
        except OSError as error:
            raise WorkspaceError(f"{out} can't be written: {error.strerror or error}") from None
    console.print(Text(_near(out)), soft_wrap=True)


def _where(workspace: Workspace, exercise: Exercise, mine: bool, out: Path | None) -> Path:
    name = exercise.id + ("_mine" if mine else "") + ".png"
    if out is None:
        return workspace.root / "figures" / name
    if out.is_dir() or not out.suffix:
        return out / Path(name).name
    if out.suffix.lower() not in FORMATS:
        raise WorkspaceError(f"{out.name} is no picture that can be drawn: its name may end in {', '.join(FORMATS)}")
    return out


def _near(path: Path) -> str:
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive, on Windows
        return str(path)
    return str(path.resolve()) if relative.startswith("..") else relative


def _run(job: Job, folder: Path) -> str:
    """Have a child do the job; return what went wrong, in words."""
    said = folder / "said.txt"
    said.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-c",
        f"from {__name__} import main; main()",
        msgspec.json.encode(job).decode(),
        str(said),
    ]
    child = subprocess.run(
        command, env=os.environ | {"MPLBACKEND": "Agg"}, stdin=subprocess.DEVNULL, capture_output=True
    )
    if said.exists():
        return said.read_text(encoding="utf-8")
    who = "your code" if job.learner else "its process"
    if child.returncode < 0:
        return f"{who} crashed Python (signal {-child.returncode})"
    return f"{who} ended Python with exit status {child.returncode}: is there an `exit` in it?"


# ------------------------------------------------------------------- the child


def main() -> None:
    """Do the job that is named on the command line, and write what went wrong, or nothing, into the file after it."""
    job, said = msgspec.json.decode(sys.argv[1], type=Job), Path(sys.argv[2])
    said.write_text(_do(job), encoding="utf-8")


def _do(job: Job) -> str:
    from mlpath.workbench.swap import load_learner, preload, swapped

    exercise, gallery = find(job.exercise), Path(job.gallery)
    preload(gallery, exercise.reference, learner=Path(job.learner) if job.learner else None, but=exercise.module)
    try:
        if job.learner:
            learner = load_learner(exercise.module, Path(job.learner))
            with swapped(exercise.module, learner):
                figure = _figure(gallery)
                figure.savefig(job.out, dpi=DPI)
            return ""
        figure = _figure(gallery)
        if job.beside:
            figure.savefig(Path(job.beside).with_name("reference.png"), dpi=DPI)
            figure = _together({"yours": job.beside, "reference": str(Path(job.beside).with_name("reference.png"))})
        figure.savefig(job.out, dpi=DPI)
    except Exception as error:
        return _in_words(error, gallery, Path(job.learner or exercise.reference))
    return ""


def _figure(gallery: Path) -> "Figure":
    import importlib.util

    spec = importlib.util.spec_from_file_location("mlpath_gallery", gallery)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.figure()


def _together(pictures: dict[str, str]) -> "Figure":
    """Put pictures of one size into one figure, at their full size, each with its title."""
    import matplotlib.pyplot as plt

    images = {title: plt.imread(file) for title, file in pictures.items()}
    height, width = (max(image.shape[axis] for image in images.values()) for axis in (0, 1))
    stacked = width > WIDE * height
    rows, columns = (len(images), 1) if stacked else (1, len(images))
    cell_height, cell_width = height + TITLE, width + (0 if stacked else GAP)
    figure = plt.figure(figsize=(columns * cell_width / DPI, rows * cell_height / DPI))
    for i, (name, image) in enumerate(images.items()):
        row, column = (i, 0) if stacked else (0, i)
        place = (column / columns, 1 - (row + 1) / rows, width / cell_width / columns, height / cell_height / rows)
        axes = figure.add_axes(place)
        axes.imshow(image)
        axes.axis("off")
        axes.set_title(name, fontsize=18, fontweight="bold")
    return figure


def _in_words(error: Exception, gallery: Path, file: Path) -> str:
    """Say what was raised and where in the learner's file; if nowhere there, which line of the figure asked."""
    from mlpath.workbench.failures import explain

    *_, (last, _) = traceback.walk_tb(error.__traceback__)
    if isinstance(error, NotImplementedError) and Path(last.f_code.co_filename) == file:
        return f"not written yet: {last.f_code.co_qualname}"
    text = explain(error, file)
    asked = [place for place in traceback.extract_tb(error.__traceback__) if Path(place.filename) == gallery]
    if asked:
        text += f"\n  {asked[-1].filename}:{asked[-1].lineno}, in the figure\n    {asked[-1].line}"
    return text
