"""Every limit of the directory, by name. Texts count characters, lists count items."""

from typing import Final

NAME_CHARS_MAX: Final = 200  # a name, an alias, a city
DESCRIPTION_CHARS_MAX: Final = 2_000  # in one language
LINE_CHARS_MAX: Final = 300  # an address, a website, opening hours
NOTE_CHARS_MAX: Final = 2_000  # of a suggestion, decision or verification
CODE_CHARS_MAX: Final = 64  # codes, identifiers, handles
NGO_BYTES_MAX: Final = 100_000  # of JSON, all its fields together; an entry has at most 256 KiB

LANGUAGES_MAX: Final = 20  # of one name or description, and spoken by one NGO
ALIASES_MAX: Final = 20
CAUSES_MAX: Final = 10
IDENTIFIERS_MAX: Final = 10
PHONES_MAX: Final = 10
SOCIAL_MAX: Final = 20
SERVICES_MAX: Final = 50
HEADCOUNT_MAX: Final = 10_000_000  # staff, volunteers
FOUNDED_YEAR_MIN: Final = 1000  # earlier ones are mistyped

EXPORT_ITEMS_MAX: Final = 500  # in one page of the export
SEARCH_CHARS_MAX: Final = 200  # of what somebody types
SUMMARY_KEYS_MAX: Final = 3  # to count by at once
SUMMARY_GROUPS_MAX: Final = 2_000  # the largest ones are shown

IMPORT_ROWS_MAX: Final = 200  # in one call of import_ngos
IMPORT_CHUNK_BYTES_MAX: Final = 400_000  # of JSON that the reader puts into one call
IMPORT_CHUNKS_MAX: Final = 10_000  # of one import: two million rows
POLICY_RULES_MAX: Final = 100  # nodes and fields that are trusted
