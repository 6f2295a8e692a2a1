"""Types come from bytes, and what could run in a browser has none."""

from __future__ import annotations

import os

import pytest

from hinterland.files.media_types import MEDIA_TYPES, UNKNOWN, serving_headers, sniff
from tests.unit.files.samples import movie, picture, zipped

OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("WEBP"), "image/webp"),
        (picture("GIF"), "image/gif"),
        (picture("AVIF"), "image/avif"),
        (picture("BMP"), "image/bmp"),
        (picture("TIFF"), "image/tiff"),
        (movie(b"isom"), "video/mp4"),
        (movie(b"iso5"), "video/mp4"),
        (movie(b"3gp4"), "video/3gpp"),
        (movie(b"qt  "), "video/quicktime"),
        (movie(b"M4A "), "audio/mp4"),
        (movie(b"heic"), "image/heic"),
        (movie(b"mif1"), "image/heic"),
        (movie()[20:], "video/quicktime"),
        (b"ID3\x04\0\0\0\0\0\x0a" + bytes(99), "audio/mpeg"),
        (b"OggS\0\2" + bytes(20) + b"\x01\x13OpusHead", "audio/ogg"),
        (b"OggS\0\2" + bytes(20) + b"\x01\x2a\x80theora", "video/ogg"),
        (b"#!AMR\n" + bytes(99), "audio/amr"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + bytes(99), "video/webm"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"{\\rtf1\\ansi hello}", "application/rtf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "application/x-cfb"),
        (zipped("a.txt"), "application/zip"),
        (zipped("[Content_Types].xml", "word/document.xml"), OOXML + "wordprocessingml.document"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), OOXML + "spreadsheetml.sheet"),
        (zipped("content.xml", mimetype=ODF + "text"), ODF + "text"),
        (zipped("a.xhtml", mimetype="application/epub+zip"), "application/epub+zip"),
        ("名称,省份\n一,云南\n".encode(), "text/plain"),
        (("云南省" * 5000).encode(), "text/plain"),
    ],
)
def test_a_type_is_found_from_the_bytes(data: bytes, expected: str) -> None:
    """What phones and offices make is recognised, whatever its name says."""
    assert expected == sniff(data)
    assert expected in MEDIA_TYPES


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html><html><script>alert(1)</script>",
        b"\xef\xbb\xbf  \n<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>",
        b"<!-- nothing here --><script>alert(1)</script>",
        b"#!/bin/sh\nrm -rf ~\n",
        b"MZ" + bytes(200),
        b"\x7fELF" + bytes(200),
        b"text\0with a zero",
        "云南".encode("utf-16"),
        b"\xff\xfe\xfd" + bytes(99),
    ],
)
def test_what_could_run_has_no_type_but_bytes(data: bytes) -> None:
    """Pages, pictures with scripts, scripts and programs are only ever offered to be saved."""
    assert UNKNOWN == sniff(data)
    assert serving_headers(sniff(data))["Content-Disposition"] == "attachment"


def test_an_office_file_is_recognised_by_its_end() -> None:
    """Head and tail suffice, however long the file is."""
    data = zipped("[Content_Types].xml", "xl/workbook.xml")
    head, tail = data[:40] + os.urandom(5000), os.urandom(5000) + data[40:]

    assert OOXML + "spreadsheetml.sheet" == sniff(head, tail)


@pytest.mark.parametrize("media_type", [*MEDIA_TYPES, "text/html", "image/svg+xml", "x/y\r\nA: b"])
def test_no_body_is_served_as_something_that_runs(media_type: str) -> None:
    """Whatever a record claims, the headers name a known type, forbid guessing, and sandbox."""
    headers = serving_headers(media_type, "报告\r\nSet-Cookie: x.pdf")

    assert headers["Content-Type"].partition(";")[0] in MEDIA_TYPES
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert all("\r" not in value and value.isascii() for value in headers.values())
