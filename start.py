#!/usr/bin/env python3
"""Make the environment and begin. Needs Python 3.11 or newer, and nothing else.

    python3 start.py         the environment, and the exercises: what there is, and how to solve the first
    python3 start.py test    the environment for developers, and every check that CI runs

It can be run as often as you like; what is installed already is not installed again.
"""
# This file is read by old Pythons too, so that they can say that they are old.

import hashlib
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
OFFLINE = (
    "NewConnectionError",
    "Temporary failure in name resolution",
    "ConnectTimeout",
    "ReadTimeout",
    "getaddrinfo",
    "Network is unreachable",
    "ProxyError",
    "NameResolutionError",
)
CHECKS = [
    ("the style", ["-m", "ruff", "check", "."]),
    ("the format", ["-m", "ruff", "format", "--check", "."]),
    ("the types", ["-m", "basedpyright", "--pythonpath", PYTHON]),
    ("the tests", ["-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"]),
]


def stop(message):
    sys.exit("\n" + message)


def say(message):
    print(message)
    sys.stdout.flush()


def require_python():
    if sys.version_info < (3, 11):
        stop(
            "mlpath needs Python 3.11 or newer, and this is Python %d.%d (%s).\n"
            "Call a newer one by its name, for example:  python3.12 start.py"
            % (sys.version_info[0], sys.version_info[1], sys.executable)
        )


def digest(extras):
    """What the environment is made from: it is made again when this changes."""
    state = hashlib.sha256((sys.version + extras).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        with open(os.path.join(HERE, name), "rb") as file:
            state.update(file.read())
    return state.hexdigest()


def make_environment(extras):
    stamp = os.path.join(VENV, "mlpath%s.stamp" % (extras and "-" + extras))
    if os.path.exists(PYTHON) and os.path.exists(stamp):
        with open(stamp) as file:
            if file.read() == digest(extras):
                return
    if not os.path.exists(PYTHON):
        say("Making an environment in .venv ...")
        made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True)
        if made.returncode:
            stop(
                "Python could not make an environment:\n%s\nOn Debian and Ubuntu: apt install python3-venv"
                % (made.stdout + made.stderr).strip()
            )
    say("Installing mlpath and what it needs into .venv (a few minutes the first time) ...")
    package = HERE + ("[%s]" % extras if extras else "")
    command = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--retries",
        "1",
        "-c",
        os.path.join(HERE, "constraints.txt"),
        "-e",
        package,
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        last = "\n".join("    " + line for line in done.stdout.strip().splitlines()[-6:])
        if any(sign in done.stdout for sign in OFFLINE):
            stop(
                "The packages could not be downloaded: the package index is out of reach. Is the network up?\npip's last words:\n"
                + last
            )
        stop("pip could not install the packages. Its last words:\n" + last)
    with open(stamp, "w") as file:
        file.write(digest(extras))


def learn():
    make_environment("")
    code = subprocess.call([PYTHON, "-m", "pytest", "exercises/", "--no-header"], cwd=HERE)
    activate = os.path.join(".venv", "Scripts", "activate") if os.name == "nt" else "source .venv/bin/activate"
    say(
        "\nFrom here on:\n"
        "  %-36s use this environment (once in each new terminal)\n"
        "  %-36s test what you have written so far\n"
        "  %-36s a hint for one part of an exercise\n"
        "docs/first_exercise.md takes you through the first one, in ten minutes."
        % (activate, "pytest exercises/linalg/norms.py", "mlpath hint linalg/norms l1_norm")
    )
    return code


def test():
    make_environment("dev")
    failed = []
    for name, arguments in CHECKS:
        say("\n--- checking %s" % name)
        if subprocess.call([PYTHON] + arguments, cwd=HERE):
            failed.append(name)
    if failed:
        stop("Not in order: %s." % ", ".join(failed))
    return 0


if __name__ == "__main__":
    require_python()
    if sys.argv[1:] not in ([], ["test"]):
        stop(__doc__.strip())
    sys.exit(test() if sys.argv[1:] else learn())
