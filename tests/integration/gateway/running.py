"""A node as it runs: its services and its gateway, each a process, for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from hinterland.actors import Actor
from hinterland.config import Settings, init_node
from hinterland.ground import Management, free_ports
from hinterland.testing import RabbitServer, drop_databases, fresh_name
from tests.integration.gateway.processes import GatewayProcess
from tests.integration.service_process import ServiceProcess

__all__ = ["RunningNode", "run_node", "service"]

LIMIT_S: Final = 20


@dataclass
class RunningNode:
    """One node's services and gateway, and keys to it by role."""

    services: dict[str, ServiceProcess]
    gateway: GatewayProcess
    client: httpx.Client
    keys: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.gateway.settings.id

    @property
    def operator(self) -> Actor:
        """Who runs the command line on the node's machine."""
        return Actor("cli", frozenset({"operator"}), self.id)

    def ask(self, query: str, role: str | None = None, head: str = "", **variables: Any) -> Any:
        return self.post(query, role, head, **variables).json()

    def post(
        self, query: str, role: str | None = None, head: str = "", **variables: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key(role)['key']}"} if role else {}
        if head:
            headers["Hinterland-Head"] = head
        body = {"query": query, "variables": variables}
        return self.client.post(self.gateway.url, json=body, headers=headers)

    def key(self, role: str) -> Any:
        if role not in self.keys:
            self.keys[role] = self.services["accounts"].call(
                "create_key",
                actor=self.operator,
                command_id=fresh_name(),
                name=f"a test's {role}",
                role=role,
            )
        return self.keys[role]

    def register(self, name: str, **fields: Any) -> dict[str, Any]:
        ngo = {**NGO, "names": [{"language": "zh", "text": name}], **fields}
        answer = self.ask(REGISTER, "editor", ngo=ngo)
        assert "errors" not in answer, answer
        registered: dict[str, Any] = answer["data"]["registerNgo"]
        return registered


NGO = {"causes": ["environment"], "region": "CN-YN", "city": "昆明"}
REGISTER = """
mutation($ngo: NgoInput!, $id: ID, $scope: Scope) {
  registerNgo(input: {ngo: $ngo, commandId: $id, scope: $scope}) {
    head
    ngo { id version name scope city }
  }
}
"""


@contextmanager
def run_node(
    mongo_uri: str,
    rabbit_server: RabbitServer,
    management: Management,
    folder: Path,
    names: tuple[str, ...],
) -> Iterator[RunningNode]:
    """Starts the services of these names and a gateway; ready when it is given."""
    vhost, node_id = fresh_name(), fresh_name()
    management.make_vhost(vhost)
    management.permit(vhost, rabbit_server.broker.user)
    gateway_port, door_port = free_ports(2)
    settings = init_node(
        folder / node_id,
        node_id,
        "CN-YN",
        mongo_uri=mongo_uri,
        amqp_uri=rabbit_server.amqp_uri(vhost),
        amqp_management_uri=rabbit_server.management_uri,
        gateway_port=gateway_port,
        door_port=door_port,
        services=names,
    )
    with ExitStack() as stack:
        stack.callback(drop_databases, mongo_uri, settings.database(""))
        stack.callback(management.delete_vhost, vhost)
        services = {name: service(settings, name, folder / f"{name}.log") for name in names}
        stack.callback(kill_all, services)
        gateway = GatewayProcess(settings, folder / "gateway.log")
        stack.callback(gateway.kill)
        client = stack.enter_context(httpx.Client(timeout=LIMIT_S))
        gateway.wait_until("/readyz", beside=services.values())
        yield RunningNode(services, gateway, client)


def kill_all(services: dict[str, ServiceProcess]) -> None:
    """Those that run now: one test puts another in its place."""
    for each in services.values():
        each.kill()


def service(settings: Settings, name: str, log: Path) -> ServiceProcess:
    command = ["-m", "hinterland.serve", name, "--dir", str(settings.dir)]
    return ServiceProcess(settings, name, log, command)
