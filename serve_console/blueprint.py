"""What an admin, a partner and a probe can ask and do.

An admin's reads take a key of the host, writes the Entra role Mtd.Admin; a partner proves itself as it does
for its reports.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import azure.functions as func
from pydantic import BaseModel

from evaluate_risk.enforce import release
from ingest_threat.intake import authenticate
from serve_console import agents, approvals, connectors, dead_letters, devices, inventory
from serve_console.approvals import ApprovalRequest, approve_stop
from serve_console.health import health
from serve_console.linking import LinkRequest, UnlinkRequest, link, unlink
from serve_console.links_import import import_links
from serve_console.overrides import EndRequest, OverrideRequest, end_override, override
from serve_console.request import Request, read_request
from serve_console.rules_preview import preview_rules
from serve_console.what_if import prove
from shared.entra import Caller, admin
from shared.headers import Headers
from shared.reply import answered, reply, reply_unless_known
from shared.services import Services, services

bp = func.Blueprint()  # type: ignore[no-untyped-call]

R = TypeVar("R", bound=Request)


async def _read(work: Callable[[], Awaitable[BaseModel]]) -> func.HttpResponse:
    """What a read answers, or the problem its error is."""

    async def done() -> func.HttpResponse:
        return reply(await work())

    return await answered(done)


async def _write(
    req: func.HttpRequest,
    kind: type[R],
    work: Callable[[Services, Caller, str, R], Awaitable[BaseModel]],
) -> func.HttpResponse:
    """What an admin's write answers: who it is, is asked first, and what is meant by the body after that."""

    async def done() -> func.HttpResponse:
        caller = await admin(services(), Headers(req.headers))
        request = read_request(kind, req.get_body())
        return reply(await work(services(), caller, req.route_params.get("id", ""), request))

    return await answered(done)


@bp.function_name("health")
@bp.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """200 while the app can do its work, 503 while it cannot; no detail for strangers."""
    state = await health(services())
    return reply(state, status=200 if state.status == "ok" else 503)


