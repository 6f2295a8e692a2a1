"""Writes the source of one plan, and makes it a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from graphene.types.resolver import dict_or_attr_resolver
from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLAbstractType,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    get_named_type,
)
from graphql.execution.collect_fields import collect_fields, collect_sub_fields

from gateway.compile.plan import Plan, Root

__all__ = ["NotCompilable", "Writer"]

TYPENAME: Final = "__typename"
# What the Python class of a scalar's value must be for it to be its own serialised form.
OWN_FORM: Final[Mapping[str, str]] = {
    GraphQLString.name: "{v}.__class__ is not str",
    GraphQLID.name: "{v}.__class__ is not str",
    GraphQLBoolean.name: "{v}.__class__ is not bool",
    GraphQLInt.name: "{v}.__class__ is not int or not MIN <= {v} <= MAX",
    GraphQLFloat.name: "{v}.__class__ is not float and {v}.__class__ is not int",
}


class Unexpected(Exception):
    """A value is not of the form that was compiled for."""


class NotCompilable(Exception):
    """The operation has something in it that only graphql-core can execute."""


class Writer:
    """Writes the source of one plan."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = dict(variables)
        self._source: list[str] = []
        self._names: dict[str, Any] = {
            "Unexpected": Unexpected,
            "MIN": GRAPHQL_MIN_INT,
            "MAX": GRAPHQL_MAX_INT,
            "LISTS": (list, tuple),
        }
        self._arguments: list[tuple[GraphQLField, FieldNode]] = []

    def plan(self, operation: OperationDefinitionNode) -> Plan:
        query = self._schema.query_type
        assert query is not None
        fields = collect_fields(
            self._schema, self._fragments, self._variables, query, operation.selection_set
        )
        roots: list[Root] = []
        lines: list[str] = []
        entries: list[str] = []
        for key, nodes in fields.items():
            if nodes[0].name.value == TYPENAME:
                entries.append(f"{key!r}: {query.name!r}")
                continue
            field = query.fields.get(nodes[0].name.value)
            if field is None or field.resolve is None:
                raise NotCompilable
            value = f"v{len(roots)}"
            lines.append(f"    {value} = d[{len(roots)}]")
            lines.extend(self._complete(value, field.type, nodes, "    "))
            entries.append(f"{key!r}: {value}")
            selected = self._selected(field, nodes)
            roots.append(Root(key, field.resolve, selected, self._take_arguments(field, nodes[0])))
        self._source += ["def build(d, a):", *lines, f"    return {{{', '.join(entries)}}}"]
        source = "\n".join(self._source)
        # Nothing that a caller wrote is in the source but GraphQL names, which are [_A-Za-z0-9].
        exec(compile(source, "<operation>", "exec"), self._names)
        return Plan(roots, self._arguments, self._names["build"])

    def _selected(self, field: GraphQLField, nodes: list[FieldNode]) -> frozenset[str]:
        of = get_named_type(field.type)
        if not isinstance(of, GraphQLObjectType):
            return frozenset()
        return frozenset(inner[0].name.value for inner in self._sub_fields(of, nodes).values())

    def _sub_fields(
        self, of: GraphQLObjectType, nodes: list[FieldNode]
    ) -> dict[str, list[FieldNode]]:
        return collect_sub_fields(self._schema, self._fragments, self._variables, of, nodes)

    def _take_arguments(self, field: GraphQLField, node: FieldNode) -> int:
        self._arguments.append((field, node))
        return len(self._arguments) - 1

    def _bind(self, prefix: str, value: Any) -> str:
        """A name for `value` in the source."""
        name = f"{prefix}_{len(self._names)}"
        self._names[name] = value
        return name

    def _select(self, of: GraphQLObjectType, nodes: list[FieldNode]) -> str:
        """The name of a function that selects from a value of type `of`."""
        lines: list[str] = []
        entries: list[str] = []
        for number, (key, inner) in enumerate(self._sub_fields(of, nodes).items()):
            name = inner[0].name.value
            if name == TYPENAME:
                entries.append(f"{key!r}: {of.name!r}")
                continue
            field = of.fields[name]
            value = f"v{number}"
            lines.append(f"    {value} = {self._source_of(field, inner[0])}")
            lines.extend(self._complete(value, field.type, inner, "    "))
            entries.append(f"{key!r}: {value}")
        function = self._bind("select", None)
        self._source += [
            f"def {function}(d, a):",
            "    if d.__class__ is not dict: raise Unexpected",
            *lines,
            f"    return {{{', '.join(entries)}}}",
        ]
        return function

    def _source_of(self, field: GraphQLField, node: FieldNode) -> str:
        """The expression for a field's value out of its parent `d`."""
        resolve = field.resolve
        if isinstance(resolve, partial) and resolve.func is dict_or_attr_resolver:
            name, default = resolve.args
            return f"d.get({name!r})" if default is None else f"d.get({name!r}, {default!r})"
        if getattr(resolve, "plain", False):
            resolver = self._bind("resolve", resolve)
            if not field.args:
                return f"{resolver}(d, None)"
            return f"{resolver}(d, None, **a[{self._take_arguments(field, node)}])"
        raise NotCompilable

    def _complete(
        self, value: str, of: GraphQLOutputType, nodes: list[FieldNode], indent: str
    ) -> Iterator[str]:
        """Lines that bring the variable `value` into the form of the answer."""
        if isinstance(of, GraphQLNonNull):
            yield f"{indent}if {value} is None: raise Unexpected"
            yield from self._complete_present(value, of.of_type, nodes, indent)
        else:
            yield f"{indent}if {value} is not None:"
            yield from self._complete_present(value, of, nodes, indent + "    ")

    def _complete_present(
        self, value: str, of: Any, nodes: list[FieldNode], indent: str
    ) -> Iterator[str]:
        if isinstance(of, GraphQLList):
            item, items = f"{value}i", f"{value}s"
            yield f"{indent}if {value}.__class__ not in LISTS: raise Unexpected"
            yield f"{indent}{items} = []"
            yield f"{indent}for {item} in {value}:"
            yield from self._complete(item, of.of_type, nodes, indent + "    ")
            yield f"{indent}    {items}.append({item})"
            yield f"{indent}{value} = {items}"
        elif isinstance(of, GraphQLObjectType):
            yield f"{indent}{value} = {self._select(of, nodes)}({value}, a)"
        elif isinstance(of, GraphQLInterfaceType):
            yield f"{indent}{value} = {self._select_by_type(of, nodes)}({value}, a)"
        elif isinstance(of, GraphQLEnumType):
            names = {
                getattr(member.value, "value", member.value): name
                for name, member in of.values.items()
            }
            yield f"{indent}{value} = {self._bind('names', names)}[{value}]"
        elif isinstance(of, GraphQLScalarType) and of.name in OWN_FORM:
            yield f"{indent}if {OWN_FORM[of.name].format(v=value)}: raise Unexpected"
        elif isinstance(of, GraphQLScalarType):
            yield f"{indent}{value} = {self._bind('serialize', of.serialize)}({value})"
        else:
            raise NotCompilable

    def _select_by_type(self, of: GraphQLAbstractType, nodes: list[FieldNode]) -> str:
        resolve_type = of.resolve_type
        if resolve_type is None:
            raise NotCompilable
        functions = {
            possible.name: self._select(possible, nodes)
            for possible in self._schema.get_possible_types(of)
        }
        function = self._bind("select", None)
        type_of = self._bind("type_of", partial(_type_name, resolve_type, of))
        by_name = ", ".join(f"{name!r}: {select}" for name, select in functions.items())
        self._source += [
            f"def {function}(d, a):",
            f"    return {{{by_name}}}[{type_of}(d)](d, a)",
        ]
        return function


def _type_name(resolve_type: Callable[..., Any], of: GraphQLAbstractType, value: Any) -> Any:
    return resolve_type(value, None, of)
