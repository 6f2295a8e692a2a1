"""GraphQL over HTTP, as graphql.github.io/graphql-over-http has it.

- `negotiation`: which media type is answered
- `question`: what a request asks
- `endpoint`: from the one to the other
"""

from gateway.http.endpoint import Endpoint

__all__ = ["Endpoint"]
