"""What stands for an identifier: the same for the same identifier and secret, and no way back without the secret.

>>> names = Pseudonyms(b"a secret of the department")
>>> names.uid("1.2.3") == names.uid("1.2.3"), names.uid("1.2.3") == names.uid("1.2.4")
(True, False)
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from uuid import UUID

from tightrope.errors import BadInputError

SECRET_MIN_BYTES = 16


@dataclass(frozen=True)
class Pseudonyms:
    """Keyed hashes (HMAC-SHA256) of identifiers: whoever has the secret can match them again, by trying.

    Raises:
        BadInputError: the secret is so short that it could be tried out.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < SECRET_MIN_BYTES:
            raise BadInputError(
                f"the secret has {len(self.secret)} bytes and could be guessed; give at least {SECRET_MIN_BYTES}"
            )

    @staticmethod
    def of_this_run() -> Pseudonyms:
        """With a secret that nobody knows and that is gone afterwards."""
        return Pseudonyms(secrets.token_bytes(32))

    def uid(self, original: str) -> str:
        """A UID derived from a UUID (PS3.5 B.2); empty for empty."""
        return f"2.25.{UUID(bytes=self._hash('uid', original)[:16], version=5).int}" if original else ""

    def identifier(self, original: str) -> str:
        """16 hexadecimal digits; empty for empty."""
        return self._hash("identifier", original).hex()[:16] if original else ""

    def _hash(self, kind: str, original: str) -> bytes:
        return hmac.new(self.secret, f"{kind}|{original}".encode(), hashlib.sha256).digest()
