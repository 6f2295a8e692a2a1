"""Every limit of the map, by name. Texts count characters, lists count items."""

from typing import Final

NAME_CHARS_MAX: Final = 200  # of a place, a category, a layer, in one language
TITLE_CHARS_MAX: Final = 200
TEXT_CHARS_MAX: Final = 10_000  # of a report
NOTE_CHARS_MAX: Final = 2_000  # of a moderator, a confirmation, a merge
LINE_CHARS_MAX: Final = 300
REPORTER_CHARS_MAX: Final = 200  # a name, a number, an address, as the reporter gave it
LANGUAGES_MAX: Final = 20
KEYWORDS_MAX: Final = 50  # of one category, in all languages together
DEPTH_MAX: Final = 8  # of the tree of categories
CATEGORIES_MAX: Final = 2_000  # that one node reads together
POINTS_MAX: Final = 2_000  # in the outline of a place
ANSWERS_MAX: Final = 500
ANSWERS_BYTES_MAX: Final = 60_000  # of JSON
FILES_MAX: Final = 10
EDITS_MAX: Final = 50  # of one report, by the phone that sent it
HISTORY_MAX: Final = 100  # steps of one report
CANDIDATES_MAX: Final = 10  # places that a text may mean
MERGED_MAX: Final = 50  # reports in one merge
GROUP_MAX: Final = 500  # reports that merges make one event, together
ACCURACY_M_MAX: Final = 2_000_000.0
HAPPENED_EARLIEST_YEAR: Final = 1900
AHEAD_S_MAX: Final = 24 * 3600  # that a phone's clock may be ahead

# What anybody may send, before a person has looked at it.
SUBMITTED_PER_ADDRESS_HOUR_MAX: Final = 60
SUBMITTED_PER_NODE_HOUR_MAX: Final = 5_000
UPLOADED_PER_ADDRESS_HOUR_MAX: Final = 120
WAITING_MAX: Final = 200_000  # reports that wait for a person, at one node

EXPORT_ITEMS_MAX: Final = 500  # in one page of the export
TILE_ZOOM_MAX: Final = 18  # a pixel is then 0.6 m
TILE_POINTS_MAX: Final = 1_000  # of one layer of a tile; where there are more, they are clustered
SEARCH_CHARS_MAX: Final = 200
CATEGORIES_FILTERED_MAX: Final = 50
SUMMARY_KEYS_MAX: Final = 3
SUMMARY_GROUPS_MAX: Final = 5_000  # the largest ones are shown
IMPORT_ROWS_MAX: Final = 200  # in one call of import_reports
IMPORT_CHUNKS_MAX: Final = 10_000

# A cell of level k is 180/2**k degrees high and 360/2**k wide, so that cells of one level lie
# inside those of the level below: nothing is learnt from a report that is shown at two of them.
CELL_LEVEL_MIN: Final = 6  # 310 km
CELL_LEVEL_MAX: Final = 13  # 2.4 km
CELL_LEVEL_DEFAULT: Final = 11  # 9.8 km
