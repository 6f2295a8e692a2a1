"""What each call does: load, decide, put; then let the links follow.

- `here`: this node as its peers see it
- `founding`: `create`, `invite`
- `joining`: `join` on the one side, `admit` on the other
- `membership`: `members`, `membership`, `expel`
- `links`: the broker's side of who is a peer, computed from what is recorded
- `status`: `overview`

Records come first, links after them: what could not be made or unmade at the broker is made or
unmade later by `arrange_links`, which may run at any time.
"""

from services.federation.handlers.founding import create, invite
from services.federation.handlers.here import Here
from services.federation.handlers.joining import admit, join
from services.federation.handlers.links import arrange_links
from services.federation.handlers.membership import expel, members, membership
from services.federation.handlers.status import overview

__all__ = [
    "Here",
    "admit",
    "arrange_links",
    "create",
    "expel",
    "invite",
    "join",
    "members",
    "membership",
    "overview",
]
