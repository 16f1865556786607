"""Files of a log on object storage, a few at a time: each takes long, and most are small."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from titanic_assets.prediction_log.segments import LogFile, LogStorage

# So much is in memory at most, for files of the size that the service closes its segments at.
_AT_ONCE = 8
_SMALL_BYTES = 8 << 20


@dataclass(frozen=True)
class Fetched:
    """A file of the log and what gives its content, or the error that there was."""

    file: LogFile
    content: Callable[[], Iterable[bytes]]


def fetched(storage: LogStorage, files: Iterable[LogFile]) -> Iterator[Fetched]:
    """The files in their order, those that come next on their way already."""
    if not storage.is_remote:
        for file in files:
            yield _later(storage, file)
        return
    pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="log")
    with closing(_Ahead(pool, storage, files)) as ahead:
        yield from ahead


class _Ahead:
    """What is asked for and not taken yet."""

    def __init__(
        self, pool: ThreadPoolExecutor, storage: LogStorage, files: Iterable[LogFile]
    ) -> None:
        self._pool = pool
        self._coming = (self._ask(storage, file) for file in files)
        self._asked: deque[Fetched] = deque()

    def __iter__(self) -> Iterator[Fetched]:
        while True:
            self._asked.extend(islice(self._coming, _AT_ONCE - len(self._asked)))
            if not self._asked:
                return
            yield self._asked.popleft()

    def close(self) -> None:
        """Wait for no more of it."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _ask(self, storage: LogStorage, file: LogFile) -> Fetched:
        if file.size > _SMALL_BYTES:
            return _later(storage, file)
        content: Future[list[bytes]] = self._pool.submit(lambda: list(storage.content(file)))
        return Fetched(file, content.result)


def _later(storage: LogStorage, file: LogFile) -> Fetched:
    return Fetched(file, lambda: storage.content(file))
