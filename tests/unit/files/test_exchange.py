"""Bodies reach everybody who refers to them, whatever the network and the others do."""

from __future__ import annotations

from random import Random

import pytest

from hinterland.files.pieces import CHUNK_BYTES
from hinterland.files.serving import GIVE_BYTES_MAX, SERVED_BYTES_AT_ONCE_MAX
from hinterland.replica.messages import open_message
from tests.unit.files.town import LIES, Town

SCHEDULES = 60
HOUR_S = 3600.0


def content(seed: int, size: int) -> bytes:
    return Random(seed).randbytes(size)


def has_all(town: Town, *hashes: str) -> bool:
    return all(sha256 in each.shelf.bodies for each in town.honest() for sha256 in hashes)


def test_a_file_reaches_everybody() -> None:
    """Of several chunks, byte by byte, and nothing is left to ask for."""
    town = Town(1, "yunnan gansu national")
    sha256 = town.publish_record("yunnan", content(1, 5 * CHUNK_BYTES + 7))
    town.run_until(lambda: has_all(town, sha256), 60)
    asked = town.sent["want-file"]
    town.run(HOUR_S)

    assert town.sent["want-file"] == asked
    assert all(not resident.shelf.missing.parts for resident in town.residents.values())
    assert not town.noted


def test_small_files_come_first() -> None:
    """A photo does not wait for a package, not even if the package came first."""
    town = Town(2, "yunnan gansu")
    package = town.publish_record("yunnan", content(2, 20 * 1024 * 1024))
    town.run(3)
    gansu = town.residents["gansu"].shelf
    assert 0 < len(gansu.missing.parts[package].data)
    photos = [town.publish_record("yunnan", content(i, 30_000 + i)) for i in range(5)]
    town.run_until(lambda: has_all(town, *photos), 60)

    assert package not in gansu.bodies
    town.run_until(lambda: has_all(town, package), 600)


def test_files_wait_for_records() -> None:
    """While batches are on their way nothing else is asked for."""
    town = Town(3, "yunnan gansu")
    voice = town.residents["gansu"].voice
    voice.catching_up = True
    sha256 = town.publish_record("yunnan", content(3, 1000))
    town.run(60)
    assert town.sent["want-file"] == 0
    voice.catching_up = False

    town.run_until(lambda: has_all(town, sha256), 10)


def test_one_question_is_outstanding() -> None:
    """However many files are missing, a node has asked for one piece of one of them."""
    town = Town(4, "yunnan gansu")
    town.delay_s = 1e-6
    for i in range(50):
        town.publish_record("yunnan", content(i, 1000))
    town.cut = {"yunnan"}
    town.residents["gansu"].voice.heard_within = lambda seconds: {"yunnan"}  # type: ignore[method-assign]
    town.run(5)

    assert town.sent["want-file"] == 1


def test_pieces_grow_while_answers_keep_time() -> None:
    """A large file takes few questions on a good link, and small pieces on a bad one."""
    town = Town(5, "yunnan gansu")
    town.delay_s = 0.01
    sha256 = town.publish_record("yunnan", content(5, 16 * GIVE_BYTES_MAX))
    town.run_until(lambda: has_all(town, sha256), 600)

    assert town.sent["want-file"] < 20


def test_a_restart_goes_on_where_it_ended() -> None:
    """What has come is not asked for again."""
    town = Town(6, "yunnan gansu")
    size = 12 * 1024 * 1024
    sha256 = town.publish_record("yunnan", content(6, size))
    gansu = town.residents["gansu"]
    asked_from: list[int] = []
    while sha256 not in gansu.shelf.bodies:
        town.run(1.0)
        if sha256 in gansu.shelf.missing.parts:
            got = gansu.shelf.missing.parts[sha256].file.got
            assert got >= max(asked_from, default=0)
            asked_from.append(got)
        gansu.start()

    assert len(set(asked_from)) > 3
    assert len(gansu.shelf.bodies[sha256]) == size


def test_an_erased_file_is_asked_for_no_more() -> None:
    """In the middle of a piece: what comes too late is not kept."""
    town = Town(7, "yunnan gansu")
    sha256 = town.publish_record("yunnan", content(7, 12 * 1024 * 1024))
    town.run(2)
    gansu = town.residents["gansu"].shelf
    assert 0 < len(gansu.missing.parts[sha256].data)
    for resident in town.residents.values():
        resident.shelf.erase(sha256)
    other = town.publish_record("yunnan", content(8, 1000))
    town.run_until(lambda: has_all(town, other), 60)

    assert sha256 not in gansu.bodies
    assert sha256 not in gansu.missing.parts


