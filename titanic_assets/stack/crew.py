"""The processes of one stack together: started, waited for, watched, and stopped."""

import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from titanic_assets.settings import CHECKOUT
from titanic_assets.stack import processes
from titanic_assets.stack.processes import Child, ChildDied, last_lines

_READY_WITHIN_SECONDS = 120.0


class NotReady(RuntimeError):
    """Something did not come up in time."""


@dataclass
class Crew:
    """All processes on one home."""

    home: Path
    environment: Mapping[str, str]
    children: list[Child] = field(default_factory=list)

    @property
    def logs(self) -> Path:
        """Where each of them writes its log."""
        return self.home / "logs"

    def start(
        self,
        name: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        folder: Path = CHECKOUT,
    ) -> Child:
        """Start Python with these arguments."""
        child = processes.start(
            name,
            [sys.executable, *arguments],
            self.logs / f"{name}.log",
            self.environment if environment is None else environment,
            folder,
        )
        self.children.append(child)
        return child

    def finish(self, child: Child, also: Collection[int] = ()) -> int:
        """Wait for a process that ends by itself, with code 0 or one that is `also` good."""
        try:
            code = child.process.wait(_READY_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            raise NotReady(f"{child.name} takes too long.\n{last_lines(child.log)}") from None
        self.children.remove(child)
        if code not in (0, *also):
            raise ChildDied(f"{child.name} failed.\n{last_lines(child.log)}")
        return code

    def wait_for(self, child: Child, is_ready: Callable[[], bool]) -> None:
        """Wait until a process does what it is for."""
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while not is_ready():
            self.require_all_alive()
            if time.monotonic() > deadline:
                raise NotReady(f"{child.name} does not answer.\n{last_lines(child.log)}")
            time.sleep(0.1)

    def require_all_alive(self) -> None:
        """Raise with the end of its log when one is gone."""
        for child in self.children:
            child.require_alive()

    def find(self, name: str) -> Child | None:
        """The process of that name, if it was started."""
        return next((child for child in self.children if child.name == name), None)

    def stop(self) -> None:
        """End everything of this home: the way a Ctrl-C would first, then by force."""
        processes.stop(self.home, self.children)
