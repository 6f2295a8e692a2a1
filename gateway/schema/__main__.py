"""`python -m gateway.schema`: writes the snapshot that partners read and a test compares."""

from __future__ import annotations

from pathlib import Path

from gateway.schema.schema import schema_text

if __name__ == "__main__":
    snapshot = Path(__file__).parents[1] / "schema.graphql"
    snapshot.write_text(schema_text(), encoding="utf-8")
