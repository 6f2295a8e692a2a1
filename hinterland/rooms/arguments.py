"""What the arguments of rooms' calls have in common: commands, ids, pages and places."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

__all__ = [
    "COMMAND_ID_CHARS_MAX",
    "CURSOR_CHARS_MAX",
    "IDS_MAX",
    "PAGE_ITEMS_DEFAULT",
    "PAGE_ITEMS_MAX",
    "RADIUS_KM_MAX",
    "Arguments",
    "Command",
    "CommandId",
    "Cursor",
    "Ids",
    "Near",
    "NodeId",
    "PageArguments",
    "PageSize",
    "RecordId",
    "Version",
]

COMMAND_ID_CHARS_MAX: Final = 128
CURSOR_CHARS_MAX: Final = 1_024
IDS_MAX: Final = 500  # in one list read
PAGE_ITEMS_MAX: Final = 100  # in one page of a list
PAGE_ITEMS_DEFAULT: Final = 20
RADIUS_KM_MAX: Final = 5_000.0

CommandId = Annotated[str, StringConstraints(min_length=8, max_length=COMMAND_ID_CHARS_MAX)]
RecordId = Annotated[str, StringConstraints(min_length=1, max_length=160)]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}\.[0-9]{1,20}$")]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=CURSOR_CHARS_MAX)]
PageSize = Annotated[int, Field(ge=0, le=PAGE_ITEMS_MAX)]
Ids = Annotated[list[RecordId], Field(max_length=IDS_MAX)]
NodeId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]


class Arguments(BaseModel):
    """An unknown name is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Command(Arguments):
    """`command_id` is made by the caller: a repeat of the command returns the first result."""

    command_id: CommandId


class Near(Arguments):
    """Within `radius_km` of a point (WGS 84, degrees)."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lng: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    radius_km: Annotated[float, Field(gt=0, le=RADIUS_KM_MAX, allow_inf_nan=False)]


class PageArguments(Arguments):
    """Relay paging with keyset cursors: `first` after a cursor, or `last` before one."""

    first: PageSize | None = None
    after: Cursor | None = None
    last: PageSize | None = None
    before: Cursor | None = None

    @model_validator(mode="after")
    def _one_direction(self) -> PageArguments:
        if self.first is not None and self.last is not None:
            raise ValueError("give first or last, not both")
        return self