@bp.function_name("list_devices")
@bp.route(route="devices", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def get_devices(req: func.HttpRequest) -> func.HttpResponse:
    """A page of devices with their decisions and tags: `?top=` rows from `?token=` on."""
    return await _read(lambda: devices.listing(services(), req.params.get("top"), req.params.get("token")))


@bp.function_name("explain_device")
@bp.route(route="devices/{id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def get_device(req: func.HttpRequest) -> func.HttpResponse:
    """Why a device is blocked or not: reports, rule, tag, and when."""
    return await _read(lambda: devices.explain(services(), req.route_params.get("id", "")))


@bp.function_name("prove_device")
@bp.route(route="devices/{id}/what-if", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def get_what_if(req: func.HttpRequest) -> func.HttpResponse:
    """What Conditional Access would do with a device, as it is and as if it were blocked; `?app=` for one
    app."""
    return await _read(lambda: prove(services(), req.route_params.get("id", ""), req.params.get("app")))


@bp.function_name("override_device")
@bp.route(route="devices/{id}/override", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def post_override(req: func.HttpRequest) -> func.HttpResponse:
    """Let a blocked device in for a while: `{hours, reason}`, at most 168 hours."""
    return await _write(req, OverrideRequest, override)


@bp.function_name("end_override")
@bp.route(route="devices/{id}/override", methods=["DELETE"], auth_level=func.AuthLevel.ANONYMOUS)
async def delete_override(req: func.HttpRequest) -> func.HttpResponse:
    """End an override before its time: `{reason}`."""
    return await _write(req, EndRequest, end_override)


@bp.function_name("list_connectors")
@bp.route(route="connectors", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def get_connectors(req: func.HttpRequest) -> func.HttpResponse:
    """The partners: Intune's switches, where they count, when they were heard last, and what to look at."""
    return await _read(lambda: connectors.listing(services()))


@bp.function_name("list_approvals")
@bp.route(route="approvals", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def get_approvals(req: func.HttpRequest) -> func.HttpResponse:
    """How the mass-change stop stands: what waits, under which stop, and what was approved."""
    return await _read(lambda: approvals.listing(services()))


@bp.function_name("approve_stop")
@bp.route(route="approvals/{id}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def post_approval(req: func.HttpRequest) -> func.HttpResponse:
    """Approve the blocks that wait under a stop: `{reason}`."""
    return await _write(req, ApprovalRequest, approve_stop)


@bp.function_name("release_tags")
@bp.route(route="tags/release", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def post_release(req: func.HttpRequest) -> func.HttpResponse:
    """Take every block of ours back: `{reason}`. Not in mode `enforce`."""

    async def work(_services: Services, caller: Caller, _id: str, request: Request) -> BaseModel:
        return await release(_services, caller.name, request.reason)

    return await _write(req, Request, work)


@bp.function_name("preview_rules")
@bp.route(route="rules/dry-run", methods=["GET", "POST"], auth_level=func.AuthLevel.FUNCTION)
async def preview_local_rules(req: func.HttpRequest) -> func.HttpResponse:
    """Which devices local rules would change, and why: those marked `dry_run`, or those of the file that
    is posted."""
    body = req.get_body() if req.method == "POST" else None
    return await _read(
        lambda: preview_rules(services(), body, req.params.get("top"), req.params.get("token"))
    )


@bp.function_name("list_agents")
@bp.route(route="agents", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def get_agents(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the agents nobody could link, or with `?all=true` of all: `?top=` rows from `?token=` on."""
    every, top, token = (req.params.get(name) for name in ("all", "top", "token"))
    return await _read(lambda: agents.listing(services(), every, top, token))


@bp.function_name("link_agent")
@bp.route(route="agents/{id}/link", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def post_link(req: func.HttpRequest) -> func.HttpResponse:
    """Link an agent to a device by hand: `{device, reason}`. A wrong link is undone first, not linked over:
    a device that an agent leaves for another stays frozen until it is confirmed gone."""
    return await _write(req, LinkRequest, link)


@bp.function_name("unlink_agent")
@bp.route(route="agents/{id}/link", methods=["DELETE"], auth_level=func.AuthLevel.ANONYMOUS)
async def delete_link(req: func.HttpRequest) -> func.HttpResponse:
    """Undo a link, whoever made it: `{reason}`. The agent stays apart until an admin links it again."""
    return await _write(req, UnlinkRequest, unlink)


@bp.function_name("import_links")
@bp.route(route="agents/links", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def post_links(req: func.HttpRequest) -> func.HttpResponse:
    """What a CSV file of links would do; with `?apply=` and the token of that answer, do it."""

    async def work() -> BaseModel:
        headers = Headers(req.headers)
        caller = await admin(services(), headers)
        return await import_links(services(), caller, headers, req.get_body(), req.params)

    return await _read(work)


@bp.function_name("list_dead_letters")
@bp.route(route="dead-letters", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def get_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
    """A page of what could not be read or applied; with `?partner=`, that partner's, newest first."""
    partner, top, token = (req.params.get(name) for name in ("partner", "top", "token"))
    return await _read(lambda: dead_letters.listing(services(), partner, top, token))


@bp.function_name("redrive_dead_letter")
@bp.route(route="dead-letters/{id}/redrive", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def post_redrive(req: func.HttpRequest) -> func.HttpResponse:
    """Try a dead letter of `?partner=` again."""

    async def work() -> BaseModel:
        await admin(services(), Headers(req.headers))
        id_ = req.route_params.get("id", "")
        return await dead_letters.redrive(services(), id_, req.params.get("partner"))

    return await _read(work)


@bp.function_name("fetch_inventory")
@bp.route(route="partners/{partner}/inventory", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def get_inventory(req: func.HttpRequest) -> func.HttpResponse:
    """The app inventory that a partner may see: what changed after `?since=`, `?top=` devices a page."""

    async def work() -> func.HttpResponse:
        partner, headers = req.route_params.get("partner", ""), Headers(req.headers)
        await authenticate(services(), partner, headers)
        found = await inventory.fetch(services(), partner, req.params.get("top"), req.params.get("since"))
        return reply_unless_known(found, headers)

    return await answered(work)
