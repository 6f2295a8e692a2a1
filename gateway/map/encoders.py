"""Processes that encode tiles, so that neither the event loop nor a service waits for it.

They are started when the first tile is asked for, take one at a time, and end when this process
does: their standard input ends with it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from gateway import limits
from gateway.map.mvt import FRAME_BYTES
from hinterland.errors import Busy, Unavailable

__all__ = ["Encoders"]

log = logging.getLogger(__name__)

MODULE: Final = "gateway.map.mvt"
PACKAGE_ROOT: Final = Path(__file__).parents[2]


class Encoders:
    """At most TILE_ENCODERS_MAX of them; whoever finds all of them at work waits."""

    def __init__(self) -> None:
        self._idle: list[Process] = []
        self._places = asyncio.Semaphore(limits.TILE_ENCODERS_MAX)
        self._waiting = 0

    async def encode(self, layers: Sequence[Mapping[str, Any]], extent: int, gzip: bool) -> bytes:
        """The tile, compressed if `gzip`. Raises Busy, and Unavailable when a process fails."""
        if self._waiting >= limits.TILES_WAITING_MAX:
            raise Busy()
        self._waiting += 1
        try:
            async with self._places:
                process = self._idle.pop() if self._idle else await self._start()
                try:
                    question = {"layers": layers, "extent": extent, "gzip": gzip}
                    async with asyncio.timeout(limits.TILE_ENCODE_S_MAX):
                        tile = await _ask(process, orjson.dumps(question))
                except (OSError, EOFError, TimeoutError) as error:
                    log.error("a tile could not be encoded: %r", error)
                    raise Unavailable("A tile could not be encoded. Try again.") from error
                else:
                    self._idle.append(process)
                    return tile
                finally:
                    # Cut off in the middle, it would answer the next question with this tile.
                    if process not in self._idle:
                        await _end(process)
        finally:
            self._waiting -= 1

    async def stop(self) -> None:
        while self._idle:
            await _end(self._idle.pop())

    async def _start(self) -> Process:
        path = os.pathsep.join(filter(None, (str(PACKAGE_ROOT), os.environ.get("PYTHONPATH"))))
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            MODULE,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )


async def _ask(process: Process, question: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(len(question).to_bytes(FRAME_BYTES, "big") + question)
    await process.stdin.drain()
    length = int.from_bytes(await process.stdout.readexactly(FRAME_BYTES), "big")
    if length > limits.TILE_BYTES_MAX:
        raise EOFError(f"a tile of {length} bytes")
    return await process.stdout.readexactly(length)


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
