"""The page that a browser gets at `/graphql`: GraphiQL, served by the gateway itself.

Nothing of it comes from elsewhere at run time: a node may have no internet, and its users' queries
are nobody's business. `python -m gateway.graphiql` makes the folder `build/graphiql` out of the npm
packages that package-lock.json pins; without it the page says what to do instead.
"""

from gateway.graphiql.page import ASSETS_DIR, ASSETS_PATH, graphiql_page

__all__ = ["ASSETS_DIR", "ASSETS_PATH", "graphiql_page"]
