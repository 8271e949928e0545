"""Entra's groups: the users in one, through any depth of nesting.

Source: Graph "List group transitive members": a cast is an advanced query, which takes `ConsistencyLevel:
eventual` and $count, and the members of a group of hidden membership are for who has Member.Read.Hidden,
which nobody has here. That they are left out, rather than the request refused, is inferred. Left out: lists
of other types, @odata.count.
"""

from bisect import bisect_right

from aiohttp import web

from local.graph.directory import STATE, Kind
from local.graph.listing import found, paged
from local.graph.problem import Document, GraphProblem

MEMBERS = "/v1.0/groups/{id}/transitiveMembers/"


async def users(request: web.Request) -> web.Response:
    """GET: pages of 100 unless `$top` says otherwise, at most 999."""
    group = found(request, Kind.GROUP)
    if request.headers.get("ConsistencyLevel") != "eventual" or request.query.get("$count") != "true":
        what = "an OData cast takes the header ConsistencyLevel: eventual and $count=true"
        raise GraphProblem(400, "Request_UnsupportedQuery", what)
    state = request.app[STATE]
    hidden = group.get("visibility") == "HiddenMembership"
    keys = [] if hidden else state.users_of(request.match_info["id"])

    def after(last: str, size: int) -> list[tuple[str, Document]]:
        first = bisect_right(keys, last)
        return [(key, state.get(Kind.USER, key) or {"id": key}) for key in keys[first : first + size]]

    return paged(request, Kind.USER, after, default=100, most=999)


ROUTES = (web.get(MEMBERS + "microsoft.graph.user", users), web.get(MEMBERS + "graph.user", users))
"""Both spellings: the second is the SDK's."""
