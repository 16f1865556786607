"""The container engine of this machine: docker or podman, whichever works.

A docker client without its daemon is no engine.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What each answers only when it could build and run something.
_SIGN_OF_LIFE = {
    "docker": ("version", "--format", "{{.Server.Version}}"),
    "podman": ("info", "--format", "{{.Version.Version}}"),
}
# docker keeps the layers by itself.
_FORGET = {"docker": ("rmi", "--no-prune"), "podman": ("untag",)}
_ANSWERS_WITHIN_SECONDS = 20
_BUILT_WITHIN_SECONDS = 1800
_LAST_LINES = 20


class NoEngine(RuntimeError):
    """This machine has no container engine that works; what was tried, and what to do."""


class EngineFailed(RuntimeError):
    """The engine could not do what it was asked; with its last words."""


@dataclass(frozen=True)
class Image:
    """An image in the engine's store."""

    id: str
    size: int
    labels: Mapping[str, str]
    # What it is run with, as the engine tells it: Env, Entrypoint, WorkingDir, ...
    config: Mapping[str, Any]
    layers: tuple[str, ...]

    @property
    def megabytes(self) -> float:
        """Its size, as engines show it."""
        return self.size / 1e6


@dataclass(frozen=True)
class Engine:
    """docker or podman; their command lines agree in all that is used here."""

    name: str

    def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        within: float = _ANSWERS_WITHIN_SECONDS,
    ) -> str:
        """What a command says. Raises `EngineFailed` with why it failed."""
        command = [self.name, *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - an engine's own words and names of ours
                command, input=stdin, capture_output=True, timeout=within, check=False
            )
        except subprocess.TimeoutExpired:
            raise EngineFailed(f"{' '.join(command[:2])} took over {within:.0f} s") from None
        if done.returncode != 0:
            raise EngineFailed(failure(" ".join(command[:2]), done.returncode, done.stderr))
        return done.stdout.decode().strip()

    def build(self, context: Path, tag: str) -> None:
        """Build the folder's `Dockerfile` as an image of that tag."""
        self.run("build", "--tag", tag, str(context), within=_BUILT_WITHIN_SECONDS)

    def image(self, tag: str) -> Image | None:
        """The image of that tag, if there is one."""
        try:
            (found,) = json.loads(self.run("image", "inspect", tag))
        except EngineFailed:
            return None
        config = found["Config"]
        return Image(
            found["Id"],
            found["Size"],
            config.get("Labels") or {},
            config,
            tuple(found["RootFS"]["Layers"]),
        )

    def remove(self, tag: str) -> bool:
        """Remove the image of that tag; whether there was one. A running container keeps it."""
        if self.image(tag) is None:
            return False
        self.run("rmi", tag)
        return True

    def forget(self, tag: str) -> None:
        """Take the name from an image, which stays for the next build to begin with."""
        if self.image(tag) is not None:
            self.run(*_FORGET[self.name], tag)


def find_engine(wanted: str | None = None, answers: Callable[[str], str] | None = None) -> Engine:
    """The engine that is wanted, or the first that works. Raises `NoEngine`."""
    answers = answers or _ask
    problems = []
    for name in [wanted] if wanted else _SIGN_OF_LIFE:
        problem = answers(name)
        if not problem:
            return Engine(name)
        problems.append(f"{name}: {problem}")
    raise NoEngine(
        f"no container engine works here ({'; '.join(problems)}). Install docker or podman, or "
        f"start its daemon{', or leave CONTAINER_ENGINE unset' if wanted else ''}"
    )


def failure(what: str, code: int, said: bytes) -> str:
    """How a program failed, in its own last words."""
    lines = said.decode(errors="replace").strip().splitlines()[-_LAST_LINES:]
    return f"{what} ended with code {code}:\n" + "\n".join(lines)


def _ask(name: str) -> str:
    """What is wrong with that engine; nothing if it works."""
    if shutil.which(name) is None:
        return "not installed"
    try:
        Engine(name).run(*_SIGN_OF_LIFE[name])
    except EngineFailed as error:
        return str(error).splitlines()[-1]
    return ""
