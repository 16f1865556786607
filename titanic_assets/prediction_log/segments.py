"""The segments of the prediction log: where they lie, what their names say, what is in them.

    <log>/2026-11-21/2026-11-21T13-51-02.123456Z-<host>-<seat>-<random>.jsonl

One that is still written to has `.open` behind its name. Nothing is ever locked, moved or changed
here: its writer may be at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from titanic_assets.sources.addresses import shown, without_secrets

_NAME = re.compile(
    r"(?P<begun>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6})Z-(?P<writer>.+-\d+)-[0-9a-f]{8}\.jsonl"
    r"(?P<open>\.open)?"
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_OPEN = ".open"
_BLOCK = 1 << 18
_BLOCK_AHEAD = 1 << 23  # a segment is not longer, unless somebody wants it to be
_LONGEST_LINE = 1 << 16  # a longer one is none of the service's
# Whoever reads asks again a little later; S3's own patience is a minute for each attempt.
_S3: dict[str, Any] = {
    "config_kwargs": {"connect_timeout": 5, "read_timeout": 15, "retries": {"max_attempts": 1}}
}
_OPTIONS = {"s3": _S3, "s3a": _S3}


class LogUnreadable(RuntimeError):
    """The prediction log is there, or should be, and cannot be read."""


@dataclass(frozen=True)
class Segment:
    """A file of the log, by its name."""

    path: str
    begun: float
    writer: str
    is_open: bool


@dataclass(frozen=True)
class LogFile:
    """A file of the log that nobody writes to any more; its name is relative to the log."""

    path: str
    name: str
    size: int
    segment: Segment | None  # None for one that is no segment


@dataclass(frozen=True)
class Listing:
    """The segments of some days, the latest first, and how many other files lie between them."""

    segments: tuple[Segment, ...] = ()
    foreign: int = 0


def segment_of(path: str) -> Segment | None:
    """The segment at that path; None where the name is not one of a segment."""
    match = _NAME.fullmatch(path.rsplit("/", 1)[-1])
    if match is None:
        return None
    try:
        begun = datetime.strptime(match["begun"], "%Y-%m-%dT%H-%M-%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Segment(path, begun.timestamp(), match["writer"], bool(match["open"]))


class LogStorage:
    """The storage that a log lies in."""

    def __init__(self, place: str) -> None:
        self._place = place
        is_url = "://" in place
        try:
            import fsspec

            self._files, root = fsspec.url_to_fs(
                place if is_url else str(Path(place).expanduser().absolute()),
                skip_instance_cache=True,
                **_OPTIONS.get(place.partition("://")[0], {}),
            )
        except Exception as error:  # noqa: BLE001 - each kind of storage has errors of its own
            raise self._unreadable(error) from None
        self._root = root.rstrip("/")
        self._bucket = self._root.partition("/")[0] if is_url else ""

    @property
    def is_remote(self) -> bool:
        """Whether reading a file means waiting for another machine."""
        return bool(self._bucket)

    def segments(self, first_day: date) -> Listing:
        """Those that began on that day or later. A log that nobody has begun has none."""
        found: dict[str, Segment] = {}
        foreign = 0
        try:
            for day, kind, _ in self._entries(self._root):
                if kind != "directory" or not _DAY.fullmatch(day.rsplit("/", 1)[-1]):
                    foreign += 1
                elif day[-10:] >= first_day.isoformat():
                    for path, _, _ in self._entries(day):
                        segment = segment_of(path)
                        if segment is None:
                            foreign += 1
                        else:
                            # One that is closed just now may be listed under both its names.
                            found.setdefault(path.removesuffix(_OPEN), segment)
        except Exception as error:  # noqa: BLE001 - each kind of storage has errors of its own
            raise self._unreadable(error) from None
        ordered = sorted(found.values(), key=lambda segment: segment.begun, reverse=True)
        return Listing(tuple(ordered), foreign)

    def blocks(self, segment: Segment) -> Iterator[list[bytes]]:
        """Its whole lines, block by block from its end; within a block as they were written.

        What a living writer, or a killed one, has not finished at the very end is left out.
        """
        path = segment.path
        try:
            try:
                end = int(self._files.info(path)["size"])
            except FileNotFoundError:  # closed, or uploaded by another worker, since it was listed
                path = path.removesuffix(_OPEN)
                end = int(self._files.info(path)["size"])
            begun, whole = b"", False  # of a line that begins a block earlier; its end was seen
            while end > 0:
                start = max(0, end - _BLOCK)
                content = self._files.cat_file(path, start=start, end=end) + begun
                begun, end = b"", start
                if not whole:
                    content = content[: content.rfind(b"\n") + 1]
                    whole = bool(content)
                if start > 0:
                    first = content.find(b"\n") + 1
                    begun, content = content[:first][:_LONGEST_LINE], content[first:]
                yield content.splitlines()
        except FileNotFoundError:
            return  # an empty one disappears when it is closed
        except Exception as error:  # noqa: BLE001 - each kind of storage has errors of its own
            raise self._unreadable(error) from None

    def closed(self, first_day: date) -> Iterator[LogFile]:
        """Closed segments of that day or later, the earliest day first, and other files there.

        What is hidden does not count, nor do folders that are not of a day.
        """
        try:
            days = []
            for path, kind, size in sorted(self._entries(self._root) or self._nothing_yet()):
                if kind != "directory":
                    yield from self._closed(path, size)
                elif _DAY.fullmatch(path[-10:]) and path[-10:] >= first_day.isoformat():
                    days.append(path)
            for day in days:
                for path, kind, size in sorted(self._entries(day)):
                    if kind != "directory":
                        yield from self._closed(path, size)
        except Exception as error:  # noqa: BLE001 - each kind of storage has errors of its own
            raise self._unreadable(error) from None

    def content(self, file: LogFile) -> Iterator[bytes]:
        """A closed file from its beginning, block by block; FileNotFoundError when it is gone."""
        try:
            if file.size <= _BLOCK_AHEAD:
                yield self._files.cat_file(file.path)
                return
            with self._files.open(file.path, "rb", block_size=_BLOCK_AHEAD) as stream:
                while block := stream.read(_BLOCK_AHEAD):
                    yield block
        except FileNotFoundError:
            raise
        except Exception as error:  # noqa: BLE001 - each kind of storage has errors of its own
            raise self._unreadable(error) from None

    def look(self) -> None:
        """See whether the log can be read at all; if not, it is a `LogUnreadable`."""
        try:
            self._files.invalidate_cache()
            self._entries(self._root)
        except Exception as error:  # noqa: BLE001 - each kind of storage has errors of its own
            raise self._unreadable(error) from None

    def _closed(self, path: str, size: int) -> Iterator[LogFile]:
        name = path.rsplit("/", 1)[-1]
        segment = segment_of(name)
        if not name.startswith(".") and not (segment and segment.is_open):
            yield LogFile(path, path[len(self._root) :].lstrip("/"), size, segment)

    def _nothing_yet(self) -> list[tuple[str, str, int]]:
        """No entries; where nothing was logged yet there is no folder, but a bucket there is."""
        if self._bucket and not self._files.exists(self._bucket):
            raise FileNotFoundError(f"there is no {self._bucket}")
        return []

    def _entries(self, folder: str) -> list[tuple[str, str, int]]:
        try:
            listed = self._files.ls(folder, detail=True)
        except FileNotFoundError:
            return []
        return [
            (str(each["name"]).rstrip("/"), str(each["type"]), int(each.get("size") or 0))
            for each in listed
        ]

    def _unreadable(self, error: Exception) -> LogUnreadable:
        reason = without_secrets(f"{type(error).__name__}: {error}", self._place)
        return LogUnreadable(
            f"the prediction log at {shown(self._place)} cannot be read "
            f"({reason.partition(chr(10))[0]}): look whether it is there and may be read, and "
            "whether PREDICTION_LOG_URI is what the service logs to"
        )
