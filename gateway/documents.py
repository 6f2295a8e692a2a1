"""Documents, parsed and validated once, and what each of their operations compiles to.

The same app sends the same few documents over and over: parsing and validating takes ten times as
long as answering.
"""

from __future__ import annotations

from typing import ClassVar

from graphql import (
    DocumentNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    recommended_rules,
    specified_rules,
    validate,
)

from gateway import limits
from gateway.compile import Compiler
from gateway.cost import check_cost, check_size
from gateway.errors import Refused
from gateway.kept import Kept
from hinterland.errors import HinterlandError

__all__ = ["Document", "Documents", "Invalid", "NoOperation", "Operation", "Unparsable"]


class Unparsable(Refused):
    """The query is not GraphQL."""

    code: ClassVar[str] = "GRAPHQL_PARSE_FAILED"


class Invalid(Refused):
    """The query does not fit the schema."""

    code: ClassVar[str] = "GRAPHQL_VALIDATION_FAILED"


class NoOperation(HinterlandError):
    """The document holds several operations, or none of that name. Name one in operationName."""

    code: ClassVar[str] = "OPERATION_NOT_FOUND"


class Operation:
    """One operation of a valid document."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode
    ):
        self.document = document
        self.node = node
        self.name = node.name.value if node.name else None
        self.type: OperationType = node.operation
        self.compiler = Compiler(schema, document, node)


class Document:
    """A valid document, within the limits."""

    def __init__(self, schema: GraphQLSchema, node: DocumentNode) -> None:
        self._operations = {
            operation.name: operation
            for definition in node.definitions
            if isinstance(definition, OperationDefinitionNode)
            for operation in [Operation(schema, node, definition)]
        }

    def operation(self, name: str | None) -> Operation:
        """Raises NoOperation. The name may be left out where there is only one."""
        if name is None and len(self._operations) == 1:
            return next(iter(self._operations.values()))
        if name is None or name not in self._operations:
            raise NoOperation()
        return self._operations[name]


class Documents:
    """All documents asked for of late, under their very text."""

    def __init__(self, schema: GraphQLSchema, documents_max: int = limits.DOCUMENTS_MAX) -> None:
        self._schema = schema
        self._documents = Kept[str, Document | HinterlandError](documents_max)

    def get(self, text: str) -> Document:
        """Raises Unparsable, Invalid or TooCostly, for the same text again without reading it."""
        document = self._documents.get(text)
        if document is None:
            try:
                document = self._read(text)
            except HinterlandError as error:
                document = error
            self._documents.put(text, document)
        if isinstance(document, HinterlandError):
            raise document.with_traceback(None)
        return document

    def _read(self, text: str) -> Document:
        try:
            node = parse(
                text,
                max_lexical_tokens=limits.TOKENS_MAX,
                max_comments=limits.TOKENS_MAX,
                max_source_length=limits.QUERY_CHARS_MAX,
            )
        except GraphQLSyntaxError as error:
            raise Unparsable([error]) from error
        check_size(node)
        errors = validate(
            self._schema,
            node,
            [*specified_rules, *recommended_rules],
            max_errors=limits.VALIDATION_ERRORS_MAX,
        )
        if errors:
            raise Invalid(errors)
        check_cost(node)
        return Document(self._schema, node)
