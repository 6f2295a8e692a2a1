"""One function for each command, read and reaction: load, decide, put.

- `reading`: what reads of NGOs return, and who sees what
- `ngos`: register, update, confirm, verify, withdraw
- `suggestions`: suggest, decide, and how they stand
- `policy`: what is accepted by itself, and what is forgotten
- `imports`: chunks of files, undo
"""
