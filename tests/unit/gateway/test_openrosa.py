"""What phones are answered: OpenRosa 1.0."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from starlette.applications import Starlette

from gateway import limits
from gateway.auth import Auth
from gateway.openrosa import OpenRosa
from gateway.openrosa.authentication import Passwords
from hinterland.actors import Actor
from hinterland.errors import BadInput, HinterlandError, Unavailable
from services.accounts.contract import KeyRefused, digest_realm
from services.map.contract.errors import FormUnknown, TooManyReports

pytestmark = pytest.mark.anyio

NODE = "yunnan"
USER = "hk_yunnan_01J0000000000000000000000A"
KEY = f"{USER}_{'5' * 64}"
EDITOR = Actor("yunnan.account.1", frozenset({"editor"}), NODE)
XFORM = "<h:html xmlns:h='http://www.w3.org/1999/xhtml'>水井</h:html>".encode()
FORM_ID = "yunnan.form.01J"
FORM = {
    "id": FORM_ID,
    "form_id": "wells",
    "version": "3",
    "names": {"zh": "水井 <&>", "ar": "الآبار"},
    "md5": "0" * 32,
    "has_media": True,
}
PICTURE = bytes(range(256)) * 9_000
PIECE_BYTES = 1_000_000


class MapAndAccounts:
    """Stands where `gateway.rpc.Rpc` stands."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Actor, Mapping[str, Any]]] = []
        self.refuses: HinterlandError | None = None

    async def call(
        self,
        service: str,
        method: str,
        actor: Actor,
        params: Mapping[str, Any],
        seconds_max: float = 0,
    ) -> Any:
        self.asked.append((method, actor, params))
        if service == "map" and self.refuses is not None:
            raise self.refuses
        return getattr(self, method)(params)

    def authenticate(self, params: Mapping[str, Any]) -> Any:
        if params["key"] != KEY:
            raise KeyRefused()
        return {"actor": EDITOR.to_wire()}

    def authenticate_digest(self, params: Mapping[str, Any]) -> Any:
        ha1 = md5(USER, digest_realm(NODE), KEY)
        ha2 = md5(params["method"], params["uri"])
        answer = md5(ha1, params["nonce"], params["nc"], params["cnonce"], "auth", ha2)
        if (params["username"], params["response"]) != (USER, answer):
            raise KeyRefused()
        return {"actor": EDITOR.to_wire()}

    def list_forms(self, params: Mapping[str, Any]) -> Any:
        wanted = params.get("form_id", "wells")
        unreadable = {**FORM, "form_id": "new", "md5": None}
        return {"items": [FORM, unreadable] if wanted == "wells" else []}

    def get_form(self, params: Mapping[str, Any]) -> Any:
        if params["id"] != FORM_ID:
            raise FormUnknown()
        media = [{"name": "井 1.jpg", "md5": "1" * 32}]
        return {"xform": b64encode(XFORM).decode(), "media": media}

    def get_form_media(self, params: Mapping[str, Any]) -> Any:
        start = params.get("start", 0)
        content = b64encode(PICTURE[start : start + PIECE_BYTES]).decode()
        return {"type": "image/jpeg", "size": len(PICTURE), "content": content}

    def submit_form(self, params: Mapping[str, Any]) -> Any:
        return {
            "form_id": "wells",
            "form_version": "3",
            "instance_id": "uuid:1",
            "missing": [] if params["attachments"] else ["1.jpg"],
        }


def md5(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode()).hexdigest()


