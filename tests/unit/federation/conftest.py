"""A node that wants to join, and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from hinterland.identity import NodeKey
from services.federation.contract import BrokerAddress, PullerName
from services.federation.rules.requests import JoinRequest

FINGERPRINT = "ab" * 32
SECRET = "s" * 32


def broker_address(**changes: Any) -> BrokerAddress:
    body = {
        "host": "127.0.0.1",
        "port": 5672,
        "vhost": "gansu",
        "server_name": "gansu",
        "authority": None,
        "user": "national.at.gansu",
        "password": "p",
    }
    return BrokerAddress.model_validate({**body, **changes})


def join_request(key: NodeKey, **changes: Any) -> JoinRequest:
    body = {
        "federation": "china-0123456789abcdef",
        "fingerprint": FINGERPRINT,
        "secret": SECRET,
        "node": "gansu",
        "region": "CN-GS",
        "name": "甘肃",
        "key": key.public,
        "broker": broker_address(),
        "puller": PullerName(cluster="gansu", vhost="gansu"),
    }
    return JoinRequest.model_validate({**body, **changes})


@pytest.fixture
def key() -> NodeKey:
    return NodeKey.generate()
