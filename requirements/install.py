"""Puts the packages of the named locks into .venv: `python3 requirements/install.py orchestration`.

Needs nothing but a Python, and is written so that even one too old for the project understands it
well enough to say what is wrong. Does nothing when the locks are already installed.
"""

from __future__ import print_function

import hashlib
import os
import platform
import shutil
import subprocess
import sys

OLDEST, TOO_NEW = (3, 11), (3, 14)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOCKS = os.path.join(ROOT, "requirements")
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMPS = os.path.join(VENV, "installed")
FROM_PIP = {
    "index-url": ("UV_DEFAULT_INDEX", ""),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "cert": ("SSL_CERT_FILE", ""),
}
SUPPORTED = "import sys; sys.exit(not (%r <= sys.version_info[:2] < %r))" % (OLDEST, TOO_NEW)


def main(groups):
    """Install the locks of these groups, unless they already are."""
    known = sorted(name[:-4] for name in os.listdir(LOCKS) if name.endswith(".txt"))
    if not groups or not set(groups) <= set(known):
        sys.exit("usage: install.py GROUP...   with GROUP one of " + ", ".join(known))
    use_a_supported_python()
    if not os.path.exists(PYTHON) or subprocess.call([PYTHON, "-c", SUPPORTED]) != 0:
        make_environment()
    missing = [group for group in groups if stamp_of(group) != digest_of(group)]
    if not missing:
        return
    # What is there is in doubt until the last package is in.
    for group in missing:
        forget(group)
    print("installing %s into .venv (a minute the first time)" % " and ".join(missing))
    sys.stdout.flush()
    command = [find_uv(), "pip", "install", "--python", PYTHON, "--require-hashes"]
    command += ["--compile-bytecode"]
    for group in missing:
        command += ["-r", lock_of(group)]
    settings = settings_for_uv()
    code = subprocess.call(command, cwd=ROOT, env=settings)
    if code != 0 and "UV_SYSTEM_CERTS" not in settings:
        # Some networks are signed by a certificate that only the machine's own store knows.
        print("once more, trusting the certificates that this machine trusts")
        sys.stdout.flush()
        trusting = dict(settings, UV_SYSTEM_CERTS="1", UV_NATIVE_TLS="1")
        code = subprocess.call(command, cwd=ROOT, env=trusting)
    if code != 0:
        sys.exit(
            "The packages could not be installed (see above). Once that is mended, the same "
            "command goes on from here. uv and pip's own settings are used: UV_DEFAULT_INDEX or "
            "pip.conf for a mirror, HTTPS_PROXY for a proxy, SSL_CERT_FILE for a certificate."
        )
    for group in missing:
        remember(group)


def use_a_supported_python():
    """Go on with a Python that the locks are made for, or say where to get one."""
    if not sys.platform.startswith(("linux", "darwin")):
        sys.exit("The locks are made for Linux and macOS; on Windows, use WSL.")
    if platform.python_implementation() == "CPython" and OLDEST <= sys.version_info[:2] < TOO_NEW:
        return
    for name in ("python3.13", "python3.12", "python3.11"):
        path = which(name)
        if path and works(path):
            os.execv(path, [path, os.path.abspath(__file__)] + sys.argv[1:])
    found = "%s %d.%d" % ((platform.python_implementation(),) + tuple(sys.version_info[:2]))
    sys.exit(
        "This is %s (%s); the project needs CPython 3.11, 3.12 or 3.13, and none is on the path.\n"
        "Get one, for example, by\n"
        "    Debian, Ubuntu:  sudo apt-get install python3.11 python3.11-venv\n"
        "    Fedora:          sudo dnf install python3.13\n"
        "    macOS:           brew install python@3.13\n"
        "    anywhere:        uv python install 3.13   (https://docs.astral.sh/uv)\n"
        "then run the same command again, with PYTHON=/path/to/python3.13 behind it if that one "
        "is not on the path." % (found, sys.executable)
    )


def works(python):
    """Whether this really is such a Python: a version manager's stub may only look like one."""
    with open(os.devnull, "w") as nowhere:
        return subprocess.call([python, "-c", SUPPORTED], stdout=nowhere, stderr=nowhere) == 0


def make_environment():
    """A fresh .venv."""
    shutil.rmtree(VENV, ignore_errors=True)
    uv = which("uv")
    if uv:
        code = subprocess.call([uv, "venv", "--quiet", "--python", sys.executable, VENV])
    else:
        code = subprocess.call([sys.executable, "-m", "venv", VENV])
    if code != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        package = "python%d.%d-venv" % sys.version_info[:2]
        sys.exit(
            "%s cannot make a virtual environment. On Debian and Ubuntu its package is missing:\n"
            "    sudo apt-get install %s" % (sys.executable, package)
        )


def find_uv():
    """The machine's uv, or one put into the environment."""
    uv = which("uv")
    if uv:
        return uv
    uv = os.path.join(VENV, "bin", "uv")
    if not os.path.exists(uv) or stamp_of("installer") != digest_of("installer"):
        print("no uv on the path: putting one into .venv")
        sys.stdout.flush()
        command = [PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes"]
        command += ["--disable-pip-version-check", "-r", lock_of("installer")]
        if subprocess.call(command, cwd=ROOT) != 0:
            shutil.rmtree(VENV, ignore_errors=True)
            sys.exit(
                "uv, which installs everything else, could not be had (see above). Install it "
                "yourself (https://docs.astral.sh/uv) or mend pip's settings, then run the same "
                "command again."
            )
        remember("installer")
    return uv


def settings_for_uv():
    """The environment for uv, with what this machine has set for pip, which uv does not read."""
    settings = dict(os.environ)
    try:
        command = [sys.executable, "-m", "pip", "config", "list"]
        listed = subprocess.check_output(command, stderr=subprocess.STDOUT).decode()
    except (OSError, subprocess.CalledProcessError):
        return settings  # no pip, so nothing is set for it
    for line in sorted(listed.splitlines(), reverse=True):  # the environment's come last
        key, _, value = line.partition("=")
        name, separator = FROM_PIP.get(key.rpartition(".")[2], (None, None))
        if name and name not in os.environ:
            settings[name] = separator.join(value.strip("'\"").replace("\\n", " ").split())
    # Several indexes are one to pip. The hashes in the locks make that safe.
    settings.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return settings


def which(program):
    """Where a program is on the path; `shutil.which` came with Python 3.3."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(folder, program)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def lock_of(group):
    """The lock of a group."""
    return os.path.join(LOCKS, group + ".txt")


def digest_of(group):
    """What the lock says now."""
    with open(lock_of(group), "rb") as lock:
        return hashlib.sha256(lock.read()).hexdigest()


def stamp_of(group):
    """What the lock said when it was last installed to the end."""
    try:
        with open(os.path.join(STAMPS, group)) as stamp:
            return stamp.read()
    except (IOError, OSError):
        return None


def remember(group):
    """Note that this lock is installed."""
    if not os.path.isdir(STAMPS):
        os.makedirs(STAMPS)
    with open(os.path.join(STAMPS, group), "w") as stamp:
        stamp.write(digest_of(group))


def forget(group):
    """Note that it is not."""
    if stamp_of(group) is not None:
        os.remove(os.path.join(STAMPS, group))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; the same command goes on from here")
