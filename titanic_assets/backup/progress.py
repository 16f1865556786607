"""Says what is being done; of what takes longer, every two seconds how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread


@dataclass
class Step:
    """One thing that is being done."""

    what: str
    of_bytes: int | None = None
    files: int = 0
    bytes: int = 0
    waiting_for: str = ""

    def passed(self, count: int) -> None:
        """So many bytes more."""
        self.bytes += count

    @property
    def so_far(self) -> str:
        """How far it is, in words."""
        if self.waiting_for:
            return f"{self.what}: waiting for {self.waiting_for}"
        if not self.bytes:
            return self.what
        of = f" of {in_words(self.of_bytes)}" if self.of_bytes else ""
        return f"{self.what}: {in_words(self.bytes)}{of}"

    @property
    def done(self) -> str:
        """What it was, in words."""
        files = f"{self.files:,} file{'' if self.files == 1 else 's'}, " if self.files else ""
        return f"{self.what}: {files}{in_words(self.bytes)}" if self.bytes else self.what


@dataclass
class Progress:
    """Lines for a person, each with the seconds since the beginning."""

    write: Callable[[str], None]
    every_seconds: float = 2.0
    began: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """Say it now."""
        self.write(f"[{time.monotonic() - self.began:5.1f} s] {text}")

    @contextmanager
    def doing(self, what: str, of_bytes: int | None = None) -> Iterator[Step]:
        """Say what was done when it is, and meanwhile how far it is."""
        step, over = Step(what, of_bytes), Event()
        telling = Thread(target=self._tell, args=(step, over), daemon=True)
        telling.start()
        try:
            yield step
        finally:
            over.set()
            telling.join()
        self.say(step.done)

    def _tell(self, step: Step, over: Event) -> None:
        while not over.wait(self.every_seconds):
            self.say(f"  {step.so_far} …")


def in_words(count: int) -> str:
    """A number of bytes as people say it.

    >>> in_words(900), in_words(1_500_000)
    ('0.9 kB', '1.5 MB')
    """
    if count < 1_000_000:
        return f"{count / 1_000:.1f} kB"
    if count < 1_000_000_000:
        return f"{count / 1_000_000:.1f} MB"
    return f"{count / 1_000_000_000:.1f} GB"
