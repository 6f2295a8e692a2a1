"""Mapbox Vector Tiles, version 2.1, of points alone: github.com/mapbox/vector-tile-spec.

Written here because points need forty lines of it, and what encodes all of it for Python brings
four libraries of computational geometry along. `python -m gateway.map.mvt` is the process that
`gateway.map.encoders` speaks to.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

import orjson

__all__ = ["FRAME_BYTES", "encode_tile"]

VERSION: Final = 2
POINT: Final = 1
MOVE_TO_ONE: Final = 9  # the command MoveTo, once
# Fields of the protocol buffers, with their wire types: 0 a number, 1 eight bytes, 2 a length.
TILE_LAYER: Final = b"\x1a"
LAYER_NAME, LAYER_FEATURE, LAYER_KEY, LAYER_VALUE = b"\x0a", b"\x12", b"\x1a", b"\x22"
LAYER_EXTENT, LAYER_VERSION = b"\x28", b"\x78"
FEATURE_TAGS, FEATURE_TYPE, FEATURE_GEOMETRY = b"\x12", b"\x18", b"\x22"
VALUE_STRING, VALUE_INTEGER, VALUE_BOOLEAN = b"\x0a", b"\x30", b"\x38"

FRAME_BYTES: Final = 4  # of the length before what a process takes and gives
GZIP_LEVEL: Final = 5


def _number(value: int) -> bytes:
    """A variable-length number: seven bits to a byte, the lowest first."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _zigzag(value: int) -> bytes:
    return _number(value << 1 if value >= 0 else (-value << 1) - 1)


def _block(tag: bytes, content: bytes) -> bytes:
    return tag + _number(len(content)) + content


def _value(value: str | int | bool) -> bytes:
    if isinstance(value, bool):
        return VALUE_BOOLEAN + _number(value)
    if isinstance(value, int):
        return VALUE_INTEGER + _zigzag(value)
    return _block(VALUE_STRING, value.encode("utf-8", "replace"))


def _layer(name: str, features: Sequence[Mapping[str, Any]], extent: int) -> bytes:
    keys: dict[str, int] = {}
    values: dict[tuple[type, Any], int] = {}
    parts = [_block(LAYER_NAME, name.encode())]
    for feature in features:
        tags = b"".join(
            _number(keys.setdefault(key, len(keys)))
            + _number(values.setdefault((type(value), value), len(values)))
            for key, value in feature.items()
            if key not in ("x", "y")
        )
        geometry = _number(MOVE_TO_ONE) + _zigzag(feature["x"]) + _zigzag(feature["y"])
        content = _block(FEATURE_TAGS, tags) + FEATURE_TYPE + _number(POINT)
        parts.append(_block(LAYER_FEATURE, content + _block(FEATURE_GEOMETRY, geometry)))
    parts += [_block(LAYER_KEY, key.encode()) for key in keys]
    parts += [_block(LAYER_VALUE, _value(value)) for _, value in values]
    parts.append(LAYER_EXTENT + _number(extent))
    parts.append(LAYER_VERSION + _number(VERSION))
    return b"".join(parts)


def encode_tile(layers: Sequence[Mapping[str, Any]], extent: int) -> bytes:
    """A tile of `layers` `{name, features: [{x, y, …}]}`; what else a feature has are its
    properties: texts, whole numbers and yes or no. A layer without features is left out."""
    return b"".join(
        _block(TILE_LAYER, _layer(layer["name"], layer["features"], extent))
        for layer in layers
        if layer["features"]
    )


def _read(source: IO[bytes]) -> bytes | None:
    length = source.read(FRAME_BYTES)
    return source.read(int.from_bytes(length, "big")) if length else None


def _serve(source: IO[bytes], sink: IO[bytes]) -> None:
    """One tile after the other, until whoever asks is gone."""
    while (asked := _read(source)) is not None:
        question = orjson.loads(asked)
        tile = encode_tile(question["layers"], question["extent"])
        if question["gzip"]:
            tile = gzip.compress(tile, GZIP_LEVEL, mtime=0)
        sink.write(len(tile).to_bytes(FRAME_BYTES, "big") + tile)
        sink.flush()


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
