"""How the command line reaches services, where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.rpc import Caller
from hinterland.actors import ANONYMOUS
from hinterland.errors import Unavailable
from hinterland.ground import free_ports
from hinterland.testing import Vhost


def test_a_service_that_does_not_run_is_reported_at_once(vhost: Vhost, tmp_path: Path) -> None:
    """The broker returns the call, and nobody waits for a deadline."""
    caller = Caller(vhost.amqp_uri, tmp_path)
    try:
        with pytest.raises(Unavailable, match="no service directory"):
            caller.call("directory", "get_ngos", ANONYMOUS, {"ids": []})
    finally:
        caller.close()


def test_a_broker_that_is_down_is_reported_with_the_command_that_starts_it(tmp_path: Path) -> None:
    """The first thing to check when a command fails is whether the node runs."""
    (port,) = free_ports(1)

    with pytest.raises(Unavailable, match=f"hinterland --dir {tmp_path} up"):
        Caller(f"amqp://yunnan:secret@127.0.0.1:{port}/yunnan", tmp_path)


def test_a_password_that_the_broker_does_not_know_gives_nothing_away(
    vhost: Vhost, tmp_path: Path
) -> None:
    """A refused login is reported without the password."""
    wrong = vhost.amqp_uri.replace("amqp://tests:", "amqp://tests:wrong")

    with pytest.raises(Unavailable) as refused:
        Caller(wrong, tmp_path)
    assert "wrong" not in str(refused.value)
