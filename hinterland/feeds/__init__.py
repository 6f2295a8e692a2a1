"""Feeds in MongoDB: batches, records and heads, moved in one transaction.

plan.py          what applying a batch does to records; pure
documents.py     collections, keys, indexes
store.py         append, apply, head; read, fill, compact, truncate
verification.py  recompute all of it from what is stored
"""

from hinterland.feeds.store import Applied, FeedStore, HeadMoved, Own
from hinterland.feeds.verification import Verification, verify_feed

__all__ = ["Applied", "FeedStore", "HeadMoved", "Own", "Verification", "verify_feed"]
