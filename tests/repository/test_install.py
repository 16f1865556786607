"""The installer is run as people run it: as a script, by the Python they happen to have."""

import hashlib
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from titanic_assets.settings import CHECKOUT


@pytest.fixture
def checkout(tmp_path):
    """A checkout with one lock, which asks for nothing that needs a network."""
    folder = tmp_path / "checkout" / "requirements"
    folder.mkdir(parents=True)
    shutil.copy(CHECKOUT / "requirements" / "install.py", folder)
    (folder / "tiny.txt").write_text("# nothing\n")
    (folder / "installer.txt").write_text("# nothing\n")
    return folder.parent


def a_program(folder, name, script):
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.fixture
def uv(tmp_path):
    """A uv on the path that makes the environment and notes what it is asked to install."""
    calls = tmp_path / "calls"
    a_program(
        tmp_path / "bin",
        "uv",
        f'echo "$@" >> {calls}; [ -z "$SHOW" ] || env >> {calls}\n'
        'if [ "$1" = venv ]; then for last; do :; done\n'
        f'mkdir -p "$last/bin"; ln -sf {sys.executable} "$last/bin/python"; fi\n'
        '[ "$FAIL" != "$1" ]',
    )
    return calls


def install(checkout, *groups, python=sys.executable, **environment):
    path = f"{checkout.parent / 'bin'}:/usr/bin:/bin"
    return subprocess.run(
        [python, checkout / "requirements" / "install.py", *groups],
        env={"PATH": path, "HOME": str(checkout), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_unknown_group_is_answered_with_the_known_ones(checkout):
    done = install(checkout, "everything")

    assert done.returncode != 0
    assert "installer, tiny" in done.stderr


def test_a_lock_is_installed_with_its_hashes_and_once(checkout, uv):
    first = install(checkout, "tiny")
    assert first.returncode == 0, first.stderr
    assert "--require-hashes --compile-bytecode" in uv.read_text()
    uv.unlink()

    again = install(checkout, "tiny")

    assert again.returncode == 0
    assert again.stdout == ""
    assert not uv.exists()


def test_a_changed_lock_is_installed_again(checkout, uv):
    install(checkout, "tiny")
    (checkout / "requirements" / "tiny.txt").write_text("# something else\n")
    uv.unlink()

    assert install(checkout, "tiny").returncode == 0
    assert "pip install" in uv.read_text()


def test_an_installation_that_failed_is_taken_up_again(checkout, uv):
    failed = install(checkout, "tiny", FAIL="pip")
    assert failed.returncode != 0
    assert "same command goes on from here" in failed.stderr
    uv.unlink()

    assert install(checkout, "tiny").returncode == 0
    assert "pip install" in uv.read_text()


def test_an_installation_killed_half_way_through_leaves_no_stamp(checkout, uv):
    install(checkout, "tiny")
    lock = checkout / "requirements" / "tiny.txt"
    lock.write_text("# newer\n")

    install(checkout, "tiny", FAIL="pip")
    lock.write_text("# nothing\n")
    uv.unlink()

    # The old lock is back, but what the interrupted one left of it is unknown.
    assert install(checkout, "tiny").returncode == 0
    assert "pip install" in uv.read_text()


def test_a_python_that_cannot_make_an_environment_names_the_package(checkout):
    without_venv = f"exec {sys.executable} -S -c 'import sys; sys.exit(1)'"
    python = a_program(checkout.parent / "bin", "python3", without_venv)
    script = (
        "import sys, runpy; sys.argv = ['install.py', 'tiny']; "
        f"sys.executable = {str(python)!r}; "
        f"runpy.run_path({str(checkout / 'requirements' / 'install.py')!r}, run_name='__main__')"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert f"python3.{sys.version_info[1]}-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def pretending(version, checkout, path):
    """The installer under a Python that says it is another version."""
    script = (
        "import sys, runpy, platform; "
        f"sys.version_info = {version!r}; sys.argv = ['install.py', 'tiny']; "
        f"runpy.run_path({str(checkout / 'requirements' / 'install.py')!r}, run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": path, "HOME": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("version", [(3, 9, 2), (3, 14, 0)])
def test_a_python_that_does_not_fit_is_told_which_ones_do(checkout, version):
    done = pretending(version, checkout, "/nowhere")

    assert done.returncode != 0
    assert f"CPython {version[0]}.{version[1]}" in done.stderr
    assert "3.11, 3.12 or 3.13" in done.stderr
    assert "apt-get install" in done.stderr


def test_a_fitting_python_on_the_path_takes_over_and_a_stub_does_not(checkout, uv):
    bin_folder = checkout.parent / "bin"
    a_program(bin_folder, "python3.13", "exit 127")
    (bin_folder / "python3.11").symlink_to(sys.executable)

    done = pretending((3, 9, 2), checkout, f"{bin_folder}:/usr/bin:/bin")

    assert done.returncode == 0, done.stderr
    assert "pip install" in uv.read_text()


def test_without_uv_a_pinned_one_is_put_into_the_environment(checkout):
    python = Path(sys.executable)
    pip = checkout.parent / "pip.log"
    environment = checkout / ".venv" / "bin"
    environment.mkdir(parents=True)
    # This Python stands for the environment's: it runs code, and notes what pip is asked for.
    a_program(
        environment,
        "python",
        f'case "$1" in -m) echo "$@" >> {pip}; cp {environment}/fake-uv {environment}/uv;; '
        f'*) exec {python} "$@";; esac',
    )
    a_program(environment, "fake-uv", f'echo "uv $@" >> {pip}')

    done = install(checkout, "tiny")

    assert done.returncode == 0, done.stderr
    noted = pip.read_text()
    assert "-m pip install --quiet --require-hashes" in noted
    assert "installer.txt" in noted
    assert "uv pip install" in noted
    digest = hashlib.sha256((checkout / "requirements" / "tiny.txt").read_bytes()).hexdigest()
    assert (checkout / ".venv" / "installed" / "tiny").read_text() == digest


@pytest.fixture
def pip(tmp_path):
    """A pip that has been set up; where uv made the environment there would be none."""
    listed = (
        ":env:.cert='/etc/ours.pem'\n"
        "global.cert='/etc/theirs.pem'\n"
        "global.extra-index-url='https://a.example\\nhttps://b.example'\n"
        "global.index-url='https://mirror.example/simple'"
    )
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    (tmp_path / "pip" / "__main__.py").write_text(f"print({listed!r})\n")
    return {"PYTHONPATH": str(tmp_path), "SHOW": "1"}


def test_what_is_set_for_pip_holds_for_uv_too(checkout, uv, pip):
    done = install(checkout, "tiny", **pip)

    assert done.returncode == 0, done.stderr
    seen = uv.read_text()
    assert "UV_DEFAULT_INDEX=https://mirror.example/simple\n" in seen
    assert "UV_INDEX=https://a.example https://b.example\n" in seen
    assert "SSL_CERT_FILE=/etc/ours.pem\n" in seen


def test_what_is_set_for_uv_comes_before_what_is_set_for_pip(checkout, uv, pip):
    install(checkout, "tiny", UV_DEFAULT_INDEX="https://uv.example/simple", **pip)

    assert "UV_DEFAULT_INDEX=https://uv.example/simple\n" in uv.read_text()


def test_a_failure_is_tried_again_with_the_certificates_of_the_machine(checkout, uv):
    done = install(checkout, "tiny", FAIL="pip")

    assert "trusting the certificates" in done.stdout
    assert uv.read_text().count("pip install") == 2
