"""What may be seen of an address, in the log or anywhere else: no user, no password, no query."""

from __future__ import annotations

import re

# Passwords are pasted in as they are, slashes included; none reaches past the last @.
_USER = re.compile(r"(?s)(?<=//).*@|^[^/]*@")
_QUERY = re.compile(r"\?\S+")


def shown(text: str) -> str:
    """An address, or a message that may contain one, without what is nobody's business.

    >>> shown("https://ann:secret@host/keys?token=x")
    'https://***@host/keys?***'
    """
    return _QUERY.sub("?***", _USER.sub("***@", text))
