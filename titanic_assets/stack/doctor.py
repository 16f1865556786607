"""`make doctor`: what this machine has, what is set, and what is in the way of `make run`."""

import platform
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from titanic_assets.settings import Settings
from titanic_assets.stack.ports import holder_of, is_free, ports_of

_PASSWORD = re.compile(r"(://[^:/@]*:)[^@]*@")
_NEEDED_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing looked at, and whether it is in the way."""

    subject: str
    words: str
    state: Literal["ok", "wrong", "note"] = "ok"


def examine(settings: Settings, dotenv: Mapping[str, str]) -> int:
    """Print all findings; returns 1 when one of them would keep `make run` from working."""
    findings = list(findings_on(settings, dotenv))
    for finding in findings:
        print(f"{finding.state:5}  {finding.subject:13} {finding.words}")
    return int(any(finding.state == "wrong" for finding in findings))


def findings_on(settings: Settings, dotenv: Mapping[str, str]) -> Iterator[Finding]:
    """Look at everything, in the order a person would."""
    yield Finding("Python", f"{platform.python_version()} at {sys.executable}")
    uv = shutil.which("uv")
    yield Finding("uv", uv or "not on the path; the one in .venv is used", "ok" if uv else "note")
    yield _engine(settings)
    yield _disk(settings)
    yield from _ports(settings)
    yield from _set(settings, dotenv)


def _engine(settings: Settings) -> Finding:
    from titanic_assets.releasing.image.engine import NoEngine, find_engine

    try:
        return Finding("engine", f"{find_engine(settings.container_engine).name} works")
    except NoEngine as error:
        return Finding("engine", f"{error}; only make image needs one", "note")


def _disk(settings: Settings) -> Finding:
    home = settings.places.home
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    words = f"{free / 1024**3:.1f} GB free for {home}"
    if free < _NEEDED_BYTES:
        return Finding("disk", f"{words}: too little, free some or set TITANIC_HOME", "wrong")
    return Finding("disk", words)


def _ports(settings: Settings) -> Iterator[Finding]:
    for port in ports_of(settings):
        if is_free(port.number, settings.bind_host):
            yield Finding(f"port {port.number}", f"free for {port.purpose}")
        else:
            words = f"taken by {holder_of(port.number) or 'something'}; change {port.setting}"
            yield Finding(f"port {port.number}", words, "wrong")


def _set(settings: Settings, dotenv: Mapping[str, str]) -> Iterator[Finding]:
    changed = {
        name: value
        for name, value in settings.model_dump().items()
        if value != type(settings).model_fields[name].default
    }
    for name, value in changed.items():
        where = " (from .env)" if dotenv.get(name.upper()) == str(value) else ""
        shown = _PASSWORD.sub(r"\1***@", str(value))
        yield Finding("set", f"{name.upper()}={shown}{where}", "note")
    if not changed:
        yield Finding("set", "nothing; every setting has its default")
