"""What waits for the broker is bounded, and the newest messages stay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hinterland.bus.outbox import UNSENT_BYTES_MAX, UNSENT_MESSAGES_MAX, Outbox, Outgoing


def message(name: str, size: int = 1) -> Outgoing:
    return Outgoing("hinterland.feeds", name, b"x" * size, {})


def drain(outbox: Outbox) -> list[str]:
    names = []
    while outbox:
        oldest = outbox.oldest()
        names.append(oldest.routing_key)
        outbox.sent(oldest)
    return names


@given(st.lists(st.text(max_size=5), max_size=50))
def test_messages_leave_in_the_order_in_which_they_came(names: list[str]) -> None:
    """Nothing overtakes."""
    outbox = Outbox()
    for name in names:
        outbox.put(message(name))

    assert drain(outbox) == names


def test_too_many_messages_push_the_oldest_out() -> None:
    """The newest heads say all that older ones said."""
    outbox = Outbox()
    for number in range(UNSENT_MESSAGES_MAX):
        assert outbox.put(message(str(number))) is None

    pushed_out = outbox.put(message("last"))

    assert pushed_out is not None
    assert (pushed_out.routing_key, outbox.dropped) == ("0", 1)
    assert drain(outbox)[-1] == "last"


def test_too_many_bytes_push_the_oldest_out() -> None:
    """Few large messages are bounded as many small ones are."""
    outbox = Outbox()
    third = UNSENT_BYTES_MAX // 3
    for name in ("one", "two", "three", "four", "five"):
        outbox.put(message(name, third))

    assert outbox.dropped == 2
    assert drain(outbox) == ["three", "four", "five"]


def test_what_was_pushed_out_while_it_was_sent_takes_no_other_with_it() -> None:
    """A slow send does not remove a message that nobody has sent."""
    outbox = Outbox()
    outbox.put(message("slow"))
    slow = outbox.oldest()
    outbox.put(message("large", UNSENT_BYTES_MAX))

    outbox.sent(slow)

    assert drain(outbox) == ["large"]
