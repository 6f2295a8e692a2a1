"""Settings of a node, and the folder that `init` makes."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from hinterland.config import BadSettings, NodeExists, NoNodeHere, Settings, init_node
from hinterland.config.certificate import authority, fingerprint

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in Settings.model_fields:
        monkeypatch.delenv(f"HINTERLAND_{key.upper()}", raising=False)


def test_a_folder_that_init_made_loads_as_the_settings_it_was_made_with(tmp_path: Path) -> None:
    """What `init` returns is what every later process reads."""
    made = init_node(tmp_path / "yn", "yunnan", "CN-YN", '云南 "hub"', gateway_port=8001)

    assert made == Settings.load(tmp_path / "yn")
    assert made.name == '云南 "hub"'


def test_secrets_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    """The keys and the broker's password are closed to the machine's other users."""
    made = init_node(tmp_path, "yunnan", "CN-YN")

    for path in (made.key_path, made.certificate_key_path, tmp_path / "node.toml"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_stay_out_of_the_printed_settings(tmp_path: Path) -> None:
    """Settings in a log give no password away."""
    made = init_node(tmp_path, "yunnan", "CN-YN")

    assert made.broker_password not in repr(made)


def test_the_key_is_ed25519(tmp_path: Path) -> None:
    """The node signs with Ed25519."""
    made = init_node(tmp_path, "yunnan", "CN-YN")

    key = load_pem_private_key(made.key_path.read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)


def test_the_certificate_names_the_node_and_where_it_is_reached(tmp_path: Path) -> None:
    """Its CN is the node, and its SAN holds the node and the public host."""
    made = init_node(tmp_path, "yunnan", "CN-YN", public_host="hub.example.org", clock=lambda: NOON)

    certificate = x509.load_pem_x509_certificate(made.certificate_path.read_bytes())
    san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert certificate.subject.rfc4514_string() == "CN=yunnan"
    assert {"yunnan", "localhost", "hub.example.org"} <= set(san.get_values_for_type(x509.DNSName))
    assert [str(ip) for ip in san.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert certificate.not_valid_before_utc < NOON < certificate.not_valid_after_utc


def test_what_peers_pin_has_signed_the_certificate_and_can_sign_no_other(tmp_path: Path) -> None:
    """The authority vouches for the node's certificate; its key is kept nowhere."""
    made = init_node(tmp_path, "yunnan", "CN-YN")
    chain = made.certificate_path.read_bytes()

    certificate, pinned = x509.load_pem_x509_certificates(chain)

    certificate.verify_directly_issued_by(pinned)
    assert authority(chain).encode() == pinned.public_bytes(Encoding.PEM)
    assert bytes.fromhex(fingerprint(chain)) == certificate.fingerprint(SHA256())
    key = load_pem_private_key(made.certificate_key_path.read_bytes(), password=None)
    assert key.public_key() == certificate.public_key() != pinned.public_key()


def test_init_never_touches_a_node_that_is_there(tmp_path: Path) -> None:
    """A second `init` cannot replace a node's key."""
    key = init_node(tmp_path, "yunnan", "CN-YN").key_path.read_bytes()

    with pytest.raises(NodeExists, match="hinterland --dir"):
        init_node(tmp_path, "gansu", "CN-GS")
    assert key == (tmp_path / "node.key").read_bytes()


@pytest.mark.parametrize("node", ["", "y", "Yunnan", "9yunnan", "yun_nan", "y" * 32, "yunnan\n"])
def test_a_bad_node_id_is_refused_before_anything_is_written(tmp_path: Path, node: str) -> None:
    """An id that cannot be undone later is checked first."""
    with pytest.raises(BadSettings) as refused:
        init_node(tmp_path / "node", node, "CN-YN")

    assert refused.value.field == "id"
    assert not (tmp_path / "node").exists()


@pytest.mark.parametrize("region", ["", "Yunnan", "cn-yn", "CN-YNNN", "CN-", "CHN"])
def test_a_region_is_written_as_iso_3166_2_has_it(tmp_path: Path, region: str) -> None:
    """A region that is no ISO 3166-2 code is refused."""
    with pytest.raises(BadSettings, match="ISO 3166-2"):
        init_node(tmp_path / "node", "yunnan", region)


def test_the_environment_overrides_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HINTERLAND_GATEWAY_PORT wins over node.toml."""
    init_node(tmp_path, "yunnan", "CN-YN", gateway_port=8001)
    monkeypatch.setenv("HINTERLAND_GATEWAY_PORT", "9001")
    monkeypatch.setenv("HINTERLAND_SERVICES", "directory, accounts")

    settings = Settings.load(tmp_path)
    assert settings.gateway_port == 9001
    assert settings.services == ("directory", "accounts")
    assert settings.public_url == "http://127.0.0.1:9001"


def test_a_misspelt_setting_is_refused_with_the_likely_one(tmp_path: Path) -> None:
    """A typing mistake in node.toml does not pass in silence."""
    init_node(tmp_path, "yunnan", "CN-YN")
    with (tmp_path / "node.toml").open("a") as file:
        file.write("gatway_port = 1\n")

    with pytest.raises(BadSettings, match="Did you mean gateway_port"):
        Settings.load(tmp_path)


def test_a_folder_without_a_node_says_how_to_make_one(tmp_path: Path) -> None:
    """The error of an empty folder is its own remedy."""
    with pytest.raises(NoNodeHere, match="init"):
        Settings.load(tmp_path)


def test_a_node_runs_its_own_servers_unless_told_of_others(tmp_path: Path) -> None:
    """Addresses in the settings mean servers that somebody else runs."""
    own = init_node(tmp_path / "own", "yunnan", "CN-YN")
    shared = init_node(
        tmp_path / "shared",
        "gansu",
        "CN-GS",
        mongo_uri="mongodb://db.example.org/?replicaSet=rs0",
        amqp_uri="amqp://gansu:secret@mq.example.org:5672/gansu",
    )

    assert (own.own_mongo, own.own_broker) == (True, True)
    assert (shared.own_mongo, shared.own_broker) == (False, False)
    assert shared.amqp_management_uri == "http://gansu:secret@mq.example.org:15672"
    assert shared.amqp_public_uri == "amqp://mq.example.org:5672/gansu"


def test_peers_use_tls_when_the_own_broker_offers_it(tmp_path: Path) -> None:
    """The address given to peers is the TLS port at the public host."""
    made = init_node(
        tmp_path, "yunnan", "CN-YN", public_host="hub.example.org", broker_tls_port=5671
    )

    assert made.amqp_public_uri == "amqps://hub.example.org:5671/yunnan"


def test_every_setting_says_what_it_is_for() -> None:
    """No setting is without a description."""
    silent = [key for key, field in Settings.model_fields.items() if not field.description]

    assert silent == []
