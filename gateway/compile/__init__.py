"""A query, compiled once to plain Python that builds its answer from what services return.

graphql-core asks its questions about every field of every item again: which type, which resolver,
is it awaitable. For one operation the answers never change, so they are asked once, and what is
left is written down as Python source, a function for each selection of an object type:

    def select_1(d, a):
        v0 = d.get('id')
        if v0.__class__ is not str: raise Unexpected
        v1 = d.get('verification')
        if v1 is not None:
            v1 = select_2(v1, a)
        return {'id': v0, 'verification': v1}

Arguments and variables are still coerced by graphql-core. Whatever is not as expected (a null
where none may be, an error of a service, a field that has to be fetched on its own) is left to it
as well: `Plan.run` returns None, and the operation is executed in the ordinary way. So a compiled
answer is either the same as graphql-core's or there is none; a test compares them.

- `compiler`: one operation, and its plans
- `plan`: a compiled operation, ready to run
- `writer`: writes the source of a plan
"""

from gateway.compile.compiler import Compiler
from gateway.compile.plan import Plan, plain

__all__ = ["Compiler", "Plan", "plain"]
