"""How much a document may ask for, decided before a service hears of it.

Two looks at it. `check_size` is cheap and comes before validation, whose cost grows with the square
of the fields in one place. `check_cost` comes after, when fragments are known to have no cycles. It
counts a page size that a variable gives at its largest, so that it holds for every later request
with the same document.
"""

from __future__ import annotations

from typing import ClassVar, Final, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
)

from gateway import limits
from hinterland.errors import HinterlandError

__all__ = ["TooCostly", "check_cost", "check_size"]

PAGE_ARGUMENTS: Final = ("first", "last")
LIST_ARGUMENTS: Final = ("ids",)
INTROSPECTION: Final = ("__schema", "__type")


class TooCostly(HinterlandError):
    """The query asks for too much at once. Ask for less, or in several requests."""

    code: ClassVar[str] = "TOO_COSTLY"

    def __init__(self, what: str, asked: int, limit: int) -> None:
        super().__init__(
            f"The query has {asked} {what}, and {limit} are allowed. Ask for less, or in several "
            "requests.",
            limit=limit,
        )


class Cost(NamedTuple):
    """Of a selection set: `nodes` are the records that it may fetch for each parent."""

    fields: int = 0
    depth: int = 0
    nodes: int = 0

    def __add__(self, other: object) -> Cost:
        assert isinstance(other, Cost)
        return Cost(
            self.fields + other.fields,
            max(self.depth, other.depth),
            self.nodes + other.nodes,
        )


def check_size(document: DocumentNode) -> None:
    """Raises TooCostly when more is written than is allowed, whatever it means."""
    selection_sets = [
        definition.selection_set
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    if len(selection_sets) > limits.FRAGMENTS_MAX:
        raise TooCostly("operations and fragments", len(selection_sets), limits.FRAGMENTS_MAX)
    fields = 0
    stack = [(selections, 1) for selections in selection_sets]
    while stack:
        selections, nesting = stack.pop()
        if nesting > limits.NESTING_MAX:
            raise TooCostly("levels of braces", nesting, limits.NESTING_MAX)
        for selection in selections.selections:
            fields += isinstance(selection, FieldNode)
            inner = getattr(selection, "selection_set", None)
            if inner is not None:
                stack.append((inner, nesting + 1))
    if fields > limits.FIELDS_MAX:
        raise TooCostly("fields", fields, limits.FIELDS_MAX)


def check_cost(document: DocumentNode) -> None:
    """Raises TooCostly when an operation of this valid document may cost more than is allowed."""
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    costs: dict[str, Cost] = {}

    def of_set(selections: SelectionSetNode | None) -> Cost:
        total = Cost()
        for selection in selections.selections if selections else ():
            total += of_selection(selection)
        return total

    def of_selection(selection: SelectionNode) -> Cost:
        if isinstance(selection, FieldNode):
            return of_field(selection)
        if isinstance(selection, InlineFragmentNode):
            return of_set(selection.selection_set)
        assert isinstance(selection, FragmentSpreadNode)
        name = selection.name.value
        if name not in costs:
            costs[name] = of_set(fragments[name].selection_set)
        return costs[name]

    def of_field(field: FieldNode) -> Cost:
        if field.name.value in INTROSPECTION:
            # Answered from memory; graphql-core bounds its depth by a rule of its own.
            return Cost(fields=1, depth=1)
        inner = of_set(field.selection_set)
        records = _records(field)
        return Cost(
            fields=1 + inner.fields,
            depth=1 + inner.depth,
            nodes=records * max(1, inner.nodes) if records else inner.nodes,
        )

    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            cost = of_set(definition.selection_set)
            roots = _root_fields(definition.selection_set, fragments)
            for what, asked, limit in (
                ("levels", cost.depth, limits.DEPTH_MAX),
                ("fields", cost.fields, limits.SELECTED_FIELDS_MAX),
                ("records", cost.nodes, limits.NODES_MAX),
                ("fields at its top", roots, limits.ROOT_FIELDS_MAX),
            ):
                if asked > limit:
                    raise TooCostly(what, asked, limit)


def _root_fields(selections: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> int:
    """A field that is written twice counts twice, and a fragment wherever it is used."""
    count = 0
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            count += 1
        elif isinstance(selection, InlineFragmentNode):
            count += _root_fields(selection.selection_set, fragments)
        elif isinstance(selection, FragmentSpreadNode):
            count += _root_fields(fragments[selection.name.value].selection_set, fragments)
        if count > limits.ROOT_FIELDS_MAX:
            break
    return count


def _records(field: FieldNode) -> int:
    """How many records a field may fetch by its arguments; 0 if it does not list records."""
    most = 0
    for argument in field.arguments:
        name = argument.name.value
        if name in PAGE_ARGUMENTS:
            most = max(most, _number(argument.value))
        elif name in LIST_ARGUMENTS:
            most = max(most, _length(argument.value))
    return most


def _number(value: ValueNode) -> int:
    """What is out of range is refused by the service, so the largest page is the most there is."""
    if isinstance(value, IntValueNode) and len(value.value) <= len(str(limits.PAGE_ITEMS_MAX)):
        return min(max(int(value.value), 1), limits.PAGE_ITEMS_MAX)
    return limits.PAGE_ITEMS_MAX


def _length(value: ValueNode) -> int:
    return len(value.values) if isinstance(value, ListValueNode) else limits.PAGE_ITEMS_MAX
