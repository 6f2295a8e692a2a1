"""What a phone posts: the XML of a submission, and files, within limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from gateway import limits
from hinterland.errors import BadInput

__all__ = ["PostTooLarge", "PostTooSlow", "Posted", "posted", "received"]

XML_PART = "xml_submission_file"
INCOMPLETE_PART = "*isIncomplete*"


class PostTooLarge(BadInput):
    """This is more than is taken at once. Send the files in several posts, each with the XML."""

    code = "POST_TOO_LARGE"


class PostTooSlow(BadInput):
    """The post took too long to arrive. Send it again where the network is better, or the files in
    several posts."""

    code = "POST_TOO_SLOW"


@dataclass(slots=True)
class Posted:
    """`files` by name. Whether the phone has more to send changes nothing here: what comes later
    joins what is there."""

    xml: bytes
    files: dict[str, bytes] = field(default_factory=dict)
    incomplete: bool = False


class _Parser(MultiPartParser):
    """Keeps what comes on disk: there may be many slow phones at a time."""

    spool_max_size = limits.OPENROSA_SPOOLED_BYTES_MAX


@asynccontextmanager
async def received(request: Request) -> AsyncGenerator[FormData, None]:
    """The parts of a post, once all of it is here. Raises PostTooLarge, PostTooSlow or BadInput."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise BadInput("A submission is posted as multipart/form-data.", field=XML_PART)
    parser = _Parser(
        request.headers,
        _bounded(request),
        max_files=limits.OPENROSA_PARTS_MAX,
        max_fields=limits.OPENROSA_PARTS_MAX,
        max_part_size=limits.OPENROSA_SPOOLED_BYTES_MAX,
    )
    try:
        async with asyncio.timeout(limits.OPENROSA_POST_S_MAX):
            parts = await parser.parse()
    except MultiPartException as error:
        raise BadInput(f"The post cannot be read: {error.message}", field=XML_PART) from error
    except TimeoutError:
        raise PostTooSlow() from None
    try:
        yield parts
    finally:
        await parts.close()


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limits.OPENROSA_BODY_BYTES_MAX:
            raise PostTooLarge(
                f"At most {limits.OPENROSA_BODY_BYTES_MAX} bytes are taken at once. Send the files "
                "in several posts, each with the XML."
            )
        yield part


async def posted(parts: FormData) -> Posted:
    """What the parts are. Raises BadInput."""
    found = Posted(b"")
    for name, part in parts.multi_items():
        content = await part.read() if isinstance(part, UploadFile) else part.encode()
        if name == XML_PART:
            found.xml = content
        elif name == INCOMPLETE_PART:
            found.incomplete = content.strip().lower() == b"yes"
        elif isinstance(part, UploadFile):
            found.files[part.filename or name] = content
    if not found.xml:
        raise BadInput(f"The post has no part {XML_PART}.", field=XML_PART)
    return found
