"""The node's TLS certificate, which peers pin instead of trusting anybody's CA.

It is signed by an authority made for it alone, whose key is forgotten at once. The detour is for
Erlang, which takes a self-signed certificate from nobody (`selfsigned_peer`), pinned or not; and it
costs nothing, because an authority without a key can never vouch for another certificate.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["authority", "fingerprint", "new_certificate"]

VALID_DAYS: Final = 3650
# A hub's clock may be wrong by some days when it is set up; its certificate holds all the same.
CLOCK_SKEW_DAYS: Final = 7


def new_certificate(node: str, hosts: Iterable[str], now: datetime) -> tuple[bytes, bytes]:
    """A certificate followed by its authority's, and its key, all PEM.

    CN is `node`; SAN is `node` and `hosts` (names and IP addresses). Peers' brokers ask for the
    name `node`: Erlang compares with no IP address, and a hub's address may change.
    P-256 and not Ed25519, because old brokers and browsers do not speak the latter.
    """
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = _name(f"{node} authority")
    authority_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = (
        _builder(authority_name, authority_name, authority_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_may(key_cert_sign=True), critical=True)
        .add_extension(authority_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    names = [_san(host) for host in dict.fromkeys([node, *hosts])]
    certificate = (
        _builder(_name(node), authority_name, key.public_key(), now)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_may(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(Encoding.PEM) + authority.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def authority(chain: bytes) -> str:
    """The last certificate of a PEM chain: what a peer's broker pins. Raises ValueError."""
    return x509.load_pem_x509_certificates(chain)[-1].public_bytes(Encoding.PEM).decode()


def fingerprint(chain: bytes) -> str:
    """SHA-256, in hex, of the first certificate of a PEM chain: the one that a server shows."""
    first = x509.load_pem_x509_certificates(chain)[0]
    return hashlib.sha256(first.public_bytes(Encoding.DER)).hexdigest()


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=CLOCK_SKEW_DAYS))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _may(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _san(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
