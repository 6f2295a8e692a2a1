"""Every limit of the gateway, by name. docs/howto/partner-api.md lists those that bind a caller."""

from __future__ import annotations

from typing import Final

# What one request may hold.
BODY_BYTES_MAX: Final = 512 * 1024  # an NGO with every field full, escaped, and its query
QUERY_CHARS_MAX: Final = 32 * 1024  # of one document
TOKENS_MAX: Final = 2_000  # of one document; as many comments
FIELDS_MAX: Final = 400  # written in one document, in fragments too
FRAGMENTS_MAX: Final = 100  # and operations, in one document
NESTING_MAX: Final = 30  # of braces, in the text
SELECTED_FIELDS_MAX: Final = 1_000  # after fragments are put in where they are used
DEPTH_MAX: Final = 12  # levels of fields; introspection has a rule of its own
ROOT_FIELDS_MAX: Final = 20  # each is a call to a service
NODES_MAX: Final = 2_000  # records that an answer may hold, by `first`, `last` and `ids`
PAGE_ITEMS_MAX: Final = 100  # `first`, `last`, `ids`
VALIDATION_ERRORS_MAX: Final = 20  # reported of one document
REQUEST_S_MAX: Final = 20.0  # until the answer, or an error

# What the process keeps.
CONNECTIONS_MAX: Final = 4_000  # of callers, WebSockets included
SHUTDOWN_S_MAX: Final = 10  # for what is under way when the process is told to stop
DOCUMENTS_MAX: Final = 1_000  # parsed and validated
VARIANTS_MAX: Final = 16  # of one operation, by its @skip and @include
RESPONSES_BYTES_MAX: Final = 64 * 1024 * 1024  # of all cached answers
RESPONSE_BYTES_MAX: Final = 1024 * 1024  # of one cached answer; larger ones are not kept
RESPONSE_AGE_S_MAX: Final = 5.0  # an answer is at most this stale, should every hint be lost
STATUSES_MAX: Final = 1_000  # of the federation, as different callers may see it
STATUS_AGE_S_MAX: Final = 1.0  # of such a status
ACTORS_MAX: Final = 10_000  # whose keys are known for the moment
REFUSED_KEYS_MAX: Final = 10_000  # keys that are known to be wrong for the moment
ACTOR_AGE_S_MAX: Final = 60.0  # a key is asked for again, should every hint be lost

# Calls to services.
CALLS_IN_FLIGHT_MAX: Final = 500  # of the process
CALLS_PER_REQUEST_MAX: Final = 64  # made by one GraphQL request
CALL_S_MAX: Final = 10.0  # until the reply
HEAD_WAIT_S_MAX: Final = 3.0  # for the change that the caller has seen elsewhere
RECONNECT_S_MIN: Final = 0.2  # before the first attempt to connect again
RECONNECT_S_MAX: Final = 10.0  # before any later one
HEARTBEAT_S: Final = 30  # of the connection to the broker
BLOCKED_S_MAX: Final = 20.0  # the broker is out of memory or disk
CLOSE_S_MAX: Final = 2.0  # for the broker to say goodbye
READY_S_MAX: Final = 1.0  # for a service to answer /readyz
READY_AGE_S_MAX: Final = 1.0  # of an answer to /readyz

# Subscriptions.
SOCKETS_MAX: Final = 2_000  # of the process
SUBSCRIPTIONS_PER_SOCKET_MAX: Final = 20  # operations at a time
INIT_S_MAX: Final = 5.0  # for connection_init
PING_S: Final = 20.0  # of the WebSocket protocol; keeps a mobile network's address translation open
MESSAGE_BYTES_MAX: Final = 128 * 1024  # of one message from a caller
SEND_S_MAX: Final = 20.0  # for one message to leave
OUTBOX_MESSAGES_MAX: Final = 64  # of one socket, sent by us and not yet taken by its reader
PENDING_CHANGES_MAX: Final = 1_000  # of one subscription
BACKLOG_CHANGES_MAX: Final = 10_000  # of one filter and audience, not yet looked up
INTERESTS_MAX: Final = 500  # different filters and audiences: each is a call per change

# Phones.
OPENROSA_BODY_BYTES_MAX: Final = 10 * 1024 * 1024  # of one post; phones split what is more
OPENROSA_PARTS_MAX: Final = 20  # of one post: the XML, files, flags
OPENROSA_POSTS_MAX: Final = 200  # that are on their way at a time, slowly, to disk
OPENROSA_POST_S_MAX: Final = 900.0  # for all of a post to arrive: 10 MB at 12 KB/s
OPENROSA_SPOOLED_BYTES_MAX: Final = 64 * 1024  # of one part in memory; more of it is on disk
OPENROSA_SUBMITTED_MAX: Final = 4  # posts that are read and passed on at a time
OPENROSA_CREDENTIALS_CHARS_MAX: Final = 8_192  # of an answer to a challenge
OPENROSA_NONCE_S_MAX: Final = 600.0  # then a phone is challenged anew, without asking anybody
OPENROSA_SUBMIT_S_MAX: Final = 90.0  # photos are made ready meanwhile, one after the other

# Answers on the wire.
COMPRESS_BYTES_MIN: Final = 1_024  # smaller answers are sent as they are

# The map's files and tiles.
UPLOADS_AT_ONCE_MAX: Final = 16  # each of them is in memory until its service has it
UPLOAD_S_MAX: Final = 60.0  # a photo is made ready meanwhile
EXPORTS_AT_ONCE_MAX: Final = 4  # streams of reports; more of them would only be slower
EXPORT_PAGE_ITEMS: Final = 200  # fetched at a time, so that memory does not grow with the map
ATOM_ENTRIES_MAX: Final = 100  # the latest
PARAMETERS_MAX: Final = 40  # in the query string of the map's files and tiles
TILE_ENCODERS_MAX: Final = 2  # processes
TILES_WAITING_MAX: Final = 200  # for one of them
TILE_ENCODE_S_MAX: Final = 5.0  # then the process is given up
TILE_BYTES_MAX: Final = 2 * 1024 * 1024  # as a process takes or gives it

# The door.
DOOR_BODY_BYTES_MAX: Final = 64 * 1024  # a request to join has some 5 KB
DOOR_ATTEMPTS_PER_MINUTE_MAX: Final = 10  # from one address
DOOR_ATTEMPTS_PER_MINUTE_ALL_MAX: Final = 60  # from all addresses together
DOOR_ADDRESSES_MAX: Final = 10_000  # whose attempts are remembered
DOOR_CONNECTIONS_MAX: Final = 64  # at a time
DOOR_CALL_S_MAX: Final = 30.0  # admitting makes users and policies on the broker
