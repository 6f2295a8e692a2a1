"""The directory: NGOs, suggestions, and what this node accepts by itself.

- `ngo`: the type and what it is made of
- `filters`: which NGOs; shared by list, summary and subscription
- `suggestion`: suggestions and the policy
- `inputs`, `commands`: writing
- `queries`, `changes`: the fields of Query and Subscription
"""

from gateway.schema.directory.changes import DirectorySubscription
from gateway.schema.directory.commands import DirectoryMutation
from gateway.schema.directory.queries import DirectoryQuery

__all__ = ["DirectoryMutation", "DirectoryQuery", "DirectorySubscription"]
