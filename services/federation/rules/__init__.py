"""What the room `federation` knows without asking anybody: pure, no I/O, no clock.

- `invitations`: the line of text that lets one node join
- `requests`: what the joining node posts, signed
- `admission`: who is let in
- `expulsion`: what still counts of somebody who has to go
- `addresses`: where peers find this node's broker
- `overview`: how far everybody is, out of what the services report
"""

from services.federation.rules import (
    addresses,
    admission,
    expulsion,
    invitations,
    overview,
    requests,
)

__all__ = ["addresses", "admission", "expulsion", "invitations", "overview", "requests"]
