"""The map as files and tiles, over HTTP on the real services."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import hxl
import pytest
from PIL import Image

from gateway.graphiql import npm
from hinterland.ground import Management
from hinterland.ground.process import poll
from hinterland.testing import RabbitServer
from services.map.rules.tiles import WORLD_BITS, on_world
from tests.integration.gateway.reporting import KUNMING, category, verified
from tests.integration.gateway.running import RunningNode, run_node

DECODER = Path(__file__).parents[2] / "vector_tile"
DECODE_S_MAX = 60
PIN_S_MAX = 45  # should the hint be lost, the map looks by itself
SUVA = {"lat": -18.1416, "lng": 178.4419}
ATOM = "{http://www.w3.org/2005/Atom}"
GEORSS = "{http://www.georss.org/georss}"


@dataclass
class Files:
    """A node with some reports on its map."""

    node: RunningNode
    flood: str
    titles: dict[str, str]

    def get(self, path: str, headers: dict[str, str] | None = None, **params: str) -> Any:
        address = f"http://{self.node.gateway.address}/map/{path}"
        return self.node.client.get(address, params=params, headers=headers or {})


@pytest.fixture(scope="module")
def files(
    mongo_uri: str,
    rabbit_server: RabbitServer,
    management: Management,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Files]:
    folder = tmp_path_factory.mktemp("node")
    with run_node(
        mongo_uri, rabbit_server, management, folder, ("directory", "map", "accounts")
    ) as node:
        flood = category(node)
        women = category(node, audience="members")
        titles = {}
        for title, of, place in (
            ("=HYPERLINK(1)", flood, KUNMING),
            ("فيضان", flood, SUVA),
            ("妇女之家", women, KUNMING),
            ("滇池 & <湖>"[:4], flood, {"lat": 24.8, "lng": 102.7}),
        ):
            _, report = verified(node, category=of, title=title, location=place, text="河水")
            titles[title] = report
        yield Files(node, flood, titles)


@pytest.fixture(scope="session")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The npm package @mapbox/vector-tile, as tests/vector_tile/package-lock.json pins it."""
    folder = tmp_path_factory.mktemp("vector_tile")
    for name in ("package.json", "package-lock.json", "decode.js"):
        shutil.copy(DECODER / name, folder)
    npm.install(folder)
    return folder


def decoded(decoder: Path, tile: bytes, *at: int) -> Any:
    command = ["node", "decode.js", *map(str, at)]
    run = subprocess.run(
        command,
        input=tile,
        cwd=decoder,
        env=npm.with_node(),
        check=True,
        capture_output=True,
        timeout=DECODE_S_MAX,
    )
    return json.loads(run.stdout)


def test_geojson_has_every_report_of_the_audience(files: Files) -> None:
    """Longitude first; the public sees what is public, staff sees what members share."""
    answer = files.get("reports.geojson")
    collection = answer.json()

    assert "application/geo+json" == answer.headers["content-type"]
    assert ("FeatureCollection", 3) == (collection["type"], len(collection["features"]))
    by_title = {each["properties"]["title"]: each for each in collection["features"]}
    assert "妇女之家" not in by_title
    assert {"type": "Point", "coordinates": [SUVA["lng"], SUVA["lat"]]} == by_title["فيضان"][
        "geometry"
    ]
    assert "intake" not in by_title["فيضان"]["properties"]
    key = {"Authorization": f"Bearer {files.node.key('editor')['key']}"}
    assert 4 == len(files.get("reports.geojson", key).json()["features"])


