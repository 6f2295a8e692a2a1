"""One service that answers the same calls through nameko's own entrypoint, or through ours.

python -m bench.rpc_service stock|ours AMQP_URI
"""

from __future__ import annotations

import warnings

warnings.filterwarnings("ignore", message="\\s*Eventlet is deprecated")

import eventlet  # noqa: E402

eventlet.monkey_patch()

import logging  # noqa: E402
import sys  # noqa: E402
from typing import Any, Final  # noqa: E402

from nameko.constants import AMQP_URI_CONFIG_KEY, MAX_WORKERS_CONFIG_KEY  # noqa: E402
from nameko.containers import ServiceContainer  # noqa: E402
from nameko.rpc import rpc as stock  # noqa: E402

from hinterland.bus.rpc import rpc as ours  # noqa: E402

ENTRYPOINTS: Final[dict[str, Any]] = {"stock": stock, "ours": ours}
WORKERS: Final = 10  # nameko's default
NGO: Final = {
    "names": {"zh": "云南绿色发展基金会", "en": "Yunnan Green Development Foundation"},
    "descriptions": {"zh": "在滇西北的村庄里保护水源和森林。" * 10},
    "causes": ["environment", "education"],
    "region": "CN-YN",
    "city": "昆明市",
    "location": {"lng": 102.7122, "lat": 25.0406},
}
NGOS: Final = [{"id": f"yunnan.ngo.{n:026d}", **NGO} for n in range(50)]


def service(which: str) -> type:
    """The service class `bench_stock` or `bench_ours`."""
    rpc = ENTRYPOINTS[which]

    class Service:
        name = f"bench_{which}"

        @rpc  # type: ignore[untyped-decorator]
        def one(self, actor: Any, params: Any) -> Any:
            return {"head": 1, "items": NGOS[:1]}

        @rpc  # type: ignore[untyped-decorator]
        def fifty(self, actor: Any, params: Any) -> Any:
            return {"head": 1, "items": NGOS}

    return Service


def main() -> None:
    which, amqp_uri = sys.argv[1:]
    logging.basicConfig(level=logging.WARNING)
    config = {AMQP_URI_CONFIG_KEY: amqp_uri, MAX_WORKERS_CONFIG_KEY: WORKERS, "NODE": "bench"}
    container = ServiceContainer(service(which), config)
    container.start()
    print("serving", flush=True)  # noqa: T201  # whoever started it waits for this
    container.wait()


if __name__ == "__main__":
    main()
