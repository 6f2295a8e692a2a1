"""The map's contract: all that other rooms, the gateway and the command line may import.

- `records`: kinds and the bodies that are stored and replicated
- `forms`: the body of the kind `form`
- `codes`: states and their table, channels, orders
- `calls`, `form_calls`: arguments of every RPC
- `access`: role × scope × kind
- `errors`: what the map refuses, with stable codes
- `limits`: every limit, by name

It does no I/O and needs nothing but pydantic.
"""

from services.map.contract import access, calls, codes, errors, limits, records
from services.map.contract.records import KINDS

__all__ = ["KINDS", "SERVICE", "access", "calls", "codes", "errors", "limits", "records"]

SERVICE = "map"
