"""How the address of a source is shown: never with the credentials it may carry."""

from urllib.parse import unquote

_SHORTEST_SECRET = 6  # a query's `mode=ro` is none; taking out every "ro" would spoil the message


def is_table(address: str) -> bool:
    """Whether this is the address of a database table."""
    scheme, mark, _ = address.partition("://")
    return bool(mark) and scheme.partition("+")[0] in {"sqlite", "postgresql", "postgres"}


def shown(address: str) -> str:
    """The address without user, password and query.

    >>> shown("postgresql://ann:secret@db:5432/ship?sslpassword=x#passengers")
    'postgresql://db:5432/ship#passengers'
    """
    address, _ = _parted(address)
    return address


def without_secrets(message: str, address: str) -> str:
    """An error message from below, with everything taken out that `shown` leaves out."""
    plain, secrets = _parted(address)
    message = message.replace(address, plain)
    for secret in sorted(secrets, key=len, reverse=True):
        message = message.replace(secret, "***")
    return message


def _parted(address: str) -> tuple[str, set[str]]:
    """What may be shown of an address, and the texts that may not."""
    scheme, mark, rest = address.partition("://")
    if not mark:
        return address, set()
    query = table = ""
    if is_table(address):
        rest, hash_mark, table = rest.partition("#")
        table = hash_mark + table
        # Passwords are pasted in as they are, slashes included; none reaches past the last @.
        authority, path = rest, ""
    else:
        authority, slash, path = rest.partition("/")
        path = slash + path
    user, _, place = authority.rpartition("@")
    if is_table(address):
        place, _, query = place.partition("?")
    elif scheme in {"http", "https"}:
        path, _, query = path.partition("?")
    name, colon, password = user.partition(":")
    credential = password if colon else name
    secrets = {credential, unquote(credential)}
    values = {query, *(pair.partition("=")[2] for pair in query.split("&"))}
    secrets |= {value for value in values if len(value) >= _SHORTEST_SECRET}
    return f"{scheme}://{place}{path}{table}", secrets - {""}
