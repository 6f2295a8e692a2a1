"""Text to search terms, and what people type to a query on them: Chinese, pinyin, Arabic, Latin.

An index of plain strings is all it takes: a room stores `index_terms(...)` in one array field of
`ix`, MongoDB indexes it, and every word of a query is a handful of exact strings and prefixes.

- Letters are **folded** first (`folding`): full width, case, diacritics, traditional to simplified
  Chinese, Arabic letter variants. Both sides fold alike, so either spelling finds the other.
- Writing **without spaces** (Chinese, kana, Thai, Lao, Khmer, Burmese) is stored as the beginnings
  of all its suffixes; then any part of a name is a prefix of a term, and so is what has been typed
  so far. Names also have their suffixes as **pinyin** and as pinyin **initials**.
- **Words** are stored as they are. The last word of a query may be unfinished. A Latin word that
  nobody in the collection spells so is read as misspelt: the words within one edit are looked up
  along with it. That is done on the query's side (`one_edit`: some 500 strings for 8 letters)
  rather than with stored deletions as SymSpell does, because deletions cost one index entry per
  letter of every word for ever, and the query pays its few milliseconds only for unknown words.
- **Identifiers** are compared without punctuation, **phone numbers** from their end, so that
  national, international and local notation find the same number.

**Relevance** is a tier, and the name's order within it: (0) the query is a whole name, or an
identifier or number; (1) a name begins with it; (2) every word stands in a name; (3) every word
stands somewhere; (4) with misspelt words. Tiers need no scores, so that they page by keyset and
every tier is an index query: `Query.tiers` are conjunctions, each without the tiers before. MongoDB
starts from one clause of a conjunction, best the rarest, and tests the rest on what it finds."""

from hinterland.search.folding import fold, is_spaceless, words_of
from hinterland.search.pinyin import initials_of, pinyin_of, reading, sort_key
from hinterland.search.query import Clause, Conjunction, Query, one_edit, parse
from hinterland.search.terms import (
    NAME_TERMS_MAX,
    TEXT_TERMS_MAX,
    identifier_term,
    index_terms,
    phone_term,
)

__all__ = [
    "NAME_TERMS_MAX",
    "TEXT_TERMS_MAX",
    "Clause",
    "Conjunction",
    "Query",
    "fold",
    "identifier_term",
    "index_terms",
    "initials_of",
    "is_spaceless",
    "one_edit",
    "parse",
    "phone_term",
    "pinyin_of",
    "reading",
    "sort_key",
    "words_of",
]
