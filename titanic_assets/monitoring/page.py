"""How the pages of reports are made: they open offline, on a phone too, in light and in dark."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_TEMPLATES = Path(__file__).parent
# Reports are made every six hours.
_OLD_SECONDS = 12 * 3600.0


def render(template: str, pictures: Mapping[str, bytes], **content: Any) -> bytes:
    """A page that needs nothing beside itself; `template` is a path beside this module."""
    import jinja2

    page = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(_TEMPLATES),
    )
    page.filters |= {"count": _count, "share": _share, "moment": moment, "figure": _figure}
    carried = {
        name: f"data:image/png;base64,{b64encode(png).decode()}" for name, png in pictures.items()
    }
    return page.get_template(template).render(pictures=carried, **content).encode()


def moment(seconds: float) -> str:
    """A time as people read it.

    >>> moment(0)
    '1 January 1970, 00:00 UTC'
    """
    return f"{datetime.fromtimestamp(seconds, UTC):%-d %B %Y, %H:%M} UTC"


def how_old(last: float | None, now: float) -> str:
    """What is added to a verdict on predictions of long ago, for a new report makes them no newer.

    >>> how_old(0, 86_400)
    ' The last of these predictions was made on 1 January 1970, 00:00 UTC.'
    """
    if last is None or now - last < _OLD_SECONDS:
        return ""
    return f" The last of these predictions was made on {moment(last)}."


def _count(number: int) -> str:
    return f"{number:,}"


def _share(part: float) -> str:
    return f"{part:.1%}"


def _figure(number: float, digits: int = 3, *, signed: bool = False) -> str:
    return f"{number:+.{digits}f}" if signed else f"{number:.{digits}f}"
