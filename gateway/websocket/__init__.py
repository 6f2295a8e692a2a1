"""GraphQL over WebSocket, with the protocol graphql-transport-ws.

The protocol is github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.

- `sockets`: all connections of this process, and the endpoint
- `socket`: one connection and its operations
"""

from gateway.websocket.sockets import Sockets

__all__ = ["Sockets"]
