"""The gateway: one node's services, seen from outside as GraphQL over HTTP and WebSocket.

- `__main__`, `listeners`: the process, its two listeners, how it starts and stops
- `app`: what a gateway is made of, put together
- `http`: GraphQL over HTTP: what may be asked, and how it is answered
- `websocket`: graphql-transport-ws, for subscriptions
- `documents`, `cost`: parsing and validating once; how much a document may ask for
- `execution`, `compile`, `responses`: answering: compiled, or by graphql-core, or from the cache
- `schema/`: what can be asked, a file or a folder for each service
- `broker`, `rpc`, `live`: RabbitMQ: the connection, calls, and changes as they happen
- `auth`: from an API key to an actor
- `door`: where a coordinator takes in nodes that join, over TLS
- `health`: whether the process lives, and whether its services answer
- `graphiql/`: the page for a browser
- `limits`: every limit, by name

It imports contracts of services, never their insides, and neither nameko nor a database.
"""
