"""What can be asked, as GraphQL: one file or folder for each service, put together in `schema`.

Types are written for the dicts that services return, so that a field is a key of one; whatever
needs more has a resolver. Resolvers marked `plain` are compiled (see `gateway.compile`).
"""
