"""`python -m gateway.graphiql`: takes GraphiQL out of the npm packages that package-lock.json pins.

Does nothing when what is there was made from the same files.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from gateway.graphiql import npm
from gateway.graphiql.page import ASSETS_DIR, HERE

FILES: Final = {
    "node_modules/graphiql/graphiql.min.js": "graphiql.js",
    "node_modules/graphiql/graphiql.min.css": "graphiql.css",
    "node_modules/graphiql/LICENSE": "graphiql.LICENSE",
    "node_modules/react/umd/react.production.min.js": "react.js",
    "node_modules/react-dom/umd/react-dom.production.min.js": "react-dom.js",
    "node_modules/react/LICENSE": "react.LICENSE",
}
OWN_FILES: Final = ("page.js", "page.css")
PACKAGE_FILES: Final = ("package.json", "package-lock.json")
MADE_FROM: Final = "made-from"


def main() -> int:
    wanted = _fingerprint()
    made_from = ASSETS_DIR / MADE_FROM
    if made_from.is_file() and made_from.read_text() == wanted:
        return 0
    try:
        with tempfile.TemporaryDirectory() as name:
            _take(Path(name))
    except (npm.NpmMissing, OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"GraphiQL was not made, and the node works without it: {error}\n")
        return 1
    made_from.write_text(wanted)
    return 0


def _take(folder: Path) -> None:
    for name in PACKAGE_FILES:
        shutil.copy(HERE / name, folder)
    npm.install(folder)
    ASSETS_DIR.mkdir(parents=True, exist_ok=True)
    for source, name in FILES.items():
        shutil.copy(folder / source, ASSETS_DIR / name)
    for name in OWN_FILES:
        shutil.copy(HERE / name, ASSETS_DIR / name)


def _fingerprint() -> str:
    """Of all that the assets are made from."""
    digest = hashlib.sha256()
    for name in (*PACKAGE_FILES, *OWN_FILES):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
