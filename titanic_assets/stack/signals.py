"""What Ctrl-C, a closed terminal and `kill` do to `make run`."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_ASKING_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked us to end; like KeyboardInterrupt, not an error to be handled on the way."""


@contextmanager
def raising_stopped() -> Iterator[None]:
    """Within the block, such a signal raises `Stopped` in the main thread."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Stopped

    with _on_signals(stop):
        yield


@contextmanager
def hurrying(hurry: Callable[[], object]) -> Iterator[None]:
    """Within the block, everything is ending anyway; such a signal only makes it quicker."""

    def quicker(_signal: int, _frame: FrameType | None) -> None:
        hurry()

    with _on_signals(quicker):
        yield


@contextmanager
def _on_signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    # Handlers, unlike ignored signals, are not inherited: what we start can be interrupted even
    # when we were started by a script with `&`. Under nohup a closed terminal is to be ignored.
    handled = [
        each
        for each in _ASKING_TO_END
        if not (each == signal.SIGHUP and signal.getsignal(each) == signal.SIG_IGN)
    ]
    before = {each: signal.signal(each, handler) for each in handled}
    try:
        yield
    finally:
        for each, previous in before.items():
            signal.signal(each, previous)
