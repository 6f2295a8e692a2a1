"""A gateway without a broker: what a service would answer is written in the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx
import pytest

from gateway.auth import Auth
from gateway.context import Node
from gateway.documents import Documents
from gateway.execution import Execution
from gateway.graphiql import graphiql_page
from gateway.http import Endpoint
from gateway.live import Heads, Interests
from gateway.responses import Responses
from gateway.schema.schema import build_schema
from hinterland.actors import Actor
from hinterland.errors import Unavailable

NODE = "yunnan"
Answer = Callable[[Actor, Mapping[str, Any]], Any]


class ServiceCalls:
    """Stands where `gateway.rpc.Rpc` stands; keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.called = asyncio.Event()
        self.held: asyncio.Event | None = None  # answers wait for it

    async def call(
        self,
        service: str,
        method: str,
        actor: Actor,
        params: Mapping[str, Any],
        seconds_max: float = 0.0,
    ) -> Any:
        name = f"{service}.{method}"
        self.asked.append((name, params))
        if name not in self.answers:
            raise Unavailable(f"This node runs no service {service}.", service=service)
        answer = self.answers[name](actor, params)
        self.called.set()
        if self.held is not None:
            await self.held.wait()
        return answer

    def count(self, name: str) -> int:
        return sum(1 for asked, _ in self.asked if asked == name)


class Parts:
    """A gateway's parts, with the clock in the test's hands."""

    def __init__(self, *, compiled: bool = True) -> None:
        self.now = 1_000.0
        self.calls = ServiceCalls()
        self.heads = Heads()
        self.interests = Interests()
        self.node = Node(NODE, self.calls, self.heads, self.interests, clock=lambda: self.now)
        self.auth = Auth(self.calls, NODE, clock=lambda: self.now)
        self.documents = Documents(build_schema())
        self.execution = Execution(build_schema(), compiled=compiled)
        self.responses = Responses(self.heads, clock=lambda: self.now)
        self.endpoint = Endpoint(
            self.node, self.auth, self.documents, self.execution, self.responses, graphiql_page
        )

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.endpoint)
        return httpx.AsyncClient(transport=transport, base_url="http://gateway")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
async def client(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    async with parts.client() as client:
        yield client


def ngo(number: int = 1, **fields: Any) -> dict[str, Any]:
    """An NGO as the directory returns it, with all that is required."""
    return {
        "id": f"yunnan.ngo.{number:026}",
        "version": f"1767225600000.{number}",
        "home": "yunnan",
        "scope": "public",
        "at": "2026-01-31T08:05:00.123Z",
        "arrived": "2026-01-31T08:05:01.000Z",
        "names": {"zh": "云南绿色环境发展基金会", "en": "Yunnan Green"},
        "causes": ["environment"],
        "region": "CN-YN",
        **fields,
    }


def page_of(*items: Mapping[str, Any], head: int = 7, total: int | None = None) -> dict[str, Any]:
    """A page as `list_ngos` returns it."""
    return {
        "head": head,
        "items": list(items),
        "cursors": [f"c{number}" for number, _ in enumerate(items)],
        "has_next": False,
        "has_previous": False,
        "total": total,
    }
