"""HTTPS to a server that is known by the fingerprint of its certificate, and by nothing else.

First the certificate is fetched and compared; only then, on a connection that accepts no other,
anything is said. No CA and no DNS is believed.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson

from hinterland.errors import HinterlandError, Unavailable

__all__ = ["Answer", "Unreachable", "WrongFingerprint", "post_json"]

CONNECT_TIMEOUT_S: Final = 10.0
# The other side makes users and policies on its broker meanwhile.
ANSWER_TIMEOUT_S: Final = 40.0
ANSWER_BYTES_MAX: Final = 1024 * 1024


class WrongFingerprint(HinterlandError):
    """Whoever answers at this address does not have the certificate that was announced. Nothing was
    sent. Ask for the address and the fingerprint again; somebody may be listening in."""

    code = "WRONG_FINGERPRINT"


class Unreachable(Unavailable):
    """Nobody answers at this address. Check that the other node is up and that this machine can
    reach it, and try again."""

    code = "UNREACHABLE"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and the JSON that came with it."""

    status: int
    content: Any


def post_json(host: str, port: int, path: str, content: Any, fingerprint: str) -> Answer:
    """Posts `content` as JSON to the server whose certificate has this SHA-256 (hex, of its DER).

    Raises WrongFingerprint, or Unreachable: then it is not known whether the other side has acted.
    """
    try:
        context = _context_for(_fetch_certificate(host, port), fingerprint)
        with httpx.Client(
            verify=context,
            trust_env=False,
            timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        ) as client:
            return _post(
                client, str(httpx.URL(scheme="https", host=host, port=port, path=path)), content
            )
    except (OSError, httpx.HTTPError) as error:
        raise Unreachable(
            f"Nobody answers as expected at {host}:{port} ({type(error).__name__}: {error}). "
            "Check that the other node is up and that this machine can reach it, and try again."
        ) from error


def _post(client: httpx.Client, url: str, content: Any) -> Answer:
    headers = {"Content-Type": "application/json"}
    body = bytearray()
    with client.stream("POST", url, content=orjson.dumps(content), headers=headers) as response:
        for part in response.iter_bytes():
            body += part
            if len(body) > ANSWER_BYTES_MAX:
                raise Unreachable(f"The answer of {url} has more than {ANSWER_BYTES_MAX} bytes.")
    try:
        return Answer(response.status_code, orjson.loads(bytes(body)))
    except orjson.JSONDecodeError as error:
        raise Unreachable(
            f"{url} answered {response.status_code}, but not as a node of Hinterland does."
        ) from error


def _fetch_certificate(host: str, port: int) -> bytes:
    """What the server shows, in DER. Nothing is believed of it yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S) as connection,
        context.wrap_socket(connection, server_hostname=host) as secured,
    ):
        certificate = secured.getpeercert(binary_form=True)
    if certificate is None:
        raise Unreachable(f"{host}:{port} shows no certificate.")
    return certificate


def _context_for(certificate: bytes, fingerprint: str) -> ssl.SSLContext:
    """A context that accepts this one certificate. Raises WrongFingerprint."""
    if not hmac.compare_digest(hashlib.sha256(certificate).hexdigest(), fingerprint):
        raise WrongFingerprint()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # it is this certificate, whatever it is called
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=certificate)
    return context