class Gateway:
    def __init__(self, *, open_to_all: bool = True, public_url: str | None = None) -> None:
        self.now = 1_800_000_000.0
        self.services = MapAndAccounts()
        passwords = Passwords(
            Auth(self.services, NODE),
            self.services,
            NODE,
            secret=lambda: "secret",
            clock=lambda: self.now,
        )
        openrosa = OpenRosa(
            self.services,  # type: ignore[arg-type]
            passwords,
            open_to_all=open_to_all,
            public_url=public_url,
        )
        self.app = Starlette(routes=[openrosa.route])

    def client(self, scheme: str = "http", auth: httpx.Auth | None = None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://phones", auth=auth)

    @property
    def actors(self) -> list[Actor]:
        """Who asked the map."""
        return [actor for method, actor, _ in self.services.asked if not method.startswith("auth")]


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


def texts(content: bytes, name: str) -> list[str | None]:
    return [each.text for each in ElementTree.fromstring(content).iter() if each.tag.endswith(name)]


async def test_forms_are_listed(gateway: Gateway) -> None:
    """With what a phone compares, and where the rest is; without those that it could not read."""
    async with gateway.client() as phone:
        answer = await phone.get("/openrosa/formList?deviceID=a")

    assert answer.headers["content-type"].startswith("text/xml")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "{http://openrosa.org/xforms/xformsList}xforms"
    [form] = root
    assert {each.tag.rpartition("}")[2]: each.text for each in form} == {
        "formID": "wells",
        "name": "水井 <&>",
        "version": "3",
        "hash": f"md5:{'0' * 32}",
        "downloadUrl": f"http://phones/openrosa/forms/{FORM_ID}/form.xml",
        "manifestUrl": f"http://phones/openrosa/forms/{FORM_ID}/manifest.xml",
    }


async def test_the_list_is_narrowed_and_widened(gateway: Gateway) -> None:
    """By formID; by verbose; by listAllVersions."""
    async with gateway.client() as phone:
        none = await phone.get("/openrosa/formList?formID=rivers")
        verbose = await phone.get("/openrosa/formList?verbose=true&listAllVersions=true")

    assert texts(none.content, "formID") == []
    assert texts(verbose.content, "descriptionText") == ["水井 <&> / الآبار"]
    assert gateway.services.asked[-1][2] == {"all_versions": True}


async def test_a_form_is_fetched_byte_for_byte(gateway: Gateway) -> None:
    """As the service has it."""
    async with gateway.client() as phone:
        listed = await phone.get("/openrosa/formList")
        form = await phone.get(str(texts(listed.content, "downloadUrl")[0]))

    assert form.content == XFORM


async def test_media_are_fetched_through_the_manifest(gateway: Gateway) -> None:
    """Piece by piece, whatever their names."""
    async with gateway.client() as phone:
        listed = await phone.get("/openrosa/members/formList", auth=(USER, KEY))
        manifest = await phone.get(str(texts(listed.content, "manifestUrl")[0]), auth=(USER, KEY))
        address = str(texts(manifest.content, "downloadUrl")[0])
        picture = await phone.get(address, auth=(USER, KEY))

    assert texts(manifest.content, "filename") == ["井 1.jpg"]
    assert texts(manifest.content, "hash") == [f"md5:{'1' * 32}"]
    assert address.startswith("http://phones/openrosa/members/forms/")
    assert (picture.content, picture.headers["content-type"]) == (PICTURE, "image/jpeg")


async def test_behind_a_proxy_addresses_are_those_that_phones_can_reach() -> None:
    """As the setting `public_url` says."""
    gateway = Gateway(public_url="https://hub.example.org/")
    async with gateway.client() as phone:
        listed = await phone.get("/openrosa/formList")

    assert texts(listed.content, "downloadUrl") == [
        f"https://hub.example.org/openrosa/forms/{FORM_ID}/form.xml"
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/openrosa/formList"),
        ("HEAD", "/openrosa/submission"),
        ("GET", "/openrosa/nothing"),
        ("DELETE", "/openrosa/submission"),
        ("GET", "/openrosa/forms/nothing/form.xml"),
        ("GET", "/openrosa/members/formList"),
    ],
)
async def test_every_answer_says_its_version(gateway: Gateway, method: str, path: str) -> None:
    """Refusals as well. The date is what the server adds to all of its answers."""
    async with gateway.client() as phone:
        answer = await phone.request(method, path)

    assert answer.headers.get_list("x-openrosa-version") == ["1.0"]


async def test_a_phone_is_told_how_much_it_may_send(gateway: Gateway) -> None:
    """Before it sends anything."""
    async with gateway.client() as phone:
        answer = await phone.head("/openrosa/submission")

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["x-openrosa-accept-content-length"] == str(10 * 1024 * 1024)


