"""How much a document may ask for."""

from __future__ import annotations

import pytest
from graphql import get_introspection_query

from gateway import limits
from gateway.cost import TooCostly
from gateway.documents import Document, Documents, Invalid, Unparsable
from gateway.schema.schema import build_schema
from hinterland.errors import HinterlandError


@pytest.fixture
def documents() -> Documents:
    return Documents(build_schema())


def nested(times: int, text: str) -> str:
    return "... on Query { " * times + text + " }" * times


def many(times: int, text: str) -> str:
    return " ".join(f"a{number}: {text}" for number in range(times))


def doubling(times: int) -> str:
    """Fragments that use the next one twice: short to write, 2 ** times fields to answer."""
    fragments = [
        f"fragment f{n} on Ngo {{ ...f{n + 1} {'' if n % 2 else 'id'} ...f{n + 1} }}"
        for n in range(times)
    ]
    return " ".join([*fragments, f"fragment f{times} on Ngo {{ id name city region }}"])


def test_introspection_is_within_the_limits(documents: Documents) -> None:
    """As other people's tools write it."""
    documents.get(get_introspection_query(input_value_deprecation=True, specified_by_url=True))


def test_a_document_is_parsed_once(documents: Documents) -> None:
    """The same text is the same document."""
    assert documents.get("{ viewer { node } }") is documents.get("{ viewer { node } }")


def test_a_document_that_is_refused_is_read_once_too(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's broken app sends it all day."""
    with pytest.raises(Invalid) as first:
        documents.get("{ nonsense }")
    monkeypatch.setattr("gateway.documents.parse", None)

    with pytest.raises(Invalid) as again:
        documents.get("{ nonsense }")
    assert again.value is first.value


def test_the_number_of_documents_has_a_bound() -> None:
    """A caller who writes values into his queries does not fill the memory."""
    documents = Documents(build_schema(), documents_max=2)
    first = documents.get("{ a: viewer { node } }")
    documents.get("{ b: viewer { node } }")
    documents.get("{ c: viewer { node } }")

    assert documents.get("{ a: viewer { node } }") is not first


@pytest.mark.parametrize(
    ("query", "what"),
    [
        (f"{{ {nested(limits.NESTING_MAX, 'viewer { node }')} }}", "levels of braces"),
        (f"{{ viewer {{ {many(limits.FIELDS_MAX, 'node')} }} }}", "fields"),
        (f"{{ {many(limits.ROOT_FIELDS_MAX + 1, '__typename')} }}", "fields at its top"),
        (
            f"{{ ngos {{ nodes {{ ...f0 }} }} }} {doubling(30)}",
            "fields",
        ),
        (
            "{ viewer { node } } "
            + " ".join(f"fragment f{n} on Viewer {{ node }}" for n in range(limits.FRAGMENTS_MAX)),
            "operations and fragments",
        ),
    ],
)
def test_a_document_that_asks_for_too_much_is_refused(
    documents: Documents, query: str, what: str
) -> None:
    """The message says of what there is too much."""
    with pytest.raises(TooCostly, match=rf"has \d+ {what}, and \d+ are allowed"):
        documents.get(query)


def test_a_variable_counts_as_the_largest_page(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document is judged once, whatever its variables will be."""
    monkeypatch.setattr(limits, "NODES_MAX", 150)

    documents.get("{ a: ngos(first: 100) { totalCount } b: ngos(first: 50) { totalCount } }")
    for query in (
        "query($n: Int) { a: ngos(first: $n) { totalCount } b: ngos(last: 51) { totalCount } }",
        "query($n: [ID!]!) { a: nodes(ids: $n) { id } b: nodes(ids: $n) { id } }",
        "{ a: ngos(first: 9999999) { totalCount } b: ngos(last: 51) { totalCount } }",
    ):
        with pytest.raises(TooCostly, match="records"):
            documents.get(query)


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { " + "node " * 10_000 + "} }",
        "{" * 10_000,
        '{ ngos(search: "' + "x" * limits.QUERY_CHARS_MAX + '") { totalCount } }',
        "#\n" * 10_000 + "{ viewer { node } }",
        "query(" + "$a: " + "[" * 1_900 + "{ viewer { node } }",
    ],
)
def test_a_text_without_end_is_not_read_to_its_end(documents: Documents, query: str) -> None:
    """Tokens, comments, characters and nesting are all bounded."""
    with pytest.raises(Unparsable):
        documents.get(query)


@pytest.mark.parametrize(
    "query",
    [
        "{ "
        + " ".join(f"...f{n % 90}" for n in range(600))
        + " } "
        + " ".join(f"fragment f{n} on Query {{ ...f{(n + 1) % 90} }}" for n in range(90)),
        "{ " + "viewer " * 350 + " }",
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
    ],
)
def test_what_is_within_the_limits_is_validated_to_its_end(
    documents: Documents, query: str
) -> None:
    """Cycles, conflicts and introspection in circles are found, not followed."""
    with pytest.raises((Invalid, TooCostly)):
        documents.get(query)


def test_every_refusal_has_a_code(documents: Documents) -> None:
    """Programs do not read messages."""
    codes = set()
    for query in ("{", "{ nonsense }", f"{{ {many(21, '__typename')} }}"):
        with pytest.raises(HinterlandError) as refused:
            documents.get(query)
        codes.add(refused.value.code)

    assert codes == {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "TOO_COSTLY"}
    assert isinstance(documents.get("{ viewer { node } }"), Document)
