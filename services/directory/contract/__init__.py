"""The directory's contract: all that other rooms, the gateway and the command line may import.

- `records`: kinds and the bodies that are stored and replicated
- `codes`: causes with their labels, legal forms, states, orders
- `calls`, `results`: arguments and results of every RPC
- `access`: role × scope × kind
- `errors`: what the directory refuses, with stable codes
- `limits`: every limit, by name

It does no I/O and needs nothing but pydantic.
"""

from services.directory.contract import access, calls, codes, errors, limits, records, results
from services.directory.contract.records import KINDS

__all__ = ["KINDS", "SERVICE", "access", "calls", "codes", "errors", "limits", "records", "results"]

SERVICE = "directory"
