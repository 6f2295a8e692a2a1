"""What happens in this node meanwhile: heads, changes, and who wants to hear of them."""

from gateway.live.changes import Change, Changed, Changes, Listener
from gateway.live.heads import Heads
from gateway.live.interests import Interests, Subscription, Topic

__all__ = [
    "Change",
    "Changed",
    "Changes",
    "Heads",
    "Interests",
    "Listener",
    "Subscription",
    "Topic",
]