def test_a_filter_is_a_parameter(files: Files) -> None:
    """As GraphQL has them; an empty collection is one, too."""
    for params, expected in (
        ({"search": "فيضان"}, 1),
        ({"bbox": "170,-20,-170,0"}, 1),
        ({"near": "25.0,102.7,50"}, 2),
        ({"categories": files.flood, "states": "verified,resolved"}, 3),
        ({"region": "VN"}, 0),
        ({"ids": files.titles["فيضان"]}, 1),
    ):
        assert expected == len(files.get("reports.geojson", **params).json()["features"]), params


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "1,2,3,x"}, "bbox"),
        ({"bbox": "0,10,1,-10"}, "bbox"),
        ({"near": "25,102,-1"}, "near.radius_km"),
        ({"states": "open"}, "states.0"),
        ({"region": "云南"}, "region"),
        ({"happened_after": "gestern"}, "happened_after"),
        ({"colour": "red"}, "colour"),
        ({"layer": "yunnan.layer.none"}, "layer"),
    ],
)
@pytest.mark.parametrize("file", ["reports.geojson", "reports.csv", "reports.atom", "tiles.json"])
def test_what_is_wrong_is_answered_by_name(
    files: Files, file: str, params: dict[str, str], field: str
) -> None:
    """Status 400, with the parameter that is at fault."""
    answer = files.get(file, **params)
    [error] = answer.json()["errors"]

    assert (400, field) == (answer.status_code, error["extensions"]["field"])


def test_what_has_not_changed_is_not_sent_again(files: Files) -> None:
    """A tag holds until the map changes, for one audience and one question."""
    for path in ("reports.geojson", "reports.csv", "reports.atom", "tiles/0/0/0.mvt"):
        first = files.get(path)
        tag = {"If-None-Match": first.headers["etag"]}
        again = files.get(path, tag)
        assert (200, 304, b"") == (first.status_code, again.status_code, again.content)
        assert 200 == files.get(path, tag, search="فيضان").status_code
        verified(files.node, category=category(files.node), title="新")
        assert 200 == files.get(path, tag).status_code


def test_csv_is_read_back_by_libhxl(files: Files) -> None:
    """With its tags; a place south of the equator is a number; a formula is a text."""
    answer = files.get("reports.csv", languages="ar", categories=files.flood)
    rows = list(hxl.data(io.BytesIO(answer.content), hxl.InputOptions(allow_local=True)))

    found = {row.get("#event+title"): row for row in rows}
    assert {"'=HYPERLINK(1)", "فيضان", "滇池 &"} == set(found)
    row = found["فيضان"]
    assert (-18.1416, 178.4419) == (float(row.get("#geo+lat")), float(row.get("#geo+lon")))
    assert ("فيضان", "verified") == (row.get("#event+category+name"), row.get("#status"))
    plain = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert "#event+title" == plain[0]["title"]


def test_atom_has_points_latitude_first(files: Files) -> None:
    """The latest first; a layer gives its filter and its name."""
    layer = files.node.ask(
        """mutation($layer: LayerInput!) { writeLayer(input: {layer: $layer}) { layer { id } } }""",
        "editor",
        layer={
            "names": [{"language": "zh", "text": "洪水 <图层>"}],
            "filter": {"search": "فيضان", "categories": [files.flood]},
        },
    )["data"]["writeLayer"]["layer"]["id"]
    answer = files.get("reports.atom", layer=layer)
    feed = ElementTree.fromstring(answer.content)

    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert "洪水 <图层>" == feed.findtext(f"{ATOM}title")
    [entry] = feed.findall(f"{ATOM}entry")
    assert "-18.1416 178.4419" == entry.findtext(f"{GEORSS}point")
    assert "فيضان" == entry.findtext(f"{ATOM}title")
    whole = ElementTree.fromstring(files.get("reports.atom", categories=files.flood).content)
    assert "滇池 &" == whole.findtext(f"{ATOM}entry/{ATOM}title")


def test_a_tile_is_decoded_by_what_browsers_use(files: Files, decoder: Path) -> None:
    """A report stands in its tile at every zoom, within a unit of it, with what is said of it."""
    report = files.titles["فيضان"]
    for zoom in (0, 7, 18):
        x, y = (part >> WORLD_BITS - zoom for part in on_world(SUVA["lat"], SUVA["lng"]))
        answer = files.get(f"tiles/{zoom}/{x}/{y}.mvt", categories=files.flood)
        layer = decoded(decoder, answer.content, zoom, x, y)["reports"]

        assert "application/vnd.mapbox-vector-tile" == answer.headers["content-type"]
        assert (2, 4096) == (layer["version"], layer["extent"])
        [feature] = [each for each in layer["features"] if each["properties"]["id"] == report]
        assert {"id", "category", "state", "happened"} == set(feature["properties"])
        unit = 360 / 2 ** min(zoom + 12, WORLD_BITS)
        lng, lat = feature["geometry"]["coordinates"]
        assert abs(lng - SUVA["lng"]) <= unit
        assert abs(lat - SUVA["lat"]) <= unit
    assert b"" == files.get("tiles/18/0/0.mvt").content


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("tiles/19/0/0.mvt", 400),
        ("tiles/2/4/0.mvt", 400),
        ("tiles/2/0/4.mvt", 400),
        ("tiles/a/0/0.mvt", 404),
        ("tiles/1/0/0.png", 404),
    ],
)
def test_a_tile_outside_of_the_world_is_refused(files: Files, path: str, status: int) -> None:
    """Beyond the last zoom, or beyond its last row or column."""
    assert status == files.get(path).status_code


