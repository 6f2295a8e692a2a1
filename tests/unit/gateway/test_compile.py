"""A compiled answer is graphql-core's answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
)
from hypothesis import event, given, settings
from hypothesis import strategies as st

from gateway import limits
from gateway.context import Context
from gateway.documents import Operation
from gateway.schema.schema import build_schema
from hinterland.actors import ANONYMOUS
from tests.unit.gateway.conftest import Parts, ngo, page_of

SCHEMA: GraphQLSchema = build_schema()

DEPTH_MAX = 3
ARGUMENTS = ("", "(languages: $tags)", '(languages: ["en", "zh-Hant"])')
DIRECTIVES = ("", "", "", " @include(if: $yes)", " @skip(if: $yes)")

languages = st.sampled_from(["zh", "zh-Hant", "en", "ar", "vi"])
texts = st.text(min_size=1, max_size=8)
# Codes, states and values of newer nodes among them, and here and there what no service returns.
ngos = st.builds(
    lambda number, fields: ngo(number, **fields),
    st.integers(0, 999),
    st.fixed_dictionaries(
        {
            "names": st.dictionaries(languages, texts, min_size=1),
            "causes": st.lists(st.sampled_from(["health", "other", "not_known_here"])),
        },
        optional={
            "scope": st.sampled_from(["public", "members", "private", "nonsense"]),
            "descriptions": st.dictionaries(languages, texts),
            "aliases": st.lists(texts),
            "city": texts,
            "location": st.fixed_dictionaries(
                {"lat": st.floats(-90, 90), "lng": st.integers(-180, 180)}
            ),
            "legal_form": st.sampled_from(["foundation", "not_known_here"]),
            "identifiers": st.lists(st.fixed_dictionaries({"scheme": texts, "value": texts})),
            "phones": st.lists(st.one_of(texts, st.none())),
            "social": st.dictionaries(texts, texts),
            "staff_count": st.one_of(st.integers(0, 2**33), st.booleans(), texts),
            "services": st.lists(
                st.fixed_dictionaries({"name": texts}, optional={"hours": st.none() | texts})
            ),
            "verification": st.fixed_dictionaries(
                {}, optional={"state": st.sampled_from(["verified", "in_review", "newer"])}
            ),
            "region": st.one_of(texts, st.none(), st.integers()),
        },
    ),
)


@st.composite
def selections(draw: st.DrawFn, of: GraphQLObjectType, depth: int = 0) -> str:
    """A selection set on `of`: fields, aliases, arguments, directives, fragments."""
    names = [
        name
        for name, field in of.fields.items()
        if not is_composite_type(get_named_type(field.type)) or depth < DEPTH_MAX
    ]
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=6, unique=True))
    parts = []
    for number, name in enumerate(chosen):
        field = of.fields[name]
        named = get_named_type(field.type)
        parts.append(
            draw(st.sampled_from(["", f"f{number}: "]))
            + name
            + (draw(st.sampled_from(ARGUMENTS)) if "languages" in field.args else "")
            + draw(st.sampled_from(DIRECTIVES))
            + (draw(selections(named, depth + 1)) if isinstance(named, GraphQLObjectType) else "")
        )
    text = " ".join([*parts, draw(st.sampled_from(["", "__typename"]))])
    return draw(st.sampled_from([" { %s }", " { ... on " + of.name + " { %s } }"])) % text


async def both(query: str, variables: dict[str, Any], parts: Parts) -> tuple[Any, Any]:
    """What is compiled (None if it is left to graphql-core), and what graphql-core says."""
    operation: Operation = parts.documents.get(query).operation(None)
    plan = operation.compiler.plan(variables)
    compiled = None
    if plan is not None:
        compiled = await plan.run(Context(parts.node, ANONYMOUS), variables)
    ordinary = Parts(compiled=False)
    ordinary.calls.answers = parts.calls.answers
    answer = await ordinary.execution.answer(
        operation, variables, Context(ordinary.node, ANONYMOUS)
    )
    return compiled, answer


@settings(deadline=None)
@given(
    items=st.lists(ngos, max_size=4),
    selection=selections(SCHEMA.type_map["Ngo"]),  # type: ignore[arg-type]
    tags=st.lists(languages, max_size=3),
    yes=st.booleans(),
)
def test_compiled_answers_are_those_of_graphql_core(
    items: list[dict[str, Any]], selection: str, tags: list[str], yes: bool
) -> None:
    """Or there is none: what is not as the schema says is left to graphql-core."""
    parts = Parts()
    parts.calls.answers["directory.list_ngos"] = lambda *_: page_of(*items)
    query = (
        "query($tags: [String!]!, $yes: Boolean!) { "
        "causes @include(if: $yes) { label(languages: $tags) } "
        f"ngos(first: 4) {{ nodes {selection} edges {{ cursor node {selection} }} }} }}"
    )

    compiled, answer = asyncio.run(both(query, {"tags": tags, "yes": yes}, parts))

    event("left to graphql-core" if compiled is None else "compiled")
    assert compiled is None or answer == {"data": compiled}


@pytest.mark.parametrize(
    "field",
    [
        {"region": None},
        {"region": 7},
        {"scope": "nonsense"},
        {"staff_count": 2**31},
        {"staff_count": True},
        {"phones": "+86"},
        {"phones": [None]},
        {"verification": "verified"},
        {"location": {"lat": 1.0}},
        {"at": None},
        {"names": {}},
    ],
)
def test_a_value_that_is_not_as_the_schema_says_is_left_to_graphql_core(field: Any) -> None:
    """It knows how far a null goes, and which error to report."""
    parts = Parts()
    parts.calls.answers["directory.list_ngos"] = lambda *_: page_of(ngo(1, **field))
    query = (
        "{ ngos { nodes { region scope staffCount phones verification { state } writtenAt "
        "location { lat lng } name } } }"
    )

    compiled, answer = asyncio.run(both(query, {}, parts))

    assert compiled is None
    assert answer["data"] is not None
    assert answer != {"data": compiled}


QUERIES = [
    '{ ngo(id: "yunnan.ngo.1") { id name } other: ngo(id: "gansu.ngo.1") { id } }',
    '{ node(id: "yunnan.ngo.1") { __typename id ... on Ngo { name } } }',
    '{ nodes(ids: ["yunnan.ngo.1", "nonsense", "gansu.ngo.1"]) { id ... on Node { id } } }',
    "{ ngos { totalCount pageInfo { hasNextPage endCursor } } __typename }",
    "{ causes { code label labels { language text } } viewer { account roles node } }",
    "query($n: Int = 3) { ngos(first: $n) { ...page } } fragment page on NgoConnection "
    "{ nodes { ...one } edges { node { ...one city } } } fragment one on Ngo { id name }",
]


@pytest.mark.parametrize("query", QUERIES)
def test_what_apps_ask_for_is_compiled(query: str) -> None:
    """None of these needs graphql-core, and each answer is the same."""
    parts = Parts()

    def get(_actor: Any, params: Any) -> Any:
        return {"head": 1, "items": [ngo(1) if i.startswith("y") else None for i in params["ids"]]}

    parts.calls.answers["directory.get_ngos"] = get
    parts.calls.answers["directory.list_ngos"] = lambda *_: page_of(ngo(1), ngo(2), total=9)

    compiled, answer = asyncio.run(both(query, {"n": 3}, parts))

    assert compiled is not None
    assert answer == {"data": compiled}


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { queryType { name } } }",
        'mutation { confirmNgo(input: {id: "x"}) { head } }',
        "{ suggestions { nodes { ngo { name } } } }",
    ],
)
def test_what_is_more_than_values_is_left_to_graphql_core(query: str) -> None:
    """Introspection, commands, and fields that are fetched on their own."""
    assert Parts().documents.get(query).operation(None).compiler.plan({}) is None


def test_the_number_of_variants_has_a_bound() -> None:
    """A caller with twenty switches cannot make a million plans."""
    switches = [f"s{number}" for number in range(20)]
    query = (
        f"query({', '.join(f'${name}: Boolean!' for name in switches)}) {{ viewer {{ "
        + " ".join(f"{name}: node @include(if: ${name})" for name in switches)
        + " } }"
    )
    compiler = Parts().documents.get(query).operation(None).compiler
    values = [
        {name: bool(number >> bit & 1) for bit, name in enumerate(switches)} for number in range(99)
    ]

    plans = [compiler.plan(each) for each in values]

    assert sum(plan is not None for plan in plans) == limits.VARIANTS_MAX


def test_a_value_cannot_become_code() -> None:
    """What callers and records say is never in the source; aliases are, and those are names."""
    code = "'] + [exit()] + ['"
    parts = Parts()
    parts.calls.answers["directory.list_ngos"] = lambda *_: page_of(ngo(1, names={"en": code}))
    query = f'{{ ngos(search: "{code}") {{ nodes {{ __class__: name(languages: ["{code}"]) }} }} }}'

    compiled, _ = asyncio.run(both(query, {}, parts))

    assert compiled == {"ngos": {"nodes": [{"__class__": code}]}}
