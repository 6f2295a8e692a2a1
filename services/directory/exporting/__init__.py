"""NGOs as files: each writer takes an iterator of NGOs and writes as it goes, holding one at a
time.

    write_csv(ngos, open("ngos.csv", "w", newline="", encoding="utf-8-sig"))

`tables` is CSV as spreadsheets and our own importer read it; `jsonl` is lossless, a record a line;
`hsds` is HSDS 3 JSON (openreferral.org).
"""

from services.directory.exporting.hsds import write_hsds
from services.directory.exporting.jsonl import write_jsonl
from services.directory.exporting.tables import COLUMNS, write_csv

__all__ = ["COLUMNS", "write_csv", "write_hsds", "write_jsonl"]
