"""What rooms are made of alike, so that each of them is only what it is about.

access.py     who may do what: role × scope × kind
arguments.py  commands, ids, pages and places, as calls take them
shapes.py     languages, regions, places, numbers, as bodies have them
paging.py     keyset cursors
imports.py    what imports have written
nearness.py   circles, and pages in the order of distance
searching.py  where MongoDB starts when words are searched for
answers.py    the envelope of a record; answers that hold until something changes
"""
