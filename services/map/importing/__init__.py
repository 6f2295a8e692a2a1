"""Files of reports, read without a server: what the command line sends to `import_reports`.

- `columns`: which column, or which property of a feature, is which field
- `reading`: CSV, XLSX and GeoJSON (RFC 7946) to rows
- `moments`: when something happened, in the notations that people use
"""

from services.map.importing.reading import Options, Reading, read_file, start_mapping

__all__ = ["Options", "Reading", "read_file", "start_mapping"]
