"""start.py says plainly what is wrong."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START = ROOT / "start.py"


def test_an_old_python_is_told_what_is_needed(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 8, 18))
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(START))["require_python"]()
    assert "mlpath needs Python 3.11 or newer, and this is Python 3.8" in str(stopped.value)


def test_it_is_written_in_words_that_old_pythons_read():
    import ast

    ast.parse(START.read_bytes(), feature_version=(3, 5))


def test_a_missing_network_is_told(tmp_path):
    for name in ("start.py", "pyproject.toml", "constraints.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": "", "PIP_CONFIG_FILE": os.devnull}
    env = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")} | nowhere
    command = [sys.executable, "start.py"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 1
    assert "The packages could not be downloaded: the package index is out of reach. Is the network up?" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_word_is_answered_with_what_there_is():
    done = subprocess.run([sys.executable, START, "tset"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "python3 start.py test" in done.stderr
