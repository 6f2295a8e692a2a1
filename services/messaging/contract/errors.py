"""What messaging refuses, each with its code for programs and its remedy for people."""

from __future__ import annotations

from hinterland.errors import BadInput

__all__ = ["EscapeInText", "LoneSurrogate", "TextTooLong"]


class EscapeInText(BadInput):
    """The text has the control character ESC (U+001B), which in an SMS makes another character of
    the next one. Take it out and send the text again."""

    code = "ESCAPE_IN_TEXT"


class LoneSurrogate(BadInput):
    """The text has half of a character outside the Basic Multilingual Plane (a lone surrogate), as
    is left where a text was cut in the middle of an emoji. Take it out and send the text again."""

    code = "LONE_SURROGATE"


class TextTooLong(BadInput):
    """The text takes more parts than one SMS can have. Shorten it, or send it as several."""

    code = "TEXT_TOO_LONG"
