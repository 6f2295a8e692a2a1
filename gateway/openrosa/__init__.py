"""What phones with ODK Collect, and KoboToolbox's, talk to: OpenRosa 1.0 under `/openrosa`.

https://docs.getodk.org/openrosa is the specification.

endpoints.py       which address does what
authentication.py  names and passwords, HTTP Basic and Digest, to actors
multipart.py       what a phone posts, within limits
documents.py       the XML of answers
"""

from gateway.openrosa.endpoints import OPENROSA_PATH, OpenRosa

__all__ = ["OPENROSA_PATH", "OpenRosa"]
