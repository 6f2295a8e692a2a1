"""The message bus: names on RabbitMQ, and what a service is made of on top of nameko.

- `names`: exchanges, queues and routing keys; `queues`: their declarations, each with its limit
- `connection`: one AMQP connection under eventlet; `reconnects`: when to try the next one
- `consumer`: the queues that a service reads, on one connection that comes back by itself
- `publisher`: what it tells others, on another one; `outbox`: what waits for that, bounded
- `rpc`: the entrypoint of a method that others call; `arguments`, `replies`: what goes in and out;
  `calls`: calling others
- `records`: the dependency that gives a service its records
- `follower`: feeds of other nodes, applied in order by one greenthread; `membership`: whose;
  `replication`: how far it has come
- `reactions`: what a room does when another room of this node has changed
- `room`: the class that every service derives from

Nothing is re-exported here: the gateway needs the names, and must load neither nameko nor eventlet.
"""
