"""What rooms are made of alike, so that each of them is only what it is about.

access.py     who may do what: role × scope × kind
arguments.py  commands, ids, pages and places, as calls take them
shapes.py     languages, regions, places, numbers, as bodies have them
paging.py     keyset cursors
imports.py    what imports have written
answers.py    the envelope of a record; answers that hold until something changes
"""