async def test_a_submission_is_passed_on_with_its_files(gateway: Gateway) -> None:
    """The XML and each file by its name, and where it came from."""
    files = {
        "xml_submission_file": ("wells.xml", "<data>井</data>".encode(), "text/xml"),
        "1.jpg": ("1.jpg", b"\xff\xd8\xff", "image/jpeg"),
    }
    async with gateway.client() as phone:
        answer = await phone.post("/openrosa/submission?deviceID=a", files=files)
    _, actor, params = gateway.services.asked[-1]

    assert (answer.status_code, actor.account) == (201, None)
    assert answer.headers["location"] == "http://phones/openrosa/submission"
    assert b64decode(params["xml"]) == "<data>井</data>".encode()
    assert params["attachments"] == [{"name": "1.jpg", "content": "/9j/"}]
    assert params["address"] == "127.0.0.1"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "{http://openrosa.org/http/response}OpenRosaResponse"
    assert root[0].attrib == {"nature": "submit_success"}
    assert root[1].attrib["isComplete"] == "true"


async def test_what_is_still_to_come_is_named(gateway: Gateway) -> None:
    """To whoever holds the phone."""
    files = {
        "xml_submission_file": ("wells.xml", b"<data/>", "text/xml"),
        "*isIncomplete*": (None, b"yes"),
    }
    async with gateway.client() as phone:
        answer = await phone.post("/openrosa/submission", files=files)

    assert texts(answer.content, "message") == ["The report has arrived. Still to come: 1.jpg."]
    assert ElementTree.fromstring(answer.content)[1].attrib["isComplete"] == "false"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadInput("wrong", field="answers.village"), 400),
        (FormUnknown(), 404),
        (TooManyReports("later", retry_after_s=3600), 429),
        (Unavailable(), 503),
        (HinterlandError(), 500),
    ],
)
async def test_a_refusal_is_for_people_and_for_phones(
    gateway: Gateway, error: HinterlandError, status: int
) -> None:
    """A status that the phone acts on, and a message that it shows."""
    gateway.services.refuses = error
    files = {"xml_submission_file": ("wells.xml", b"<data/>", "text/xml")}
    async with gateway.client() as phone:
        answer = await phone.post("/openrosa/submission", files=files)

    assert answer.status_code == status
    [message] = texts(answer.content, "message")
    assert error.message in str(message)
    assert answer.headers.get("retry-after") == ("3600" if status == 429 else None)


async def test_all_faults_are_named_by_field(gateway: Gateway) -> None:
    """One line for each."""
    faults = [
        {"field": "answers.village", "message": "an answer is required"},
        {"field": "answers.well.depth", "message": "深度在 0 和 300 之间"},
    ]
    gateway.services.refuses = BadInput("first", field="answers.village", errors=faults)
    files = {"xml_submission_file": ("wells.xml", b"<data/>", "text/xml")}
    async with gateway.client() as phone:
        answer = await phone.post("/openrosa/submission", files=files)

    assert texts(answer.content, "message") == [
        "answers.village: an answer is required\nanswers.well.depth: 深度在 0 和 300 之间"
    ]


async def test_more_than_the_limit_is_not_taken(gateway: Gateway) -> None:
    """Reading stops there, whatever the phone says of its length."""
    files = {"xml_submission_file": ("a.xml", bytes(limits.OPENROSA_BODY_BYTES_MAX), "text/xml")}
    async with gateway.client() as phone:
        answer = await phone.post("/openrosa/submission", files=files)

    assert answer.status_code == 413
    assert gateway.services.asked == []


@pytest.mark.parametrize(
    "request_",
    [
        {"content": b"<data/>", "headers": {"content-type": "text/xml"}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"rubbish", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"files": {"1.jpg": ("1.jpg", b"\xff\xd8\xff", "image/jpeg")}},
        {"files": [("f", (f"{number}.jpg", b"a", "image/jpeg")) for number in range(21)]},
    ],
    ids=["no multipart", "no boundary", "rubbish", "no XML", "too many files"],
)
async def test_what_is_no_submission_is_refused(gateway: Gateway, request_: dict[str, Any]) -> None:
    """Before any service is asked."""
    async with gateway.client() as phone:
        answer = await phone.post("/openrosa/submission", **request_)

    assert answer.status_code == 400
    assert gateway.services.asked == []


