"""supervisord, as `hinterland up` uses it: real processes, restarted, ended in order."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.programs import Program
from deploy.supervision import AlreadyRunning, Supervision
from hinterland.ground.process import poll

# Says in a file when it starts and when it is told to end.
WITNESS = """
import signal, sys, time
name, path = sys.argv[1:]
def note(line):
    with open(path, "a") as file:
        print(line, file=file)
def end(*_):
    note(f"{name} ended")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
note(f"{name} started")
while True:
    time.sleep(60)
"""
LIMIT_S = 30.0


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """What the witnesses wrote."""
    path = tmp_path / "journal"
    path.touch()
    return path


def witness(name: str, journal: Path, priority: int = 1, group: str = "") -> Program:
    script = journal.with_name("witness.py")
    script.write_text(WITNESS)
    command = [sys.executable, str(script), name, str(journal)]
    log = journal.with_name(f"{name}.log")
    return Program(name, group or name, command, log, priority, stop_wait_s=10)


def supervision(folder: Path, *programs: Program) -> Supervision:
    return Supervision(folder / "run", folder / "log", programs)


def wait_until(ready: Callable[[], bool], what: str) -> None:
    poll(ready, lambda: True, what, LIMIT_S)


def wait_for_lines(journal: Path, *lines: str) -> None:
    wait_until(lambda: set(lines) <= set(journal.read_text().splitlines()), f"{lines}")


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"


def test_programs_end_in_the_opposite_order_of_their_priority(
    tmp_path: Path, journal: Path
) -> None:
    """The database is there until the last service has ended."""
    names = ["database", "broker", "service"]
    programs = [witness(name, journal, priority) for priority, name in enumerate(names, 1)]
    with supervision(tmp_path, *programs) as watched:
        watched.launch(names)
        wait_for_lines(journal, *(f"{name} started" for name in names))

    assert journal.read_text().splitlines()[-3:] == [f"{name} ended" for name in reversed(names)]


def test_programs_of_a_group_end_together(tmp_path: Path, journal: Path) -> None:
    """The next priority waits for all of a group, and no member of the group for another."""
    names = ["directory", "accounts", "gateway"]
    programs = [
        witness("directory", journal, 1, "services"),
        witness("accounts", journal, 1, "services"),
        witness("gateway", journal, 2, "gateways"),
    ]
    with supervision(tmp_path, *programs) as watched:
        watched.launch(names)
        wait_for_lines(journal, *(f"{name} started" for name in names))

    ended = journal.read_text().splitlines()[-3:]
    assert ended[0] == "gateway ended"
    assert set(ended[1:]) == {"directory ended", "accounts ended"}


def test_a_program_waits_until_it_is_launched(tmp_path: Path, journal: Path) -> None:
    """A service does not start before the ground that it needs."""
    with supervision(tmp_path, witness("service", journal)) as watched:
        assert watched.states()["service"].state == "STOPPED"
        assert not watched.running("service")()


def test_a_killed_program_is_started_again(tmp_path: Path, journal: Path) -> None:
    """`kill -9` of a service is an interruption, not an end."""
    with supervision(tmp_path, witness("service", journal)) as watched:
        watched.launch(["service"])
        wait_for_lines(journal, "service started")
        killed = watched.states()["service"].pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: journal.read_text().count("service started") == 2, "a second start")

        assert watched.states()["service"].pid not in (killed, None)


def test_no_program_outlives_its_supervisor(tmp_path: Path, journal: Path) -> None:
    """Even if supervisord is killed, its programs are told to end."""
    with supervision(tmp_path, witness("service", journal)) as watched:
        watched.launch(["service"])
        wait_for_lines(journal, "service started")
        pid = watched.states()["service"].pid
        assert pid is not None
        os.kill(int((tmp_path / "run" / "supervisord.pid").read_text()), signal.SIGKILL)
        wait_until(lambda: gone(pid), "the end of the program")

        assert not watched.alive()
    assert "service ended" in journal.read_text()


def test_one_folder_is_run_once(tmp_path: Path, journal: Path) -> None:
    """A second `up` of a node is refused and does the first no harm."""
    with supervision(tmp_path, witness("service", journal)) as first:
        with pytest.raises(AlreadyRunning), supervision(tmp_path, witness("service", journal)):
            pass

        assert first.alive()


def test_a_folder_may_lie_deep_in_the_tree_and_have_any_name(tmp_path: Path, journal: Path) -> None:
    """The length of a socket's path, spaces and percent signs do not matter."""
    deep = tmp_path / ("100 % 云南; " * 8).strip()
    deep.mkdir()
    moved = deep / "journal"
    moved.touch()
    with supervision(deep, witness("service", moved)) as watched:
        watched.launch(["service"])
        wait_for_lines(moved, "service started")

    assert moved.read_text().splitlines() == ["service started", "service ended"]
