"""Feeds in MongoDB: batches, records and heads, moved in one transaction.

plan.py       what applying a batch does to records; pure
documents.py  collections, keys, indexes
store.py      append, apply, head; read, fill, compact, truncate
"""

from hinterland.feeds.store import Applied, FeedStore, HeadMoved

__all__ = ["Applied", "FeedStore", "HeadMoved"]