# Who asks.


@pytest.mark.parametrize("auth", [httpx.BasicAuth("anybody", KEY), httpx.DigestAuth(USER, KEY)])
async def test_a_phone_acts_for_its_key(gateway: Gateway, auth: httpx.Auth) -> None:
    """By Basic under any name, by Digest under the key's own."""
    async with gateway.client(auth=auth) as phone:
        answers = [await phone.get("/openrosa/members/formList?verbose=true") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert gateway.actors == [EDITOR, EDITOR]


@pytest.mark.parametrize(
    "auth", [httpx.BasicAuth(USER, KEY[:-1] + "6"), httpx.DigestAuth(USER, KEY[:-1] + "6")]
)
async def test_a_wrong_password_is_refused(gateway: Gateway, auth: httpx.Auth) -> None:
    """Also where none is needed: whoever shows a key wants to act for it."""
    async with gateway.client(auth=auth) as phone:
        answer = await phone.get(
            "/openrosa/members/formList"
            if isinstance(auth, httpx.DigestAuth)
            else "/openrosa/formList"
        )

    assert (answer.status_code, gateway.actors) == (401, [])


async def test_where_the_node_says_so_everybody_needs_a_key() -> None:
    """The setting `openrosa_open`."""
    gateway = Gateway(open_to_all=False)
    async with gateway.client() as phone:
        answers = [
            await phone.get("/openrosa/formList"),
            await phone.head("/openrosa/submission"),
            await phone.post("/openrosa/submission"),
        ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert gateway.services.asked == []


@pytest.mark.parametrize(
    ("scheme", "offered"), [("http", ["Digest", "Basic"]), ("https", ["Basic"])]
)
async def test_over_tls_a_key_is_simply_sent(
    gateway: Gateway, scheme: str, offered: list[str]
) -> None:
    """Without TLS it is not: phones then answer a challenge."""
    async with gateway.client(scheme) as phone:
        answer = await phone.get("/openrosa/members/formList")

    challenges = answer.headers.get_list("www-authenticate")
    assert [each.partition(" ")[0] for each in challenges] == offered
    assert all(f'realm="{digest_realm(NODE)}"' in each for each in challenges)


async def test_an_old_challenge_is_renewed_without_asking_anybody(gateway: Gateway) -> None:
    """The password was right, so a phone need not ask for it again."""
    async with gateway.client(auth=httpx.DigestAuth(USER, KEY)) as phone:
        first = await phone.get("/openrosa/members/formList")
        sent = first.request.headers["authorization"]
    gateway.now += limits.OPENROSA_NONCE_S_MAX + 1
    async with gateway.client() as phone:
        later = await phone.get("/openrosa/members/formList", headers={"authorization": sent})

    assert later.status_code == 401
    assert "stale=true" in later.headers.get_list("www-authenticate")[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("formList", "submission"),
        ("qop=auth", "qop=auth-int"),
        ('nonce="', 'nonce="0'),
        ("Hinterland yunnan", "Hinterland gansu"),
        (", nc=00000001", ""),
    ],
)
async def test_an_answer_to_no_challenge_of_ours_is_refused(
    gateway: Gateway, old: str, new: str
) -> None:
    """Another address, another realm, another nonce, or parts of it missing."""
    async with gateway.client(auth=httpx.DigestAuth(USER, KEY)) as phone:
        first = await phone.get("/openrosa/members/formList")
    gateway.services.asked.clear()
    sent = first.request.headers["authorization"]
    assert old in sent
    async with gateway.client() as phone:
        headers = {"authorization": sent.replace(old, new)}
        answer = await phone.get("/openrosa/members/formList", headers=headers)

    assert (answer.status_code, gateway.services.asked) == (401, [])


@pytest.mark.parametrize("header", ["Basic", "Basic ///", "Digest", "Digest a=b", "Telepathy x"])
async def test_rubbish_is_no_password(gateway: Gateway, header: str) -> None:
    """It is refused like a wrong one."""
    async with gateway.client() as phone:
        answer = await phone.get("/openrosa/formList", headers={"authorization": header})

    assert answer.status_code == 401
