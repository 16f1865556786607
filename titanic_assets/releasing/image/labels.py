"""What is written on an image, to be read without running it: of which model, code and data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

_PREFIX = "titanic"
_TITLE = "Titanic survival"
_DESCRIPTION = "Survival on the Titanic: predictions by a released model, over HTTP."


def oci_labels(bento: Mapping[str, str], version: str, created: datetime) -> dict[str, str]:
    """The labels of an image, from those of its bento; what is not known is left out."""
    labels = {
        "org.opencontainers.image.title": _TITLE,
        "org.opencontainers.image.description": _DESCRIPTION,
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.revision": bento.get("service_revision", ""),
        "org.opencontainers.image.created": created.isoformat(timespec="seconds"),
        "org.opencontainers.image.licenses": "MIT",
        **{f"{_PREFIX}.{name}": value for name, value in bento.items()},
    }
    return {name: value for name, value in labels.items() if value}
