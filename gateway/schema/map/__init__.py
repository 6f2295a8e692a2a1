"""The map: what people report, and what moderators and others make of it.

- `common`: what every record of the map shows
- `report`: reports
- `tables`: categories, places, layers, forms
- `opinions`: confirmations and merges
- `intake`: what waits for a moderator
- `filters`: which reports; shared by list, summary and subscription
- `inputs`, `commands`: writing
- `queries`, `changes`: the fields of Query and Subscription
"""

from gateway.schema.map.changes import MapSubscription
from gateway.schema.map.commands import MapMutation
from gateway.schema.map.queries import MapQuery

__all__ = ["MapMutation", "MapQuery", "MapSubscription"]
