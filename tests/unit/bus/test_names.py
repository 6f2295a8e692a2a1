"""Names on RabbitMQ, and that the gateway can have them without eventlet."""

from __future__ import annotations

import subprocess
import sys

from hinterland.bus import names


def test_keys_name_service_and_node() -> None:
    """The keys are those that peers of every version listen to."""
    keys = [
        names.feed_key("directory", "yunnan"),
        names.heads_key("yunnan"),
        names.want_key("directory", "gansu"),
        names.give_key("directory", "gansu"),
        names.changed_key("directory"),
    ]

    assert keys == [
        "feed.directory.yunnan",
        "heads.yunnan",
        "want.directory.gansu",
        "give.directory.gansu",
        "changed.directory",
    ]


def test_every_queue_is_bounded_and_durable_ones_survive() -> None:
    """No queue grows without limit, and those of services outlive a restart of the broker."""
    queues = [
        names.rpc_queue("directory"),
        names.follow_queue("directory", "yunnan"),
        names.reactions_queue("map", ("directory",)),
    ]
    limits = {"x-max-length", "x-max-length-bytes"}

    assert all(limits & set(queue.queue_arguments) for queue in queues)
    assert all(queue.durable for queue in queues)
    assert "x-expires" in names.reply_queue("map", "one").queue_arguments


def test_what_must_stay_in_order_has_one_consumer() -> None:
    """Of several instances the broker serves one."""
    queues = [names.follow_queue("directory", "yunnan"), names.reactions_queue("map", ("a",))]

    assert all(queue.queue_arguments["x-single-active-consumer"] for queue in queues)


def test_names_load_neither_nameko_nor_eventlet() -> None:
    """The gateway's process, which is asyncio's, may import them."""
    program = "import sys, hinterland.bus.names; print({'nameko', 'eventlet'} & set(sys.modules))"
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == "set()"
