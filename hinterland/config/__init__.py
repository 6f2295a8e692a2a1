"""What one node is told: its settings, and the folder that holds all that is its own."""

from hinterland.config.folder import init_node
from hinterland.config.settings import (
    NODE_FILE,
    BadSettings,
    NodeExists,
    NoNodeHere,
    Settings,
    checked_node_id,
    checked_region,
)

__all__ = [
    "NODE_FILE",
    "BadSettings",
    "NoNodeHere",
    "NodeExists",
    "Settings",
    "checked_node_id",
    "checked_region",
    "init_node",
]
