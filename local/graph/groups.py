"""Entra's groups: the users in one, through any depth of nesting.

Source: Graph "List group transitive members". That page asks for ConsistencyLevel and $count with a cast;
public scripts do without, so neither is looked at here. Left out: members of other types, @odata.count.
"""

from bisect import bisect_right

from aiohttp import web

from local.graph.directory import STATE, Kind
from local.graph.listing import found, paged
from local.graph.problem import Document

MEMBERS = "/v1.0/groups/{id}/transitiveMembers/"


async def users(request: web.Request) -> web.Response:
    """GET: pages of 100 unless `$top` says otherwise, at most 999."""
    found(request, Kind.GROUP)
    state = request.app[STATE]
    keys = state.users_of(request.match_info["id"])

    def after(last: str, size: int) -> list[tuple[str, Document]]:
        first = bisect_right(keys, last)
        return [(key, state.get(Kind.USER, key) or {"id": key}) for key in keys[first : first + size]]

    return paged(request, after, default=100, most=999)


ROUTES = (web.get(MEMBERS + "microsoft.graph.user", users), web.get(MEMBERS + "graph.user", users))
"""Both spellings: the second is the SDK's."""
