"""The management API of a broker: vhosts and users, made and removed over HTTP.

Each call may be repeated: it says how things shall be, not what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import sleep
from types import TracebackType
from typing import Any, ClassVar, Final, Self
from urllib.parse import quote, unquote, urlsplit

import httpx

from hinterland.errors import HinterlandError, Unavailable

__all__ = ["BrokerRefused", "BrokerUnreachable", "Management"]

TIMEOUT_S: Final = 10.0
ALL: Final = ".*"

# While a link starts or ends, the federation plugin answers 500 to questions about it.
REPEATS_MAX: Final = 4
REPEAT_PAUSE_S: Final = 0.5


class BrokerRefused(HinterlandError):
    """The broker refused a request of its management API. Its user may lack the right to do it."""

    code: ClassVar[str] = "BROKER_REFUSED"


class BrokerUnreachable(Unavailable):
    """The broker's management API does not answer. Start the broker, or correct
    amqp_management_uri in node.toml."""

    code: ClassVar[str] = "BROKER_UNREACHABLE"


class Management:
    """One broker's management API at `address` (http://host:port, or with user and password)."""

    def __init__(self, address: str, user: str = "", password: str = "") -> None:
        parts = urlsplit(address)
        self._client = httpx.Client(
            base_url=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/api/",
            auth=(user or unquote(parts.username or ""), password or unquote(parts.password or "")),
            timeout=TIMEOUT_S,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def listening(self, port: int) -> bool:
        """Whether the broker is up and takes connections on `port`.

        Raises BrokerRefused when it is up and does not know the user.
        """
        try:
            answer = self._client.get(f"health/checks/port-listener/{port}")
        except httpx.TransportError:
            return False
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise BrokerRefused(
                f"The broker at {self._client.base_url.netloc.decode()} refuses this user. If its "
                "password was changed in node.toml, change it on the broker too: "
                "`rabbitmqctl change_password`."
            )
        return answer.status_code == httpx.codes.OK

    def make_vhost(self, vhost: str) -> None:
        self.put(f"vhosts/{name(vhost)}", {})

    def delete_vhost(self, vhost: str) -> None:
        self.delete(f"vhosts/{name(vhost)}")

    def make_user(self, user: str, password: str, tags: Iterable[str] = ()) -> None:
        """Makes `user`, or gives an existing one this password and these tags."""
        self.put(f"users/{name(user)}", {"password": password, "tags": ",".join(tags)})

    def delete_user(self, user: str) -> None:
        """Removes `user`; the broker then closes its connections."""
        self.delete(f"users/{name(user)}")

    def permit(
        self, vhost: str, user: str, configure: str = ALL, write: str = ALL, read: str = ALL
    ) -> None:
        """What `user` may do in `vhost`: three regular expressions over names; all by default."""
        rights = {"configure": configure, "write": write, "read": read}
        self.put(f"permissions/{name(vhost)}/{name(user)}", rights)

    def get(self, path: str) -> Any:
        return self._checked(self._asked("GET", path)).json()

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        self._checked(self._asked("PUT", path, body))

    def delete(self, path: str) -> None:
        """Deletes `path`; what is gone already is as good."""
        answer = self._asked("DELETE", path)
        if answer.status_code != httpx.codes.NOT_FOUND:
            self._checked(answer)

    def _asked(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        content = None if body is None else dict(body)
        try:
            answer = self._client.request(method, path, json=content)
            for _ in range(REPEATS_MAX):
                if not answer.is_server_error:
                    break
                sleep(REPEAT_PAUSE_S)
                answer = self._client.request(method, path, json=content)
            return answer
        except httpx.TransportError as error:
            address = self._client.base_url.netloc.decode()
            raise BrokerUnreachable(
                f"The broker's management API at {address} does not answer "
                f"({type(error).__name__}). Start the broker, or correct amqp_management_uri in "
                "node.toml."
            ) from error

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            request = answer.request
            raise BrokerRefused(
                f"The broker answered {answer.status_code} to {request.method} "
                f"{request.url.path}: {answer.text[:200]}"
            )
        return answer


def name(text: str) -> str:
    """A name as one segment of a path."""
    return quote(text, safe="")
