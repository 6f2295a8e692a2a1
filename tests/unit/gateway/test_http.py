"""`/graphql`: what may be asked over HTTP, and how it is answered."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import orjson
import pytest
import zstandard

from gateway import limits
from tests.unit.gateway.conftest import Parts, ngo, page_of

pytestmark = pytest.mark.anyio

GRAPHQL = "application/graphql-response+json"
LIST = "{ ngos(first: 2) { nodes { id name } } }"


async def test_a_list_is_answered_with_the_head_that_it_was_read_at(
    parts: Parts, client: httpx.AsyncClient
) -> None:
    """The head travels as a header, and characters of every script as they are."""
    parts.calls.answers["directory.list_ngos"] = lambda *_: page_of(ngo(1), head=42)

    response = await client.post("/graphql", json={"query": LIST})

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["hinterland-head"] == "directory=42"
    assert response.json() == {
        "data": {"ngos": {"nodes": [{"id": ngo(1)["id"], "name": "云南绿色环境发展基金会"}]}}
    }
    assert "云南" in response.content.decode()


async def test_a_query_can_be_asked_with_get_and_asked_again_for_nothing(
    parts: Parts, client: httpx.AsyncClient
) -> None:
    """A poller on a thin line gets 304 while nothing has changed."""
    parts.calls.answers["directory.list_ngos"] = lambda *_: page_of(ngo(1))
    params = {
        "query": "query($n: Int) { ngos(first: $n) { nodes { id } } }",
        "variables": '{"n":1}',
    }

    first = await client.get("/graphql", params=params)
    again = await client.get(
        "/graphql", params=params, headers={"If-None-Match": first.headers["etag"]}
    )

    assert first.json()["data"]["ngos"]["nodes"] == [{"id": ngo(1)["id"]}]
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "BAD_REQUEST"),
        (b"7", 400, "BAD_REQUEST"),
        (b"{}", 400, "BAD_REQUEST"),
        (b'{"query": 7}', 400, "BAD_REQUEST"),
        (b'{"query": "{viewer{node}}", "variables": []}', 400, "BAD_REQUEST"),
        (b'{"query": "{viewer{node}}", "operationName": 7}', 400, "BAD_REQUEST"),
        (b'{"query": "{viewer{node}}", "extensions": 7}', 400, "BAD_REQUEST"),
        (b'[{"query": "{viewer{node}}"}]', 400, "BATCH_REFUSED"),
        (b'{"query": "{"}', 400, "GRAPHQL_PARSE_FAILED"),
        (b'{"query": "{nonsense}"}', 400, "GRAPHQL_VALIDATION_FAILED"),
        (b'{"query": "{viewer{node}}", "operationName": "B"}', 400, "OPERATION_NOT_FOUND"),
        (b'{"query": "query($n:Int!){ngos(first:$n){totalCount}}"}', 400, "BAD_INPUT"),
        (b'{"query": "subscription{ngoChanged{id}}"}', 400, "BAD_REQUEST"),
        (b'{"query": "' + b" " * limits.BODY_BYTES_MAX + b'"}', 413, "BODY_TOO_LARGE"),
    ],
)
async def test_a_request_that_is_wrong_is_refused_with_a_code(
    client: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    """Nothing was executed, so there is no `data`."""
    response = await client.post(
        "/graphql", content=body, headers={"Content-Type": "application/json", "Accept": GRAPHQL}
    )

    assert response.status_code == status
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert set(response.json()) == {"errors"}
    assert response.json()["errors"][0]["extensions"]["code"] == code


async def test_a_wrong_document_has_status_200_for_old_clients(client: httpx.AsyncClient) -> None:
    """As GraphQL over HTTP has it for application/json."""
    response = await client.post("/graphql", json={"query": "{nonsense}"})

    assert response.status_code == 200
    assert response.json()["errors"][0]["locations"] == [{"line": 1, "column": 2}]


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; charset=gbk", ""])
async def test_a_body_that_is_not_json_in_utf_8_is_refused(
    client: httpx.AsyncClient, content_type: str
) -> None:
    """A web form can send text/plain from any page, so it is not taken."""
    headers = {"Content-Type": content_type}
    response = await client.post("/graphql", content=b'{"query":"{a}"}', headers=headers)

    assert response.status_code == 415


async def test_a_mutation_is_refused_with_get(client: httpx.AsyncClient) -> None:
    """A link must not change anything."""
    mutation = 'mutation { confirmNgo(input: {id: "x"}) { head } }'
    response = await client.get("/graphql", params={"query": mutation})

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


async def test_an_answer_that_nobody_could_read_is_not_sent(client: httpx.AsyncClient) -> None:
    """406, and nothing is executed."""
    response = await client.get(
        "/graphql", params={"query": "{viewer{node}}"}, headers={"Accept": "image/png"}
    )

    assert response.status_code == 406


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [("gzip, deflate, br, zstd", "zstd"), ("gzip", "gzip"), ("br", None), ("gzip;q=0", None)],
)
async def test_a_long_answer_is_compressed_as_the_caller_can_read_it(
    parts: Parts, client: httpx.AsyncClient, accept_encoding: str, coding: str | None
) -> None:
    """The last mile is the slow one."""
    items = [ngo(number) for number in range(50)]
    parts.calls.answers["directory.list_ngos"] = lambda *_: page_of(*items)
    request = client.build_request(
        "POST", "/graphql", json={"query": LIST}, headers={"Accept-Encoding": accept_encoding}
    )

    response = await client.send(request, stream=True)
    sent = b"".join([part async for part in response.aiter_raw()])

    assert response.headers.get("content-encoding") == coding
    if coding == "zstd":
        plain = zstandard.ZstdDecompressor().decompress(sent)
    else:
        plain = gzip.decompress(sent) if coding == "gzip" else sent
    assert len(orjson.loads(plain)["data"]["ngos"]["nodes"]) == 50
    assert "Accept-Encoding" in response.headers["vary"]


async def test_an_error_of_a_service_keeps_its_code_and_its_place(
    parts: Parts, client: httpx.AsyncClient
) -> None:
    """One field fails, the others are answered; the service is asked once."""
    parts.calls.answers["directory.get_ngos"] = lambda *_: {"head": 1, "items": [None]}

    response = await client.post(
        "/graphql",
        json={"query": '{ ngo(id: "x") { id } policy { autoAccept { node } } viewer { node } }'},
    )

    assert response.status_code == 200
    assert response.json()["data"] == {"ngo": None, "policy": None, "viewer": {"node": "yunnan"}}
    assert response.json()["errors"] == [
        {
            "message": "This node runs no service directory.",
            "locations": [{"line": 1, "column": 23}],
            "path": ["policy"],
            "extensions": {"code": "UNAVAILABLE", "service": "directory"},
        }
    ]
    assert parts.calls.count("directory.get_policy") == 1
    assert parts.calls.count("directory.get_ngos") == 1


async def test_a_fault_of_ours_is_told_to_the_log_alone(
    parts: Parts, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """What a traceback holds is nobody's business."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("mongodb://admin:secret@db")

    parts.calls.answers["directory.get_policy"] = fail

    response = await client.post("/graphql", json={"query": "{ policy { autoAccept { node } } }"})

    assert response.json()["errors"][0]["extensions"] == {"code": "INTERNAL"}
    assert "secret" not in response.text
    assert "secret" in caplog.text


@pytest.mark.parametrize(("built", "says"), [(True, "graphiql.js"), (False, "gateway.graphiql")])
async def test_a_browser_gets_a_page_that_loads_nothing_from_elsewhere(
    client: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    built: bool,
    says: str,
) -> None:
    """A node may have no internet. Where GraphiQL was not made, the page says how to."""
    if built:
        (tmp_path / "graphiql.js").touch()
    monkeypatch.setattr("gateway.graphiql.page.ASSETS_DIR", tmp_path)

    response = await client.get("/graphql", headers={"Accept": "text/html,*/*;q=0.8"})

    assert response.headers["content-type"].startswith("text/html")
    assert says in response.text
    assert "//" not in response.text.replace("curl http://HOST:PORT", "")
    assert "script-src 'self'" in response.headers["content-security-policy"]
