"""Files of NGOs are read as people make them: `services.directory.importing`."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import opencc
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from hinterland.errors import BadInput
from hinterland.tables import sheets, text
from services.directory.contract import limits
from services.directory.contract.calls import ImportOptions
from services.directory.importing import UnreadableFile, read_file, start_mapping
from services.directory.importing.columns import COLUMNS, HEADINGS, is_target
from services.directory.importing.vocabulary import cause_of, region_and_rest

UNTIDY = "\n".join([
    "云南省社会组织名录（2025）" + "," * 11,
    "," * 11,
    "序号,机构名称*,英文名,服务领域（可多选）,省份,城市,联系电话,成立时间,负责人,员工数,"
    "统一社会信用代码,网址",
    "1,云南省绿色流域,Green Watershed,环境保护、水资源,云南省,昆明市,0871-65123456/65123457,"
    "2002年8月,张三,约12人,91110000710926094P,www.a.org",
    "2,大理助学会,,教育助学;火星移民,云南,大理市,暂无,-,李四,无,,n/a",
    "3,,,教育,云南,昆明,,,,,,",
    "4,云南省绿色流域,,环境保护,云南省,昆明市,,,,,91110000710926094P,",
    "合计,4,,,,,,,,,,",
    "",
])  # fmt: skip

Save = Callable[[str | bytes, str], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Writes a file of one test's own."""

    def write(content: str | bytes, name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


TO_TRADITIONAL = opencc.OpenCC("s2t")


def to_traditional(content: str) -> str:
    return str(TO_TRADITIONAL.convert(content))


@pytest.mark.parametrize(
    ("encoding", "delimiter", "line_end"),
    [
        ("utf-8", ",", "\n"),
        ("utf-8-sig", ";", "\r\n"),
        ("gbk", ",", "\r\n"),
        ("gb18030", "\t", "\n"),
        ("utf-16", "\t", "\r\n"),
    ],
)
def test_encoding_delimiter_and_header_are_found(
    save: Save, encoding: str, delimiter: str, line_end: str
) -> None:
    """The same table is read alike however a spreadsheet program saved it."""
    content = UNTIDY.replace(",", delimiter if delimiter != ";" else "|").replace(";", "、")
    content = content.replace("|", delimiter).replace("\n", line_end)

    reading = read_file(save(content.encode(encoding), "ngos.csv"), ImportOptions())

    assert [row.row for row in reading.rows] == [4, 5]
    assert reading.rows[0].ngo == {
        "names": {"zh": "云南省绿色流域", "en": "Green Watershed"},
        "causes": ["environment", "water_sanitation"],
        "region": "CN-YN",
        "city": "昆明市",
        "phones": ["0871-65123456", "0871-65123457"],
        "founded": "2002年8月",
        "staff_count": "12",
        "identifiers": [{"scheme": "CN-USCI", "value": "91110000710926094P"}],
        "website": "www.a.org",
    }


def test_big5_is_told_from_gbk(save: Save) -> None:
    """A file from Taiwan or Hong Kong is read with its own letters."""
    content = to_traditional("机构名称,领域,地区\n绿色协会,环境保护,云南省\n").encode("big5")

    reading = read_file(save(content, "ngos.csv"), ImportOptions())

    assert [row.ngo["names"] for row in reading.rows] == [{"zh": "綠色協會"}]
    assert reading.rows[0].ngo["causes"] == ["environment"]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(HEADINGS["names"].split("|")[0].split())), min_size=2))
@pytest.mark.parametrize(("encoding", "family"), [("gbk", "gb18030"), ("big5", "big5hkscs")])
def test_even_a_few_words_tell_the_encoding(encoding: str, family: str, words: list[str]) -> None:
    """Common words are enough to tell GBK and Big5 apart."""
    content = ",".join(words)
    if encoding == "big5":
        content = to_traditional(content)

    assert text.decode(content.encode(encoding)) == (content, family)


def test_problems_name_row_and_column_and_stop_nothing(save: Save) -> None:
    """What is not understood is left out and said where; the other rows and cells are read."""
    reading = read_file(save(UNTIDY, "ngos.csv"), ImportOptions())

    problems = [(problem.row, problem.column) for problem in reading.problems]

    assert problems == [(5, "服务领域（可多选）"), (6, "机构名称*"), (7, None)]
    assert "'火星移民' is no known cause" in reading.problems[0].message
    assert "same organisation as in row 4" in reading.problems[2].message
    assert 1 == reading.repeated


