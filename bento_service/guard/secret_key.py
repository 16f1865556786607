"""The key of tokens that are signed with a shared secret: HS256 and nothing else."""

from __future__ import annotations

from pydantic import SecretStr

from bento_service.guard.tokens import TokenKey


class SecretKey:
    """Always there and always the same."""

    generation = 0
    reachable = True

    def __init__(self, secret: SecretStr) -> None:
        self._key = TokenKey(secret.get_secret_value().encode(), ("HS256",))

    def start(self) -> None:
        """Nothing goes on in the background."""

    def close(self) -> None:
        """Nothing goes on in the background."""

    def find(self, token: bytes) -> TokenKey | None:
        """The one key there is."""
        del token
        return self._key

    async def fetch(self, token: bytes) -> TokenKey:
        """The one key there is."""
        del token
        return self._key
