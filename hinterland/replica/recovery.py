"""How a home whose database was restored finds out that it has its whole feed again.

It asks every member for what follows its own end. What comes back is appended. Who answers without
anything more, to a question asked at this end, holds no more: links keep their order, so whatever
this home had sent him before has reached him before the question did.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hinterland.batch import Position
from hinterland.replica.asking import PATIENCE_S_MAX, PATIENCE_S_START

__all__ = ["Recovery"]


@dataclass(slots=True)
class Question:
    ask: int
    due_at: float
    patience_s: float


class Recovery:
    """Whom to ask, and who has said that he holds no more than we do."""

    def __init__(self) -> None:
        self._at: Position | None = None
        self._asked: dict[str, Question] = {}
        self._done: set[str] = set()

    def at(self, position: Position) -> None:
        """Our feed ends here now; what was said about another end counts no more."""
        if position != self._at:
            self._at = position
            self._asked.clear()
            self._done.clear()

    def due(self, others: Iterable[str], now: float) -> list[str]:
        """Who is to be asked now."""
        return [
            node
            for node in others
            if node not in self._done
            and (node not in self._asked or self._asked[node].due_at <= now)
        ]

    def asked(self, node: str, ask: int, now: float) -> None:
        before = self._asked.get(node)
        patience = min(before.patience_s * 2, PATIENCE_S_MAX) if before else PATIENCE_S_START
        self._asked[node] = Question(ask, now + patience, patience)

    def heard_again(self, node: str) -> None:
        """He can be reached after a silence: ask him at once, if he is not answering just now."""
        question = self._asked.get(node)
        if question is not None:
            question.due_at = float("-inf")
            question.patience_s = PATIENCE_S_START

    def said_nothing_more(self, node: str, ask: int) -> None:
        question = self._asked.get(node)
        if question is not None and question.ask == ask:
            self._done.add(node)

    def complete(self, others: Iterable[str]) -> bool:
        return self._done.issuperset(others)
