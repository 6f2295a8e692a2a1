"""The sample directory: invented NGOs of two provinces, as files that any importer takes.

`python -m deploy.sample FOLDER` writes them; the demo imports them as an operator would.
"""

from deploy.sample.generate import NGOS_PER_PROVINCE, NOTICE, rows_of, write_samples

__all__ = ["NGOS_PER_PROVINCE", "NOTICE", "rows_of", "write_samples"]
