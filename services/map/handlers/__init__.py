"""One function for each command and reaction: load, decide, put.

- `intakes`: what is sent, and what moderators do with it
- `sharing`: the report that an intake is shared as
- `tables`: categories, places, layers
- `opinions`: confirmations and merges
- `reading`: what is shared: lists, counts, the export
- `forms`: forms, and what phones send that fill them in
- `answering`: answers that come without a phone
- `pins`: the NGOs of the directory, followed and shown
- `tiles`: what is drawn on a tile
- `imports`: files of reports, chunk by chunk
- `texts`: reports that come as a message
"""
