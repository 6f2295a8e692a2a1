"""Files: photos, attachments, packages. Named by their SHA-256, kept in the room's GridFS.

prepared.py     a file as it will be kept, and the limits of everything about it
reference.py    what a record says of a file: all that contracts import
media_types.py  which types are known, how they are recognised, how they are safe to serve
pictures.py     pictures without the places and devices that cameras write into them; thumbnails
iso_media.py    the same for MP4, 3GP and MOV
preparing.py    bytes that somebody uploads, made ready to be kept and shared; pure, heavy
process.py      preparing in a process of its own, so that no service stands still
library.py      the bodies that are here, and who refers to them
missing.py      the bodies that are still elsewhere, and the parts that have come
pieces.py       how a missing body stands, and what became of a piece of it
fetching.py     whom to ask for bodies, and when; one at a time
serving.py      what others may have, and how fast
exchange.py     the conversation about bodies between nodes; without I/O, like `hinterland.replica`
effects.py      what the exchange wants done
speaker.py      what it needs of the replica
courier.py      performs what the exchange decides

A body comes to a node in one of two ways: somebody uploads it here (prepare, `Library.add`, then a
command puts a record that refers to it), or a record from elsewhere refers to it and the exchange
fetches it. It goes when the last record here that referred to it goes, in the same transaction.

Nothing is re-exported here: a contract must not load a database driver, nor a service Pillow.
"""
