"""The arguments of the RPCs about forms and what phones send, as pydantic models."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from typing import Annotated, Any, Final

from pydantic import Field, PlainSerializer, PlainValidator

from hinterland.files.reference import FILES_PER_RECORD_MAX, FileName
from hinterland.rooms.arguments import Arguments, Command, RecordId
from services.map.contract import limits
from services.map.contract.calls import Address, SharedScope
from services.map.contract.forms import FORM_ID_CHARS_MAX

__all__ = [
    "FORM_FILE_BYTES_MAX",
    "SUBMISSION_BYTES_MAX",
    "Attachment",
    "GetForm",
    "GetFormMedia",
    "ListForms",
    "PutForm",
    "SubmitForm",
]

FORM_FILE_BYTES_MAX: Final = 10 * 1024 * 1024  # an XLSForm and its media, together
SUBMISSION_BYTES_MAX: Final = 10 * 1024 * 1024  # what a phone sends at once, all parts together
BASE64_CHARS_MAX: Final = (SUBMISSION_BYTES_MAX + 2) // 3 * 4


def _decoded(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str) or len(value) > BASE64_CHARS_MAX:
        raise ValueError(f"base64 of at most {SUBMISSION_BYTES_MAX} bytes is needed")
    try:
        return b64decode(value, validate=True)
    except (BadBase64, ValueError) as error:
        raise ValueError("this is not base64") from error


def _encoded(value: bytes) -> str:
    return b64encode(value).decode()


Bytes = Annotated[bytes, PlainValidator(_decoded), PlainSerializer(_encoded, return_type=str)]


class Attachment(Arguments):
    """A file under the name that the form or the submission uses for it."""

    name: FileName
    content: Bytes


class PutForm(Command):
    """A version of a form, as an XLSForm (.xlsx) or an XForm (.xml), with the pictures, sounds and
    lists that go along with it. `category` is what its reports are about. With `dry_run` nothing is
    written."""

    content: Bytes
    category: RecordId | None = None
    scope: SharedScope = "public"
    media: Annotated[list[Attachment], Field(max_length=FILES_PER_RECORD_MAX)] = []
    dry_run: bool = False


class ListForms(Arguments):
    """The latest version of each form that the caller may read, of all homes; or of one, by
    `form_id`. `all_versions` lists earlier ones, too."""

    form_id: Annotated[str, Field(max_length=FORM_ID_CHARS_MAX)] | None = None
    all_versions: bool = False


class GetForm(Arguments):
    id: RecordId


class GetFormMedia(Arguments):
    """A piece of a file that goes along with a form, from the byte `start`."""

    id: RecordId
    name: FileName
    start: Annotated[int, Field(ge=0)] = 0


class SubmitForm(Arguments):
    """What a phone sends at once: a submission, with all or some of its files. Sent again, or in
    parts, it is one report, by its instanceID. `address` is where it came from, for the caps."""

    xml: Bytes
    attachments: Annotated[list[Attachment], Field(max_length=limits.FILES_MAX)] = []
    address: Address | None = None
