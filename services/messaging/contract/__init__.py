"""Messaging's contract: all that other rooms, the gateway and the command line may import.

- `codes`: encodings of an SMS, the states of a message and what may follow what
- `errors`: what messaging refuses, with stable codes
- `limits`: every limit, by name

It does no I/O.
"""

from services.messaging.contract import codes, errors, limits

__all__ = ["SERVICE", "codes", "errors", "limits"]

SERVICE = "messaging"
