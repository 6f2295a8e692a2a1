"""An invitation as one line of text: sent by mail, read aloud over a telephone, pasted.

    hinterland:<federation>/<coordinator>@<host>:<port>/<secret>/<fingerprint>/<check>

`host` and `port` are the coordinator's door, `fingerprint` the SHA-256 of the certificate that it
shows, `check` the first digits of the SHA-256 of all before it, against slips in copying.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Self

from services.federation.contract import BadInvitation

__all__ = ["InvitationLine", "secret_sum"]

CHECK_HEX: Final = 8
LINE: Final = re.compile(
    r"hinterland:(?P<federation>[a-z][a-z0-9-]{1,30}-[0-9a-f]{16})/(?P<coordinator>[a-z][a-z0-9-]{1,30})"
    r"@(?P<host>\[[0-9a-f:]{2,39}\]|[A-Za-z0-9.-]{1,253}):(?P<port>[0-9]{1,5})"
    r"/(?P<secret>[A-Za-z0-9_-]{32})/(?P<fingerprint>[0-9a-f]{64})/(?P<check>[0-9a-f]{8})"
)


def secret_sum(secret: str) -> str:
    """What is kept of a secret: its SHA-256 in hex. Of 192 random bits, it needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class InvitationLine:
    """What an invitation says. An IPv6 `host` has no brackets."""

    federation: str
    coordinator: str
    host: str
    port: int
    secret: str
    fingerprint: str

    def write(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        line = (
            f"hinterland:{self.federation}/{self.coordinator}@{host}:{self.port}"
            f"/{self.secret}/{self.fingerprint}"
        )
        return f"{line}/{_check(line)}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Blanks and line ends that a mail program put in are overlooked. Raises BadInvitation."""
        line = "".join(text.split())
        found = LINE.fullmatch(line)
        if found is None:
            raise BadInvitation(field="invitation")
        if _check(line.rpartition("/")[0]) != found["check"] or not 0 < int(found["port"]) < 65_536:
            raise BadInvitation(
                "A character of this invitation is wrong. Copy the whole line again.",
                field="invitation",
            )
        return cls(
            federation=found["federation"],
            coordinator=found["coordinator"],
            host=found["host"].strip("[]"),
            port=int(found["port"]),
            secret=found["secret"],
            fingerprint=found["fingerprint"],
        )

    @property
    def address(self) -> str:
        """The door, as people write it."""
        return f"{self.host}:{self.port}"


def _check(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()[:CHECK_HEX]