@pytest.mark.parametrize("cell", ["环境保护、教育", "环境保护/教育", "环境保护／教育；教育"])
def test_causes_are_listed_with_any_sign_between_them(save: Save, cell: str) -> None:
    """A slash between two causes is as good as a comma."""
    reading = read_file(save(f"名称,领域,省份\n绿色协会,{cell},云南\n", "n.csv"), ImportOptions())

    assert ["environment", "education"] == reading.rows[0].ngo["causes"]


def test_a_field_is_found_again_by_its_heading(save: Save) -> None:
    """What the service says of a field can be shown as the column that a person sees."""
    reading = read_file(save(UNTIDY, "ngos.csv"), ImportOptions())

    fields = ("phones.0", "names.en", "names", "staff_count", "identifiers.0", "email", None)
    assert [reading.heading_of(field) for field in fields] == [
        "联系电话", "英文名", "机构名称*", "员工数", "统一社会信用代码", "email", None
    ]  # fmt: skip


def test_data_of_people_are_not_read(save: Save) -> None:
    """Columns of persons in charge and their mobiles are left out, and shown as such."""
    content = "机构名称,领域,省份,负责人,手机\n绿色协会,环保,云南,张三,13800138000\n"

    reading = read_file(save(content, "ngos.csv"), ImportOptions())

    assert reading.columns["负责人"] == reading.columns["手机"] == "personal"
    assert "13800138000" not in str(reading.rows)


def test_options_say_what_a_file_lacks(save: Save) -> None:
    """Region, cause and language are given once for all rows that have none."""
    options = ImportOptions(region="CN-GS", cause="other", language="ar")

    reading = read_file(save("name,phone\nجمعية,0931-4567890\n", "ngos.csv"), options)

    assert reading.rows[0].ngo == {
        "names": {"ar": "جمعية"},
        "phones": ["0931-4567890"],
        "region": "CN-GS",
        "causes": ["other"],
    }


def test_region_and_city_are_read_out_of_an_address(save: Save) -> None:
    """A full Chinese address says where an NGO is when the columns do not."""
    content = "名称,领域,地址\n绿色协会,环保,云南省大理白族自治州大理市古城1号\n"

    ngo = read_file(save(content, "ngos.csv"), ImportOptions()).rows[0].ngo

    assert (ngo["region"], ngo["city"]) == ("CN-YN", "大理白族自治州")


@pytest.mark.parametrize(
    ("heading", "target"),
    [
        ("机构名称（必填）", "names"),
        ("組織名稱：", "names"),
        ("Organization Name *", "names"),
        ("اسم المنظمة", "names"),
        ("机构名称 / Name", "names"),
        ("地址 Address", "address"),
        ("Tên tổ chức", "names"),
        ("NAMA ORGANISASI", "names"),
        ("社会统一信用代码", None),
        ("统一社会信用代码", "identifiers.CN-USCI"),
        ("E-mail", "email"),
        ("names.fr", "names.fr"),
        ("Wechat", "social.wechat"),
        ("联系人", "personal"),
        ("星座", None),
    ],
)
def test_headings_are_known_in_several_languages(heading: str, target: str | None) -> None:
    """Brackets, stars, case and script of a heading do not matter."""
    assert target == COLUMNS.target_of(heading)


def test_no_heading_means_two_fields() -> None:
    """Every known heading leads to a target that a mapping could name as well."""
    assert all(is_target(target) for target in HEADINGS if target != "personal")


def test_a_mapping_file_is_started_and_used(save: Save, tmp_path: Path) -> None:
    """`--write-mapping` lists every heading; once completed the mapping decides."""
    source = save("Bezeichnung,phone,Gebiet\nGrün,0871-65123456,CN-YN\n", "ngos.csv")
    mapping = tmp_path / "mapping.json"

    started = start_mapping(source, mapping)
    content = orjson.loads(mapping.read_bytes())
    content["columns"] |= {"Bezeichnung": "names.de", "Gebiet": "region", "phone": None}
    mapping.write_bytes(orjson.dumps(content))
    reading = read_file(source, ImportOptions(), mapping=mapping)

    assert started == {"Bezeichnung": None, "phone": "phones", "Gebiet": None}
    assert [row.ngo for row in reading.rows] == [{"names": {"de": "Grün"}, "region": "CN-YN"}]


