"""Invitations as a line of text."""

from __future__ import annotations

import pytest

from services.federation.contract import BadInvitation
from services.federation.rules.invitations import InvitationLine, secret_sum

LINE = InvitationLine(
    federation="china-0123456789abcdef",
    coordinator="national",
    host="hub.example.org",
    port=8443,
    secret="s3cret-_" * 4,
    fingerprint="ab" * 32,
)


@pytest.mark.parametrize("host", ["hub.example.org", "127.0.0.1", "2001:db8::7"])
def test_an_invitation_is_read_back(host: str) -> None:
    """What was written is what is read, on one line without blanks."""
    line = InvitationLine(LINE.federation, "national", host, 8443, LINE.secret, LINE.fingerprint)

    text = line.write()

    assert InvitationLine.read(text) == line
    assert text.split() == [text]


def test_a_mail_program_may_wrap_an_invitation() -> None:
    """Line ends and blanks from pasting do not matter."""
    text = LINE.write()

    wrapped = f"  {text[:60]}\r\n{text[60:120]} \n{text[120:]}\n"

    assert InvitationLine.read(wrapped) == LINE


def test_every_slip_in_copying_is_noticed() -> None:
    """No character can be changed or left out without the remedy being told."""
    text = LINE.write()
    for place in range(len(text)):
        for slip in ("", "0" if text[place] != "0" else "1"):
            with pytest.raises(BadInvitation, match="Copy the whole line"):
                InvitationLine.read(text[:place] + slip + text[place + 1 :])


@pytest.mark.parametrize("text", ["", "hinterland:", "https://hub.example.org", "x" * 2000])
def test_what_is_no_invitation_is_refused(text: str) -> None:
    """Anything else is refused in the same words."""
    with pytest.raises(BadInvitation):
        InvitationLine.read(text)


def test_a_secret_cannot_be_read_from_what_is_kept() -> None:
    """Only a hash is kept."""
    assert LINE.secret not in secret_sum(LINE.secret)
    assert len(secret_sum(LINE.secret)) == 64
