"""What can be wrong with a source: each error names the source, the cause and the next step.

`UnreadableSource` is about content: the same bytes fail the same way every time, so a landed file
of that kind is refused once and remembered. `UnavailableSource` may pass by itself.
"""


class SourceProblem(Exception):
    """A source that did not give its rows."""

    def __init__(self, name: str, cause: str, next_step: str) -> None:
        """Name the source, what is wrong with it, and what a person can do about it."""
        super().__init__(f"{name}: {cause}. {next_step}")
        self.name = name
        self.cause = cause
        self.next_step = next_step


class UnreadableSource(SourceProblem):
    """The content is at fault, and stays so until somebody changes it."""


class EmptyFile(UnreadableSource):
    """There is not a single character in it."""


class NoRows(UnreadableSource):
    """A header and no passenger."""


class NotAPassengerList(UnreadableSource):
    """The columns are not those of a passenger list."""


class NotUtf8(UnreadableSource):
    """Text in another encoding."""


class LineTooLong(UnreadableSource):
    """A line so long that it cannot be one passenger."""


class BrokenParquet(UnreadableSource):
    """A Parquet file that is cut off, damaged, or something else altogether."""


class CannotOpen(UnreadableSource):
    """The operating system does not hand the file out."""


class UnavailableSource(SourceProblem):
    """The source is not there, or not now."""


class UnknownSource(UnavailableSource):
    """The setting names nothing that could be read."""


class ChangedWhileRead(UnavailableSource):
    """Somebody wrote to the file meanwhile, so no digest describes what was read."""


class NothingToRead(UnavailableSource):
    """Every list there is has been refused."""


class SourcesFailed(Exception):
    """All that went wrong in one reading, so that a person mends it in one go."""

    def __init__(self, problems: list[SourceProblem]) -> None:
        """Join the problems into one message."""
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)