def test_a_mapping_to_an_unknown_field_is_refused(save: Save) -> None:
    """A typing error in a mapping file does not lose a column in silence."""
    source = save("a,b\n1,2\n", "ngos.csv")
    mapping = save('{"columns": {"a": "nmaes"}}', "mapping.json")

    with pytest.raises(BadInput, match="'nmaes', which is no field"):
        read_file(source, ImportOptions(), mapping=mapping)


def test_xlsx_is_read_as_a_person_sees_it(tmp_path: Path) -> None:
    """Numbers have no `.0`, dates are dates, and the sheet with the header is found."""
    workbook = Workbook()
    workbook.active.append(["see the next sheet"])
    sheet = workbook.create_sheet("名录")
    sheet.append(["2025"])
    sheet.append(["名称", "领域", "地区", "电话", "成立时间", "员工", "纬度", "经度"])
    sheet.append(["绿色", "环保", "云南", 87165123456, datetime(2009, 5, 12), 12.0, 25.04, 102.71])
    workbook.save(tmp_path / "ngos.xlsx")

    reading = read_file(tmp_path / "ngos.xlsx", ImportOptions())

    assert reading.notes == ["XLSX, sheet 名录", "header in row 2"]
    assert reading.rows[0].row == 3
    assert reading.rows[0].ngo == {
        "names": {"zh": "绿色"},
        "causes": ["environment"],
        "region": "CN-YN",
        "phones": ["87165123456"],
        "founded": "2009-05-12",
        "staff_count": "12",
        "location": {"lat": "25.04", "lng": "102.71"},
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 not a zip", "not an XLSX workbook"),
        (b"\xd0\xcf\x11\xe0 old", "save it as .xlsx"),
        (b"", "none of the first"),
        (b"just,some\nvalues,here\n", "none of the first"),
        (b'name,region\n"' + b"x" * 200_000, "cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_with_a_remedy(
    save: Save, content: bytes, message: str
) -> None:
    """A file that cannot be read says so before anything is sent."""
    with pytest.raises(BadInput, match=message):
        read_file(save(content, "ngos.csv"), ImportOptions())


def test_a_bomb_is_refused_by_its_size(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that unpacks to more than its limit is not unpacked."""
    monkeypatch.setattr(sheets, "UNPACKED_BYTES_MAX", 1_000_000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * 1_000_001)

    with pytest.raises(UnreadableFile, match="unpacks to"):
        read_file(save(packed.getvalue(), "ngos.xlsx"), ImportOptions())


def test_chunks_keep_the_limits_of_a_call(save: Save) -> None:
    """Rows are sent in order, at most so many and so large at a time."""
    lines = "\n".join(f"机构{number},{'长' * 1500},CN-YN,环保" for number in range(450))

    reading = read_file(save(f"名称,简介,地区,领域\n{lines}\n", "n.csv"), ImportOptions())
    chunks = list(reading.chunks())

    assert [row["row"] for chunk in chunks for row in chunk] == list(range(2, 452))
    assert all(len(chunk) <= limits.IMPORT_ROWS_MAX for chunk in chunks)
    assert all(len(orjson.dumps(chunk)) <= 1.1 * limits.IMPORT_CHUNK_BYTES_MAX for chunk in chunks)


@given(st.text(max_size=30))
def test_any_word_is_looked_up_without_fail(word: str) -> None:
    """Whatever stands in a cell, the vocabulary answers."""
    cause_of(word)
    region, rest = region_and_rest(word)

    assert region is not None or rest == word.strip()


HSDS: dict[str, str] = {
    "organizations.csv": (
        "id,name,alternate_name,description,email,url,year_incorporated\n"
        "o1,云南社工中心,社工,Social work,a@b.org,https://b.org,2011\n"
        "o2,Gansu Water,,,,,\n"
        "o3,,,,,,\n"
    ),
    "services.csv": (
        "id,organization_id,name,description,eligibility\n"
        "s1,o1,热线,Counselling by phone,Everybody\n"
        "s9,o9,Nobody's,,\n"
    ),
    "locations.csv": "id,organization_id,name,latitude,longitude\nl1,,HQ,25.04,102.71\n",
    "services_at_location.csv": "id,service_id,location_id\nx1,s1,l1\nx2,s1,l7\n",
    "physical_addresses.csv": (
        "id,location_id,address_1,city,state_province,postal_code,country\n"
        "a1,l1,翠湖北路2号,昆明市,YN,650031,CN\n"
    ),
    "phones.csv": (
        "id,organization_id,service_id,contact_id,number,type\n"
        "p1,o1,,,+86 871 65123456,voice\n"
        "p2,,s1,,0871-65123457,voice\n"
        "p3,o1,,c1,13800138000,voice\n"
    ),
    "regular_schedules.csv": "id,service_id,weekday,opens_at,closes_at\nr1,s1,1,09:00,17:00\n",
    "taxonomy_terms.csv": "id,name\nt1,Mental health\nt2,Housing\n",
    "service_attributes.csv": "id,service_id,taxonomy_term_id\nn1,s1,t1\nn2,s1,t8\n",
}


def _zipped(tables: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in tables.items():
            archive.writestr(f"package/{name}", content)
    return packed.getvalue()


@pytest.fixture(params=["folder", "zip"])
def package(request: Any, tmp_path: Path) -> Path:
    """The package of HSDS, once as a folder and once as a zip."""
    if request.param == "zip":
        (tmp_path / "hsds.zip").write_bytes(_zipped(HSDS))
        return tmp_path / "hsds.zip"
    for name, content in HSDS.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def test_an_hsds_package_becomes_ngos(package: Path) -> None:
    """Organisation, services, location, address, phones and terms are joined by their ids."""
    reading = read_file(package, ImportOptions(region="CN-GS", cause="other"))

    assert [row.ngo for row in reading.rows] == [
        {
            "names": {"zh": "云南社工中心"},
            "aliases": ["社工"],
            "descriptions": {"en": "Social work"},
            "email": "a@b.org",
            "website": "https://b.org",
            "founded": "2011",
            "phones": ["+86 871 65123456", "0871-65123457"],
            "causes": ["mental_health"],
            "services": [
                {
                    "name": "热线",
                    "description": "Counselling by phone",
                    "eligibility": "Everybody",
                    "hours": "1 09:00-17:00",
                }
            ],
            "location": {"lat": "25.04", "lng": "102.71"},
            "region": "CN-YN",
            "city": "昆明市",
            "address": "翠湖北路2号",
        },
        {"names": {"en": "Gansu Water"}, "region": "CN-GS", "causes": ["other"]},
    ]


def test_dangling_references_are_reported_and_survived(package: Path) -> None:
    """A row that points at nothing is named with its file, row and column."""
    reading = read_file(package, ImportOptions())

    places = {(problem.file, problem.row, problem.column) for problem in reading.problems}

    assert {
        ("services.csv", 3, "organization_id"),
        ("services_at_location.csv", 3, "location_id"),
        ("service_attributes.csv", 3, "taxonomy_term_id"),
        ("organizations.csv", 4, "name"),
    } == places


def test_hsds_3_names_its_tables_and_columns_otherwise(tmp_path: Path) -> None:
    """Version 3's attribute, identifier and address tables are read too."""
    tables = {
        "organization.csv": (
            "id,name,description,website,legal_status\no1,Yunnan Aid,X,a.org,Foundation\n"
        ),
        "organization_identifier.csv": (
            "id,organization_id,identifier_scheme,identifier\ni1,o1,CN-USCI,91110000710926094P\n"
        ),
        "service.csv": "id,organization_id,name,eligibility_description\ns1,o1,Class,All\n",
        "attribute.csv": "id,link_id,link_entity,taxonomy_term_id\nb1,o1,organization,t1\n",
        "taxonomy_term.csv": "id,code,name\nt1,EDU,Education\n",
        "location.csv": "id,organization_id,location_type\nl1,o1,physical\n",
        "address.csv": (
            "id,location_id,address_1,city,state_province,country\na1,l1,1 Road,Kunming,Yunnan,CN\n"
        ),
    }
    for name, content in tables.items():
        (tmp_path / name).write_text(content)

    reading = read_file(tmp_path, ImportOptions())

    assert reading.problems == []
    assert reading.rows[0].ngo == {
        "names": {"en": "Yunnan Aid"},
        "descriptions": {"en": "X"},
        "website": "a.org",
        "legal_form": "foundation",
        "identifiers": [{"scheme": "CN-USCI", "value": "91110000710926094P"}],
        "causes": ["education"],
        "services": [{"name": "Class", "eligibility": "All"}],
        "region": "CN-YN",
        "city": "Kunming",
        "address": "1 Road",
    }