def test_a_file_that_nobody_gives_is_asked_for_less_and_less() -> None:
    """And comes at once when its home is back."""
    town = Town(8, "yunnan gansu national")
    town.cut = {"yunnan"}
    sha256 = town.publish_record("yunnan", content(9, 1000))
    town.run(6 * HOUR_S)
    assert 0 < town.sent["want-file"] < 6 * 6 * 2
    town.cut = set()

    town.run_until(lambda: has_all(town, sha256), 60)


def test_a_file_goes_on_without_its_home() -> None:
    """Whoever has it gives it: a chain of nodes passes it on."""
    town = Town(9, "yunnan national gansu")
    town.cut = {"gansu"}
    sha256 = town.publish_record("yunnan", content(10, 3 * CHUNK_BYTES))
    town.run(30)
    assert sha256 in town.residents["national"].shelf.bodies
    town.cut = {"yunnan"}

    town.run_until(lambda: has_all(town, sha256), 600)


@pytest.mark.parametrize("lie", LIES)
def test_a_liar_changes_nothing(lie: str) -> None:
    """Whatever one member says of a file, the others get the right bytes, and blame who lies."""
    for seed in range(10):
        town = Town(seed, "yunnan gansu liar", {"liar": lie})
        hashes = [town.publish_record("yunnan", content(i, i * 90_000 + 1)) for i in range(6)]
        liar = town.residents["liar"]
        for i, sha256 in enumerate(hashes):
            liar.shelf.bodies[sha256] = content(i, i * 90_000 + 1)
        town.prefer("liar")
        town.run_until(lambda town=town, hashes=hashes: has_all(town, *hashes), HOUR_S)  # type: ignore[misc]

        assert town.faults[lie] > 0
        assert town.noted["gansu", "yunnan"] <= town.noted["gansu", "liar"]
        if lie not in ("silence", "busy for ever"):
            assert town.noted["gansu", "liar"] > 0


@pytest.mark.parametrize("lie", LIES)
def test_a_liar_alone_costs_little(lie: str) -> None:
    """Where nobody else can be asked, he is not asked for ever."""
    town = Town(15, "yunnan gansu liar", {"liar": lie})
    sha256 = town.publish_record("yunnan", content(15, 600_000))
    town.residents["liar"].shelf.bodies[sha256] = content(15, 600_000)
    town.cut = {"yunnan"}
    town.run(6 * HOUR_S)
    assert town.sent["want-file"] < 6 * 30
    town.cut = set()

    town.run_until(lambda: has_all(town, sha256), HOUR_S)


def test_liars_are_asked_last() -> None:
    """Who was caught once is not the first to be asked for the next file."""
    town = Town(11, "yunnan gansu liar", {"liar": "other bytes"})
    town.prefer("liar")
    for i in range(30):
        sha256 = town.publish_record("yunnan", content(i, 5000))
        town.residents["liar"].shelf.bodies[sha256] = content(i, 5000)
        town.run_until(lambda sha256=sha256: has_all(town, sha256), HOUR_S)  # type: ignore[misc]

    assert town.faults["other bytes"] == 1


def test_an_asker_gets_so_much_a_second_and_no_more() -> None:
    """A flood of questions is answered at a bounded rate, then not at all."""
    town = Town(12, "yunnan flood")
    sha256 = town.publish_record("yunnan", content(12, GIVE_BYTES_MAX))
    town.run_until(lambda: has_all(town, sha256), 60)
    yunnan, flood = (town.residents[name] for name in ("yunnan", "flood"))
    given: list[bytes] = []
    yunnan.courier._publish = lambda key, body: given.append(body)
    town.run(60)
    for ask in range(10_000):
        fields = {"type": "want-file", "ask": ask, "sha256": sha256, "start": 0, "budget": 1 << 40}
        want = flood.voice.say("want.map.yunnan", fields)
        yunnan.courier.receive(open_message(want.body), town.now)

    assert sum(map(len, given)) < 2.5 * SERVED_BYTES_AT_ONCE_MAX
    assert 10 < len(given) < 2000
    assert "busy_s" in open_message(given[-1]).fields


