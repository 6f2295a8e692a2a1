"""One function for each command, read and reaction: load, decide, put.

- `reading`: what reads of NGOs return, and who sees what
- `ngos`: register, update, confirm, verify, withdraw
- `suggestions`: suggest, decide, the policy, and what follows when one arrives
- `imports`: chunks of files, undo
"""