def test_tilejson_says_where_tiles_are(files: Files) -> None:
    """With the same filter as itself, so that one address is a whole layer."""
    answer = files.get("tiles.json", region="CN-YN").json()

    assert [
        f"http://{files.node.gateway.address}/map/tiles/{{z}}/{{x}}/{{y}}.mvt?region=CN-YN"
    ] == answer["tiles"]
    assert ["reports", "3.0.0", 18] == [
        answer["vector_layers"][0]["id"],
        answer["tilejson"],
        answer["maxzoom"],
    ]


def test_an_ngo_of_the_directory_comes_onto_the_map(files: Files) -> None:
    """As GeoJSON, in GraphQL and in tiles, moments after it was registered."""
    files.node.register("حوض أخضر", location=SUVA)

    def there() -> bool:
        return bool(files.get("ngos.geojson").json()["features"])

    poll(there, files.node.services["map"].running, "a pin", PIN_S_MAX)
    [pin] = files.get("ngos.geojson", region="CN").json()["features"]
    answer = files.node.ask("{ pins { nodes { name causes ngo { city } } } }")

    assert [SUVA["lng"], SUVA["lat"]] == pin["geometry"]["coordinates"]
    assert [{"name": "حوض أخضر", "causes": ["environment"], "ngo": {"city": "昆明"}}] == answer[
        "data"
    ]["pins"]["nodes"]
    assert "حوض أخضر".encode() in files.get("tiles/0/0/0.mvt").content
    assert 400 == files.get("ngos.geojson", states="verified").status_code


def test_a_key_that_is_wrong_is_refused(files: Files) -> None:
    """As GraphQL refuses it."""
    answer: httpx.Response = files.get("reports.geojson", {"Authorization": "Bearer hk_x"})

    assert (401, "Bearer") == (answer.status_code, answer.headers["www-authenticate"])


def test_a_photo_is_uploaded_reported_and_shown(files: Files) -> None:
    """Whoever may read the report may have its photo, without what the camera wrote into it; and
    nobody may have one that no report shows."""
    address = f"http://{files.node.gateway.address}/map/files"
    uploaded = files.node.client.post(address, content=picture(), params={"name": "桥.jpg"})
    assert 201 == uploaded.status_code, uploaded.text
    file = uploaded.json()
    hidden = files.node.client.get(f"{address}/{file['sha256']}")
    verified(files.node, photos=[file], category=files.flood, text="有照片")
    shown = files.node.client.get(f"{address}/{file['sha256']}")

    assert (404, 200) == (hidden.status_code, shown.status_code)
    assert ("image/jpeg", "nosniff") == (
        shown.headers["Content-Type"],
        shown.headers["X-Content-Type-Options"],
    )
    assert file["size"] == len(shown.content)
    assert b"Exif" not in shown.content


def picture() -> bytes:
    """A photo that says with what it was taken."""
    made = io.BytesIO()
    exif = Image.Exif()
    exif[271] = "A camera"
    Image.new("RGB", (64, 48), "red").save(made, "JPEG", exif=exif)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "empty"), (bytes(11 * 1024 * 1024), "at most")]
)
def test_an_upload_that_cannot_be_taken_is_refused_by_name(
    files: Files, content: bytes, words: str
) -> None:
    """Before it costs anything."""
    address = f"http://{files.node.gateway.address}/map/files"
    answer = files.node.client.post(address, content=content)

    assert 400 == answer.status_code
    assert words in answer.json()["errors"][0]["message"]
