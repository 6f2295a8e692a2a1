"""From the names in a text to one place, or to candidates among which a person chooses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple

from services.map.gazetteer.places import Place, contains, metres
from services.map.gazetteer.scoring import Circumstances, Form, score_in_text

__all__ = [
    "CANDIDATES_MAX",
    "How",
    "Meaning",
    "Mention",
    "Placed",
    "Unplaced",
    "decide",
    "decide_among_own",
    "without_repeats",
]

CANDIDATES_MAX: Final = 10  # that a person is shown
MEANINGS_PER_NAME_MAX: Final = 12  # that are compared with those of the other names
CANDIDATE_SCORE_MIN: Final = 0.11  # less is noise: far villages that are called like a word
PLACED_SCORE_MIN: Final = 0.3  # less is a guess, and a person's
RUNNER_UP_SHARE_MAX: Final = 0.85  # of the winner's score, or the name means either
PLACED_ACCURACY_M_MAX: Final = 100_000  # a point in the middle of a province would mislead


class How(StrEnum):
    """How a place was found; it is kept with the report."""

    OWN_PLACE = "own_place"  # the node's own records name it
    NAMED = "named"  # by a name in the text
    NAMED_WITHIN = "named_within"  # by a name, and that of what it lies in


@dataclass(frozen=True, slots=True)
class Placed:
    """The text names this place, and no other that is as likely. `words` is its name as the text
    has it, folded; `candidates` has the place first, and what else the text might mean."""

    place: Place
    accuracy_m: int
    how: How
    words: str
    candidates: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Unplaced:
    """The text names no place, none for certain, or none that is small enough: a person decides,
    among the candidates if there are any."""

    candidates: tuple[Place, ...]


class Meaning(NamedTuple):
    """One place that a name may mean, and how the name calls it."""

    place: Place
    form: Form


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text: the half-open range of its letters, and the places of that name."""

    start: int
    end: int
    words: str
    key: str
    meanings: tuple[Meaning, ...]


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A mention with its places scored, likeliest first."""

    mention: Mention
    places: tuple[Place, ...]

    @property
    def best(self) -> Place:
        return self.places[0]


def decide(mentions: Sequence[Mention], near_region: str | None) -> Placed | Unplaced:
    """Where a text is from.

    The rule: names of what contains another named place only say where that is (昆明 of 盘龙区).
    The text is placed if one name is left, its best place is likely enough (PLACED_SCORE_MIN), no
    other place of the name comes near it (RUNNER_UP_SHARE_MAX) without being the same area, and
    it is not larger than PLACED_ACCURACY_M_MAX. Several names far apart are for a person.
    """
    weighed = [one for one in _weigh(mentions, near_region) if one.places]
    likely = [one for one in weighed if one.best.score >= PLACED_SCORE_MIN]
    finest = [one for one in likely if not any(_is_around(one, other) for other in likely)]
    places = without_repeats(
        [place for one in finest for place in one.places]
        + [place for one in weighed if one not in finest for place in one.places]
    )[:CANDIDATES_MAX]
    winner = max(finest, key=lambda one: one.best.score, default=None)
    if (
        winner is None
        or winner.best.accuracy_m > PLACED_ACCURACY_M_MAX
        or not _is_clear(winner)
        or not all(_is_one_area(winner.best, other.best) for other in finest)
    ):
        return Unplaced(places)
    how = How.NAMED_WITHIN if any(_is_around(one, winner) for one in weighed) else How.NAMED
    best = winner.best
    rest = tuple(place for place in places if place != best)[: CANDIDATES_MAX - 1]
    return Placed(best, _reach(finest, best), how, winner.mention.words, (best, *rest))


def decide_among_own(mentions: Sequence[Mention]) -> Placed | Unplaced:
    """The same for the node's own places, which need no likelihood: one, or a person chooses."""
    longest = max(mentions, key=lambda mention: mention.end - mention.start)
    named = {meaning.place.id: meaning.place for one in mentions for meaning in one.meanings}
    places = tuple(sorted(named.values(), key=lambda place: place.accuracy_m))
    best = places[0]
    if len(places) > 1 and not all(_is_one_area(best, place) for place in places[1:]):
        return Unplaced(places[:CANDIDATES_MAX])
    return Placed(best, best.accuracy_m, How.OWN_PLACE, longest.words, places[:CANDIDATES_MAX])


def without_repeats(places: Iterable[Place]) -> tuple[Place, ...]:
    """Likeliest first, and of those with one name, of one sort and in one area the likeliest."""
    kept: list[Place] = []
    for place in sorted(places, key=lambda place: (-place.score, place.accuracy_m)):
        if not any(_is_repeat(place, other) for other in kept):
            kept.append(place)
    return tuple(kept)


def _is_repeat(place: Place, other: Place) -> bool:
    """A town is in GeoNames twice, or there and among the counties."""
    alike = place.kind == other.kind or {place.kind, other.kind} == {"city", "county"}
    return alike and place.name == other.name and _is_one_area(place, other)


def _weigh(mentions: Sequence[Mention], near_region: str | None) -> list[_Weighed]:
    around = Circumstances(
        near_region,
        frozenset(
            meaning.place.region
            for mention in mentions
            for meaning in mention.meanings
            if meaning.place.kind in ("country", "region")
        ),
    )
    weighed: list[_Weighed] = []
    for mention in sorted(mentions, key=lambda mention: mention.start):
        before = weighed[-1] if weighed else None
        adjacent = before is not None and mention.start - before.mention.end <= 1
        places = [
            replace(
                place,
                score=score_in_text(
                    place,
                    mention.key,
                    form,
                    around,
                    behind=adjacent and before is not None and _holds(before, place),
                ),
            )
            for place, form in mention.meanings
        ]
        places = [place for place in places if place.score >= CANDIDATE_SCORE_MIN]
        places.sort(key=lambda place: (-place.score, place.accuracy_m))
        weighed.append(_Weighed(mention, tuple(places[:MEANINGS_PER_NAME_MAX])))
    return weighed


def _holds(outer: _Weighed, place: Place) -> bool:
    """Whether one of the likely places of a name contains `place`. A region does not do: any word
    is a village somewhere in it."""
    return any(
        one.kind not in ("country", "region")
        and one.score >= PLACED_SCORE_MIN
        and contains(one, place)
        for one in outer.places
    )


def _is_around(outer: _Weighed, inner: _Weighed) -> bool:
    """Whether the outer name only says where the inner one is, and not the reverse as well."""
    return _has_around(outer, inner) and not _has_around(inner, outer)


def _has_around(outer: _Weighed, inner: _Weighed) -> bool:
    return outer is not inner and any(contains(place, inner.best) for place in outer.places)


def _reach(finest: Iterable[_Weighed], best: Place) -> int:
    """The accuracy that also holds for the other readings: 大理市 is a city, and the county around
    it. (Who names a prefecture means its city, or would name the county.)"""
    return max(
        place.accuracy_m
        for one in finest
        for place in one.places
        if place is best
        or (
            place.kind in ("city", "county")
            and place.score > best.score * RUNNER_UP_SHARE_MAX
            and _is_one_area(best, place)
        )
    )


def _is_one_area(one: Place, other: Place) -> bool:
    return metres(one, other) <= max(one.accuracy_m, other.accuracy_m)


def _is_clear(weighed: _Weighed) -> bool:
    best = weighed.best
    return all(
        place.score <= best.score * RUNNER_UP_SHARE_MAX or _is_one_area(best, place)
        for place in weighed.places[1:]
    )
