"""Every limit of messaging, by name. Texts count characters, lists count items."""

from typing import Final

PARTS_MAX: Final = 255  # of one SMS: one octet of each part's header counts them