def test_a_question_that_comes_twice_is_answered_once() -> None:
    """A broker that repeats a message does not double the traffic."""
    town = Town(13, "yunnan gansu")
    town.repeats = 1.0
    sha256 = town.publish_record("yunnan", content(13, 100))
    town.run_until(lambda: has_all(town, sha256), 60)

    assert town.faults["repeat"] > 0
    assert (1, 1) == (town.sent["want-file"], town.sent["give-file"])


def test_rubbish_is_counted_and_nothing_else() -> None:
    """Whatever a member writes into a message about files, nothing breaks."""
    town = Town(14, "yunnan gansu")
    random = Random(14)
    strange: list[object] = [None, -1, 1 << 60, "x", [], {}, True, 1.5, "0" * 64, ["0" * 64]]
    yunnan, gansu = (town.residents[name] for name in ("yunnan", "gansu"))
    names = ("ask", "re", "sha256", "start", "budget", "size", "busy_s", "sizes", "sum")
    for _ in range(2000):
        fields = {name: random.choice(strange) for name in names if random.random() < 0.7}
        fields["type"] = random.choice(["want-file", "give-file"])
        said = gansu.voice.say("x", fields)
        yunnan.courier.receive(open_message(said.body), town.now)
    assert town.noted["yunnan", "gansu"] > 100

    sha256 = town.publish_record("gansu", content(14, 1000))
    town.run_until(lambda: has_all(town, sha256), 60)


def schedule(seed: int) -> Town:
    """A town with everything that can go wrong, until all is quiet."""
    random = Random(seed)
    names = ["yunnan", "gansu", "national", "hunan", "sichuan"][: random.randint(2, 5)]
    liars = {"liar": random.choice(list(LIES))} if random.random() < 0.6 else {}
    town = Town(seed, " ".join([*names, *liars]), liars)
    town.loss = random.choice([0, 0.02, 0.2])
    town.repeats = random.choice([0, 0.1])
    town.delay_s = random.choice([0.01, 0.5, 5.0])
    alive: dict[str, bytes] = {}
    for step in range(random.randint(3, 12)):
        size = int(2 ** random.uniform(0, 20.5))
        body = content(seed * 1000 + step, size)
        claimed = random.choice([None, None, 1, size * 2])
        sha256 = town.publish_record(random.choice(names), body, claimed)
        alive[sha256] = body
        for liar in liars:
            town.residents[liar].shelf.bodies[sha256] = body
        town.run(random.expovariate(1 / 20))
        disturb(town, random, names, alive)
    town.loss = min(town.loss, 0.05)
    town.cut = set()
    town.run_until(lambda: has_all(town, *alive), 12 * HOUR_S)
    town.run(60)
    for resident in town.honest():
        assert alive == resident.shelf.bodies, f"seed {seed}: {resident.name}"
        assert resident.shelf.missing.parts == {}
    return town


def disturb(town: Town, random: Random, names: list[str], alive: dict[str, bytes]) -> None:
    match random.choice(["nothing", "restart", "cut", "heal", "erase", "catch up"]):
        case "restart":
            town.faults["restart"] += 1
            town.residents[random.choice(names)].start()
        case "cut":
            town.cut = {random.choice(names)}
        case "heal":
            town.cut = set()
        case "erase" if len(alive) > 1:
            sha256 = random.choice(sorted(alive))
            del alive[sha256]
            town.faults["erase"] += 1
            for resident in town.residents.values():
                resident.shelf.erase(sha256)
        case "catch up":
            voice = town.residents[random.choice(names)].voice
            voice.catching_up = True
            town.run(random.expovariate(1 / 10))
            voice.catching_up = False


def test_every_schedule_ends_with_all_files_everywhere() -> None:
    """Loss, repeats, cuts, restarts, erasures, wrong claims and liars; each of them happened."""
    faults: dict[str, int] = {}
    for seed in range(SCHEDULES):
        for fault, count in schedule(seed).faults.items():
            faults[fault] = faults.get(fault, 0) + count

    expected = {"loss", "repeat", "cut", "restart", "erase", *LIES}
    assert expected == {fault for fault, count in faults.items() if count > 0}
