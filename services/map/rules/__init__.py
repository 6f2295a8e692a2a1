"""What the map decides, without I/O, clock or chance.

states.py      which step may follow which
cells.py       the cells that sensitive reports are shown at
reporting.py   what somebody sent, made into an intake
texts.py       the category that a text message begins with
publishing.py  what is let out of an intake
merging.py     which reports are one event
pins.py        NGOs as the map shows them
tiles.py       where a point lies on the map of tiles
index.py       what records are found by
"""
