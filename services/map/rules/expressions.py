"""The conditions of forms: XPath 1.0 with the functions of ODK, over answers as XML.

`elementpath` reads and computes them; ODK's functions (https://getodk.github.io/xforms-spec/#xpath-
functions) and a bound on the work are what is added here. Dates and times are days since 1970, as
phones compute with them; patterns are RE2's, which never take longer than the text is long.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from xml.etree.ElementTree import Element

import re2
from elementpath import ElementNode, ElementPathError, XPath1Parser, XPathContext, XPathNode

from hinterland.errors import BadInput
from services.map.contract.forms import EXPRESSION_CHARS_MAX

__all__ = [
    "FUNCTIONS",
    "AnswersTooComplex",
    "Budget",
    "ExpressionRefused",
    "Expressions",
    "days_of",
    "require_known",
]

STEPS_MAX: Final = 1_000_000  # visits to answers, by all conditions of one submission; ~1 s
STEPS_AT_A_TIME: Final = 500  # then others get their turn
PARSED_MAX: Final = 2_000  # expressions that are remembered
QUOTED_CHARS_MAX: Final = 200  # of a condition, in an error
PATTERN_CHARS_MAX: Final = 1_000
PATTERN_MEMORY_BYTES_MAX: Final = 1024 * 1024

EPOCH: Final = date(1970, 1, 1)
DAY_S: Final = 86_400
_LITERAL: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_CALL: Final = re.compile(r"([A-Za-z_][\w.:-]*)\s*\(")
_NUMERAL: Final = re.compile(r"\s*-?([0-9]+(\.[0-9]*)?|\.[0-9]+)\s*")
_OPERATORS: Final = frozenset({"and", "or", "div", "mod"})
_STANDARD: Final = frozenset(
    {"boolean", "ceiling", "concat", "contains", "count", "false", "floor", "last", "local-name"}
    | {"name", "node", "normalize-space", "not", "number", "position", "round", "starts-with"}
    | {"string", "string-length", "substring", "substring-after", "substring-before", "sum"}
    | {"text", "translate", "true"}
)


class ExpressionRefused(BadInput):
    """This condition cannot be checked here. Write it otherwise."""

    code = "EXPRESSION_REFUSED"


class AnswersTooComplex(BadInput):
    """The conditions of this form take too long over so many answers. Send fewer repeats."""

    code = "ANSWERS_TOO_COMPLEX"


class Budget:
    """What the conditions of one submission may cost; `pause` is called now and then."""

    def __init__(self, pause: Callable[[], object] = lambda: None) -> None:
        self._left = STEPS_MAX
        self._pause = pause

    def spend(self, steps: int = 1) -> None:
        """Raises AnswersTooComplex."""
        before = self._left
        self._left -= steps
        if self._left < 0:
            raise AnswersTooComplex()
        if before // STEPS_AT_A_TIME != self._left // STEPS_AT_A_TIME:
            self._pause()


class _Context(XPathContext):
    """Counts what is visited."""

    budget: Budget
    now: datetime

    def iter_matching_nodes(self, *args: Any, **options: Any) -> Iterator[Any]:
        if self.axis is None and isinstance(self.item, ElementNode):
            self.budget.spend(1 + len(self.item.children))
        return super().iter_matching_nodes(*args, **options)

    def iter_children_or_self(self) -> Iterator[Any]:
        return self._counted(super().iter_children_or_self())

    def iter_siblings(self, *args: Any, **options: Any) -> Iterator[Any]:
        return self._counted(super().iter_siblings(*args, **options))

    def iter_descendants(self, *args: Any, **options: Any) -> Iterator[Any]:
        return self._counted(super().iter_descendants(*args, **options))

    def iter_ancestors(self, *args: Any, **options: Any) -> Iterator[Any]:
        return self._counted(super().iter_ancestors(*args, **options))

    def iter_preceding(self) -> Iterator[Any]:
        return self._counted(super().iter_preceding())

    def iter_followings(self) -> Iterator[Any]:
        return self._counted(super().iter_followings())

    def _counted(self, items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            self.budget.spend()
            yield item


class _Parser(XPath1Parser):
    """XPath 1.0 and the functions below."""


# Arguments are lists of values: strings of answers, and what other functions return.
Values = list[Any]


def _text(values: Values) -> str:
    value = values[0] if values else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _number(values: Values) -> float:
    value = values[0] if values else ""
    if isinstance(value, str):
        # Python knows more numbers than XPath does: 1_000, 1e3, Infinity, ١٢.
        return float(value) if _NUMERAL.fullmatch(value) else math.nan
    return float(value)


def _truth(values: Values) -> bool:
    value = values[0] if values else False
    if isinstance(value, float) and math.isnan(value):
        return False
    # A field that is there is true, answered or not.
    return bool(value)


def _numbers(arguments: tuple[Values, ...]) -> list[float]:
    return [_number([value]) for values in arguments for value in values if value != ""]


def _selected(_now: datetime, values: Values, option: Values) -> bool:
    return _text(option).strip() in _text(values).split()


def _selected_at(_now: datetime, values: Values, place: Values) -> str:
    chosen, at = _text(values).split(), _number(place)
    return chosen[int(at)] if 0 <= at < len(chosen) else ""


def _coalesce(_now: datetime, first: Values, second: Values) -> Any:
    return _text(first) or _text(second)


def _if(_now: datetime, condition: Values, then: Values, otherwise: Values) -> Any:
    chosen = then if _truth(condition) else otherwise
    return chosen[0] if chosen else ""


def _regex(_now: datetime, values: Values, pattern: Values) -> bool:
    return _pattern(_text(pattern)).fullmatch(_text(values)) is not None


def _substr(_now: datetime, values: Values, start: Values, end: Values | None = None) -> str:
    text = _text(values)
    return text[_index(start) : None if end is None else _index(end)]


def _index(values: Values) -> int:
    number = _number(values)
    return 0 if math.isnan(number) else int(max(-1e9, min(1e9, number)))


def _int(_now: datetime, values: Values) -> float:
    number = _number(values)
    return float(int(number)) if math.isfinite(number) else math.nan


def _pow(_now: datetime, base: Values, exponent: Values) -> float:
    try:
        return float(math.pow(_number(base), _number(exponent)))
    except (ValueError, OverflowError):
        return math.nan


def _date(_now: datetime, values: Values) -> float:
    """Days since 1970, of a date as text or of what is a number of days already."""
    number = _number(values)
    if not math.isnan(number):
        return number
    found = days_of(_text(values))
    return math.nan if found is None else found


def _format_date(_now: datetime, values: Values, form: Values) -> str:
    days = _date(_now, values)
    if not math.isfinite(days) or not -700_000 < days < 2_900_000:
        return ""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)
    return _DIRECTIVE.sub(lambda found: _directive(found[1], moment), _text(form))


_DIRECTIVE: Final = re.compile("%(.)")
# https://getodk.github.io/xforms-spec/#fn:format-date; names of months depend on the phone.
_DIRECTIVES: Final[dict[str, Callable[[datetime], str]]] = {
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "m": lambda at: f"{at.month:02}",
    "n": lambda at: str(at.month),
    "d": lambda at: f"{at.day:02}",
    "e": lambda at: str(at.day),
    "H": lambda at: f"{at.hour:02}",
    "h": lambda at: str(at.hour),
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "3": lambda at: f"{at.microsecond // 1000:03}",
}


def _directive(letter: str, moment: datetime) -> str:
    if letter not in _DIRECTIVES:
        raise ExpressionRefused(f"%{letter} in format-date says something else on each phone.")
    return _DIRECTIVES[letter](moment)


def _today(now: datetime) -> float:
    return float((now.date() - EPOCH).days)


def _now(now: datetime) -> float:
    return now.timestamp() / DAY_S


def _checklist(_now: datetime, least: Values, most: Values, *answers: Values) -> bool:
    count = sum(_truth(values) for values in answers)
    return count >= _number(least) and (_number(most) < 0 or count <= _number(most))


def _count_non_empty(_now: datetime, values: Values) -> float:
    return float(sum(_text([value]) != "" for value in values))


def _min(_now: datetime, *arguments: Values) -> float:
    return min(_numbers(arguments), default=math.nan)


def _max(_now: datetime, *arguments: Values) -> float:
    return max(_numbers(arguments), default=math.nan)


# name -> how many arguments at least and at most (None: any number), and what it computes.
_ODK: Final[dict[str, tuple[int, int | None, Callable[..., Any]]]] = {
    "abs": (1, 1, lambda _, values: abs(_number(values))),
    "boolean-from-string": (1, 1, lambda _, values: _text(values) in ("1", "true")),
    "checklist": (3, None, _checklist),
    "coalesce": (2, 2, _coalesce),
    "count-non-empty": (1, 1, _count_non_empty),
    "count-selected": (1, 1, lambda _, values: float(len(_text(values).split()))),
    "date": (1, 1, _date),
    "date-time": (1, 1, _date),
    "decimal-date-time": (1, 1, _date),
    "ends-with": (2, 2, lambda _, values, end: _text(values).endswith(_text(end))),
    "format-date": (2, 2, _format_date),
    "format-date-time": (2, 2, _format_date),
    "if": (3, 3, _if),
    "int": (1, 1, _int),
    "max": (1, None, _max),
    "min": (1, None, _min),
    "now": (0, 0, _now),
    "once": (1, 1, lambda _, values: _text(values)),
    "pow": (2, 2, _pow),
    "regex": (2, 2, _regex),
    "selected": (2, 2, _selected),
    "selected-at": (2, 2, _selected_at),
    "substr": (2, 3, _substr),
    "today": (0, 0, _today),
}
FUNCTIONS: Final = _STANDARD | _ODK.keys()


def _arguments(token: Any, context: Any) -> list[Values]:
    if context is None:
        raise token.missing_context()
    return [
        [
            item.string_value if isinstance(item, XPathNode) else item
            for item in argument.select(copy(context))
        ]
        for argument in token
    ]


def _register_function(
    name: str, least: int, most: int | None, compute: Callable[..., Any]
) -> None:
    nargs = least if least == most else (least, most)
    token_class = _Parser.function(name, nargs=nargs)

    def evaluate(self: Any, context: Any = None) -> Any:
        arguments = _arguments(self, context)
        return compute(context.now, *arguments)

    token_class.evaluate = evaluate  # type: ignore[method-assign]


# Operators convert as XPath 1.0 says (3.4, 3.5), and phones do: what is no number is NaN, and a
# number is equal to the text of that number. elementpath raises errors there, or says no.
def _register_operator(symbol: str, compute: Callable[[Budget, list[Values]], Any]) -> None:
    base: Any = _Parser.symbol_table[symbol]

    def evaluate(self: Any, context: Any = None) -> Any:
        arguments = _arguments(self, context)
        return compute(context.budget, arguments)

    name = f"{base.__name__}OfForms"
    _Parser.symbol_table[symbol] = type(name, (base,), {"evaluate": evaluate})


def _compared(
    compare: Callable[[Any, Any], bool], in_order: bool
) -> Callable[[Budget, list[Values]], bool]:
    def compute(budget: Budget, arguments: list[Values]) -> bool:
        left, right = arguments
        if any(len(side) == 1 and isinstance(side[0], bool) for side in (left, right)):
            return compare(_truth(left), _truth(right))
        for one in left:
            budget.spend(len(right))
            if any(holds(one, other) for other in right):
                return True
        return False

    def holds(one: Any, other: Any) -> bool:
        if in_order or not (isinstance(one, str) and isinstance(other, str)):
            return compare(_number([one]), _number([other]))
        return compare(one, other)

    return compute


def _computed(
    operate: Callable[[float, float], float],
) -> Callable[[Budget, list[Values]], float]:
    def compute(budget: Budget, arguments: list[Values]) -> float:
        numbers = [_number(values) for values in arguments]
        if len(numbers) == 1:
            numbers.insert(0, 0.0)
        try:
            return operate(*numbers)
        except (ArithmeticError, ValueError):
            return math.nan

    return compute


def _divided(dividend: float, divisor: float) -> float:
    if divisor == 0 and dividend != 0:
        return math.copysign(math.inf, dividend)
    return dividend / divisor


for _name, (_least, _most, _compute) in _ODK.items():
    _register_function(_name, _least, _most, _compute)
_register_operator("=", _compared(operator.eq, in_order=False))
_register_operator("!=", _compared(operator.ne, in_order=False))
_register_operator("<", _compared(operator.lt, in_order=True))
_register_operator("<=", _compared(operator.le, in_order=True))
_register_operator(">", _compared(operator.gt, in_order=True))
_register_operator(">=", _compared(operator.ge, in_order=True))
_register_operator("+", _computed(operator.add))
_register_operator("-", _computed(operator.sub))
_register_operator("div", _computed(_divided))
_register_operator("mod", _computed(math.fmod))


@lru_cache(maxsize=PARSED_MAX)
def _parsed(expression: str) -> Any:
    return _Parser().parse(expression)


@lru_cache(maxsize=PARSED_MAX)
def _pattern(pattern: str) -> Any:
    """Raises ExpressionRefused."""
    if len(pattern) > PATTERN_CHARS_MAX:
        raise ExpressionRefused(f"A pattern has at most {PATTERN_CHARS_MAX} characters.")
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY_BYTES_MAX
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ExpressionRefused(
            f"The pattern {pattern} cannot be checked here; look-ahead and references back have to "
            "be written otherwise."
        ) from error


def require_known(expression: str) -> None:
    """Raises ExpressionRefused unless the condition can be checked here: by the name of a function
    that is not known, or saying where it breaks off."""
    if len(expression) > EXPRESSION_CHARS_MAX:
        raise ExpressionRefused(
            f"This condition has {len(expression)} characters; {EXPRESSION_CHARS_MAX} are the "
            "limit. Compute parts of it in fields of the type calculate."
        )
    called = set(_CALL.findall(_LITERAL.sub("''", expression))) - _OPERATORS
    unknown = sorted(name for name in called if name not in FUNCTIONS and "::" not in name)
    if unknown:
        raise ExpressionRefused(
            f"The function {unknown[0]} is not known here. Compute it in a field of the type "
            "calculate, and compare that."
        )
    try:
        token = _parsed(expression)
    except (ElementPathError, RecursionError, ValueError, ArithmeticError) as error:
        raise ExpressionRefused(
            f"The condition {expression[:QUOTED_CHARS_MAX]} cannot be read: {error}"
        ) from error
    for each in token.iter():
        if each.symbol == "regex" and each[1].symbol == "(string)":
            _pattern(str(each[1].value))


@dataclass(slots=True)
class Expressions:
    """Conditions over one set of answers, `root` their outermost element; `now` with the offset of
    where they were given."""

    root: Element
    now: datetime
    budget: Budget
    _base: _Context | None = None
    _nodes: dict[int, ElementNode] | None = None

    def holds(self, expression: str, at: Element) -> bool | None:
        """Whether the condition is true at an element of `root`; None where that cannot be said.

        Raises AnswersTooComplex.
        """
        try:
            context = copy(self._context())
            context.item = (self._nodes or {})[id(at)]
            token = _parsed(expression)
            return bool(token.boolean_value(token.evaluate(context)))
        except (AnswersTooComplex, MemoryError):
            raise
        except (
            *(ElementPathError, ExpressionRefused),
            *(ArithmeticError, LookupError, RecursionError, TypeError, ValueError),
        ):
            # A newer node's form, or values that its author did not think of: not the sender's
            # fault, so nothing is refused because of it.
            return None

    def _context(self) -> _Context:
        if self._base is None:
            self._base = _Context(self.root)
            self._base.budget, self._base.now = self.budget, self.now
            tree: Any = self._base.root
            self._nodes = {
                id(node.value): node for node in tree.iter() if isinstance(node, ElementNode)
            }
        return self._base


def days_of(text: str) -> float | None:
    """A date, a time or a moment (ISO 8601) as days since 1970, in UTC where it has an offset."""
    try:
        if len(text) == 10:
            return float((date.fromisoformat(text) - EPOCH).days)
        if "T" not in text:
            found = time.fromisoformat(text)
            return (found.hour * 3600 + found.minute * 60 + found.second) / DAY_S
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() / DAY_S
