"""Memory of fixed size that processes share through a file, and a lock for it.

Both are the kernel's: a process that is killed leaves what it wrote, and no lock.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
import struct
import time
from pathlib import Path
from threading import Lock

# What it is, how long it is, and a salt that whoever opens it gets too.
_HEAD = struct.Struct("<8sQ16s")
_MARK = b"shared 1"
_SALT_BYTES = 16
HEAD_BYTES = 64
# Nobody needs the lock for longer than some microseconds, unless it was stopped while it had it.
# Tries are counted and not time: where all processes are held up together, time proves nothing.
_TRIES = 1000
_TRY_SECONDS = 0.00002
_THREADS_SECONDS = 0.1


class Blocked(TimeoutError):
    """Somebody else has the lock and does not let go."""


class SharedMemory:
    """The memory in the file `path`; without one, memory of this process alone."""

    def __init__(self, path: Path | None, length: int) -> None:
        self._length = length
        self._threads = Lock()  # flock does not part the threads of one process
        self._file = None if path is None else os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self.bytes, self.salt = self._open()
        except BaseException:
            self._close_file()
            raise

    def lock(self) -> None:
        """Have it alone until `unlock`, or raise `Blocked`."""
        if not self._threads.acquire(timeout=_THREADS_SECONDS):
            raise Blocked("another thread does not let go of shared memory")
        if self._file is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not _lock_soon(self._file):
                self._threads.release()
                raise Blocked("another process does not let go of shared memory") from None

    def unlock(self) -> None:
        """Let the others have it."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def close(self) -> None:
        """Let go of it; the others keep it."""
        self.bytes.close()
        self._close_file()

    def _open(self) -> tuple[mmap.mmap, bytes]:
        if self._file is None:
            return mmap.mmap(-1, self._length), secrets.token_bytes(_SALT_BYTES)
        self.lock()
        try:
            head = os.pread(self._file, _HEAD.size, 0).ljust(_HEAD.size, b"\0")
            mark, length, salt = _HEAD.unpack(head)
            whole = os.fstat(self._file).st_size >= self._length
            if not whole or (mark, length) != (_MARK, self._length):
                salt = secrets.token_bytes(_SALT_BYTES)
                # All of it is written: on a full disk a hole would kill whoever writes into it.
                content = _HEAD.pack(_MARK, self._length, salt).ljust(self._length, b"\0")
                _write(self._file, content)
            return mmap.mmap(self._file, self._length), salt
        finally:
            self.unlock()

    def _close_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _lock_soon(file: int) -> bool:
    for _ in range(_TRIES):
        time.sleep(_TRY_SECONDS)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False


def _write(file: int, content: bytes) -> None:
    written = 0
    while written < len(content):
        written += os.pwrite(file, content[written:], written)
