"""Names on RabbitMQ, and that the gateway can have them without eventlet."""

from __future__ import annotations

import subprocess
import sys

from hinterland.bus import names, queues


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
    declared = [
        queues.rpc_queue("directory"),
        queues.follow_queue("directory", "yunnan"),
        queues.reactions_queue("map", ("directory",)),
    ]
    limits = {"x-max-length", "x-max-length-bytes"}

    assert all(limits & set(queue.queue_arguments) for queue in declared)
    assert all(queue.durable for queue in declared)
    assert "x-expires" in queues.reply_queue("map", "one").queue_arguments


def test_what_must_stay_in_order_has_one_consumer() -> None:
    """Of several instances the broker serves one."""
    declared = [queues.follow_queue("directory", "yunnan"), queues.reactions_queue("map", ("a",))]

    assert all(queue.queue_arguments["x-single-active-consumer"] for queue in declared)


def test_names_load_nothing_that_talks_to_a_broker() -> None:
    """The gateway's process, which is asyncio's, may import them."""
    talkers = {"nameko", "eventlet", "kombu"}
    program = f"import sys, hinterland.bus.names; print({talkers} & set(sys.modules))"
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == "set()"
