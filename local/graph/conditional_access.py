"""Conditional Access' endpoints: the policies an admin imports, and What If over them."""

import datetime
import uuid

from aiohttp import web

from local.graph import what_if
from local.graph.directory import STATE, Kind, merged
from local.graph.listing import found, many, single
from local.graph.policy import Policy
from local.graph.problem import read_object, validated

POLICIES = "/v1.0/identity/conditionalAccess/policies"
POLICY = POLICIES + "/{id}"


async def create_policy(request: web.Request) -> web.Response:
    """POST: 201 with id and date."""
    body = await read_object(request)
    validated(Policy, body)
    key = str(uuid.uuid4())
    document = merged({}, body) | {"id": key, "createdDateTime": _now(), "modifiedDateTime": None}
    request.app[STATE].put(Kind.ACCESS_POLICY, key, document)
    return web.json_response(document, status=201)


async def change_policy(request: web.Request) -> web.Response:
    """PATCH: 204; the whole must still be valid."""
    old = found(request, Kind.ACCESS_POLICY)
    new = merged(old, await read_object(request)) | {"id": old["id"], "modifiedDateTime": _now()}
    validated(Policy, new)
    request.app[STATE].put(Kind.ACCESS_POLICY, old["id"], new)
    return web.Response(status=204)


async def delete_policy(request: web.Request) -> web.Response:
    """DELETE: 204."""
    request.app[STATE].remove(Kind.ACCESS_POLICY, found(request, Kind.ACCESS_POLICY)["id"])
    return web.Response(status=204)


async def evaluate(request: web.Request) -> web.Response:
    """What If over every policy, whatever its state; `appliedPoliciesOnly` leaves only those that apply."""
    sign_in = validated(what_if.SignIn, await read_object(request))
    given = sign_in.sign_in_conditions.device_info
    registered = request.app[STATE].entra_device(str(given.get("deviceId", "")))
    sign_in.sign_in_conditions.device_info = what_if.as_seen(given, registered)
    groups = request.app[STATE].groups_of(sign_in.sign_in_identity.user_id)
    results = []
    for _, document in request.app[STATE].page(Kind.ACCESS_POLICY):
        reason = what_if.evaluate(validated(Policy, document), sign_in, groups)
        applies = reason is what_if.Reason.NOT_SET
        if applies or not sign_in.applied_policies_only:
            results.append({**document, "policyApplies": applies, "analysisReasons": reason})
    return web.json_response({"value": results})


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z")


ROUTES = (
    web.get(POLICIES, many(Kind.ACCESS_POLICY)),
    web.post(POLICIES, create_policy),
    web.get(POLICY, single(Kind.ACCESS_POLICY)),
    web.patch(POLICY, change_policy),
    web.delete(POLICY, delete_policy),
    web.post("/v1.0/identity/conditionalAccess/evaluate", evaluate),
)
