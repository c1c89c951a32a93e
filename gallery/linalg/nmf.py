"""Topics of a manual, strokes of digits, and how the divergence falls."""

import importlib
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from scipy.sparse import csr_array
from sklearn.datasets import load_digits
from sklearn.feature_extraction.text import TfidfVectorizer

from mlpath.linalg.nmf import factorize, nndsvd

MODULES = ("linalg", "signal", "ndimage", "stats", "optimize", "special")


def scipy_documents() -> tuple[list[str], list[str]]:
    """The docstrings of functions of SciPy, one a document, and the module of each."""
    documents: list[str] = []
    labels: list[str] = []
    for name in MODULES:
        module = importlib.import_module(f"scipy.{name}")
        functions = [getattr(module, function) for function in sorted(module.__all__)]
        found = [
            str(f.__doc__) for f in functions if callable(f) and not isinstance(f, type) and len(f.__doc__ or "") > 600
        ]
        documents += found
        labels += [name] * len(found)
    return documents, labels


def figure(steps: int = 100) -> Figure:
    """Left the topics of SciPy's docstrings against their modules; right the parts of digits beside patterns that cancel."""
    documents, labels = scipy_documents()
    words = TfidfVectorizer(
        token_pattern=r"\b[a-z]{4,}\b", stop_words="english", min_df=8, max_df=0.4, sublinear_tf=True
    )
    a = csr_array(words.fit_transform(documents))
    names = words.get_feature_names_out()
    topics = factorize(a, *nndsvd(a, len(MODULES), fill=0.1), max_iter=steps)
    amounts = topics.w * topics.h.sum(axis=1)
    best, modules = amounts.argmax(axis=1), np.array(labels)
    counts = np.array([[np.sum((best == k) & (modules == name)) for name in MODULES] for k in range(len(MODULES))])
    purity = counts.max(axis=1).sum() / counts.sum()

    digits = load_digits(return_X_y=True)[0] / 16
    runs = {
        loss: factorize(digits, *nndsvd(digits, 16, fill=0.1), loss=loss, max_iter=steps, tol=0)
        for loss in ("frobenius", "kl")
    }
    patterns = np.linalg.svd(digits, full_matrices=False)[2][:16]

    fig = plt.figure(figsize=(14, 7.5), layout="constrained")
    halves: Any = fig.subfigures(1, 2, width_ratios=[1.25, 1])
    left, right = halves
    axes = left.subplots()
    axes.imshow(counts, cmap="Blues", aspect="auto", vmax=counts.max() * 1.3)
    for k, row in enumerate(counts):
        for j, count in enumerate(row):
            axes.text(j, k, str(count), ha="center", va="center")
    tops = [names[np.argsort(-row)[:6]] for row in topics.h]
    axes.set_yticks(range(len(MODULES)), ["\n".join([", ".join(top[:3]), ", ".join(top[3:])]) for top in tops])
    axes.set_xticks(range(len(MODULES)), [f"scipy.{name}" for name in MODULES], rotation=20)
    axes.set_title(f"{len(documents)} docstrings by strongest topic and by module: purity {purity:.0%}")

    upper, lower = right.subfigures(2, 1, height_ratios=[1, 0.9])
    panels: Any = upper.subfigures(1, 2)
    shown = (("16 parts of digits", runs["frobenius"].h), ("16 singular patterns", patterns))
    for panel, (title, parts) in zip(panels, shown, strict=True):
        panel.suptitle(title)
        for axes, part in zip(panel.subplots(4, 4).flat, parts, strict=True):
            size = np.abs(part).max()
            axes.imshow(part.reshape(8, 8), cmap="RdBu", vmin=-size, vmax=size)
            axes.set_axis_off()
    axes = lower.subplots()
    for loss, label in (("frobenius", "Frobenius (1)"), ("kl", "Kullback-Leibler (2)")):
        record = runs[loss].objective
        iterations = np.append(np.arange(len(record) - 1) * 10, runs[loss].n_iter)
        axes.semilogy(iterations, record / record[0], marker=".", label=label)
    axes.set(xlabel="iteration", ylabel="divergence, of its start", title="Digits: it never rises")
    axes.legend()
    return fig
