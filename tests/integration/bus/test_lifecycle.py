"""A service starts, loses its broker and finds it again, and stops; nothing is lost on the way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pika
import pytest

from cli.rpc import Caller
from hinterland.config import Settings
from hinterland.errors import Unavailable
from hinterland.ground import Mongod, free_ports, start
from hinterland.ground.process import poll
from hinterland.testing import NewNode
from hinterland.wire import CONTENT_TYPE, RPC_EXCHANGE, decode_reply, encode_call
from tests.integration.service_process import LIMIT_S, OPERATOR, ServiceProcess

from .conftest import OwnBroker, StartNotes

CALLS_RUNNING_MAX = 64  # hinterland.serve, which cannot be imported without patching this process

START = """
import sys
from hinterland import serve
from hinterland.config import Settings
serve.wait_for_servers(Settings.load(sys.argv[1]), "notes", wait_s=0.5)
"""

InBackground = Callable[..., Future[Any]]


@pytest.fixture
def in_background() -> Any:
    """Calls a method of a service from a thread, over a connection of its own."""
    with ThreadPoolExecutor(4) as threads:

        def call(settings: Settings, method: str, **params: Any) -> Future[Any]:
            def work() -> Any:
                with closing(Caller(settings.amqp_uri, settings.dir)) as caller:
                    return caller.call("notes", method, OPERATOR, params)

            return threads.submit(work)

        yield call


def answers(service: ServiceProcess) -> bool:
    try:
        return bool(service.call("who"))
    except Unavailable:
        return False


def test_a_running_call_is_answered_before_the_service_stops(
    notes: ServiceProcess, in_background: InBackground
) -> None:
    """SIGTERM takes no answer away from a caller."""
    answer = in_background(notes.settings, "wait", name="the end", seconds=1)
    notes.wait_until_it_says("waiting for the end")

    code = notes.stop()

    assert answer.result(LIMIT_S) == {"waited": 1}
    assert (code, notes.count("stopped")) == (0, 1)


def test_calls_in_flight_are_bounded(notes: ServiceProcess) -> None:
    """However many callers there are, a service runs so many calls at once and no more."""
    calls = CALLS_RUNNING_MAX + 20
    connection = pika.BlockingConnection(pika.URLParameters(notes.settings.amqp_uri))
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, RPC_EXCHANGE, "many")
    for number in range(calls):
        channel.basic_publish(
            RPC_EXCHANGE,
            "notes.wait",
            encode_call(OPERATOR, {"name": str(number), "seconds": 0.5}),
            pika.BasicProperties(content_type=CONTENT_TYPE, reply_to="many"),
        )
    replies = [body for _, _, body in islice(channel.consume(queue, auto_ack=True), calls)]
    connection.close()

    began_before_the_first_ended = notes.log.read_text().partition("waited for")[0]

    assert all(decode_reply(body) == {"waited": 0.5} for body in replies)
    assert began_before_the_first_ended.count("waiting for") == CALLS_RUNNING_MAX


def test_a_call_whose_service_was_killed_is_run_by_the_next_one(
    notes: ServiceProcess, start_notes: StartNotes, in_background: InBackground
) -> None:
    """The broker delivers again what was not answered."""
    answer = in_background(notes.settings, "wait", name="ever", seconds=0.5)
    notes.wait_until_it_says("waiting for ever")

    notes.kill()
    start_notes(notes.settings)

    assert answer.result(LIMIT_S) == {"waited": 0.5}


def test_a_service_outlives_its_broker(
    own_broker: OwnBroker, new_node: NewNode, start_notes: StartNotes
) -> None:
    """After a restart of the broker the same process answers, without having spun meanwhile."""
    notes = start_notes(new_node("yunnan", amqp_uri=own_broker.amqp_uri))
    first = notes.call("write_note", command_id="before", text="a")

    own_broker.kill()
    notes.wait_until_it_says("lost the broker", times=6)
    own_broker.start()
    poll(lambda: answers(notes), notes.running, "an answer", LIMIT_S)

    second = notes.call("write_note", command_id="after", text="b")

    assert notes.call("get_notes")["notes"] == {first["id"]: "a", second["id"]: "b"}
    assert notes.count("lost the broker") < 60
    assert notes.count("Traceback") == 0


def test_a_service_stops_while_its_broker_is_away(
    own_broker: OwnBroker, new_node: NewNode, start_notes: StartNotes
) -> None:
    """SIGTERM does not wait for a broker that may never come back."""
    notes = start_notes(new_node("yunnan", amqp_uri=own_broker.amqp_uri))
    own_broker.kill()
    notes.wait_until_it_says("lost the broker", times=2)

    code = notes.stop()
    own_broker.start()

    assert code == 0


def test_a_service_outlives_its_database(
    tmp_path: Path, new_node: NewNode, start_notes: StartNotes, in_background: InBackground
) -> None:
    """A write that meets a restart of mongod is done when it is back, once, and nothing is lost."""
    (port,) = free_ports(1)
    mongod = Mongod(tmp_path / "mongo", port)
    started = start(mongod, tmp_path / "mongod.log")
    try:
        notes = start_notes(new_node("yunnan", mongo_uri=mongod.uri))
        first = notes.call("write_note", command_id="before", text="a")

        started.kill()
        answer = in_background(notes.settings, "write_note", command_id="during", text="b")
        notes.wait_until_it_says("writing during")
        started = start(mongod, tmp_path / "mongod.log")
        second = answer.result(LIMIT_S)

        assert notes.call("get_notes")["notes"] == {first["id"]: "a", second["id"]: "b"}
        assert notes.running()
    finally:
        notes.kill()
        started.stop()


@pytest.mark.parametrize(
    ("missing", "remedy"),
    [
        ({"amqp_uri": "amqp://127.0.0.1:1/nothing"}, "No RabbitMQ lets us in at 127.0.0.1:1"),
        ({"mongo_uri": "mongodb://127.0.0.1:1/"}, "No MongoDB answers at 127.0.0.1:1"),
    ],
)
def test_without_its_servers_a_service_says_what_to_do(
    new_node: NewNode, missing: dict[str, str], remedy: str
) -> None:
    """Broker or database are waited for, then named, with the command that starts them."""
    settings = new_node("yunnan", **missing)

    ended = subprocess.run(
        [sys.executable, "-c", START, str(settings.dir)],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )

    assert ended.returncode != 0
    assert remedy in ended.stderr
    assert f"hinterland --dir {settings.dir} up" in ended.stderr


def test_an_unknown_service_is_refused_by_name(new_node: NewNode) -> None:
    """A misspelt service ends at once, with where to look."""
    settings = new_node("yunnan")

    ended = subprocess.run(
        [sys.executable, "-m", "hinterland.serve", "directry", "--dir", str(settings.dir)],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )

    assert ended.returncode == 1
    assert "There is no service 'directry'" in ended.stderr
