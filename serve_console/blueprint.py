"""What an admin, a partner and a probe can ask and do.

An admin's reads take a key of the host, writes the Entra role Mtd.Admin; a partner proves itself as it does
for its reports.
"""

import azure.functions as func

from ingest_threat.intake import authenticate
from serve_console import agents, dead_letters, devices, inventory
from serve_console.health import health
from serve_console.linking import link, read_link, read_unlink, unlink
from serve_console.links_import import import_links
from shared.entra import admin
from shared.reply import answered, reply, reply_unless_known
from shared.services import services

bp = func.Blueprint()  # type: ignore[no-untyped-call]


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

    async def work() -> func.HttpResponse:
        return reply(await devices.listing(services(), req.params.get("top"), req.params.get("token")))

    return await answered(work)


@bp.function_name("explain_device")
@bp.route(route="devices/{id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def get_device(req: func.HttpRequest) -> func.HttpResponse:
    """Why a device is blocked or not: reports, rule, tag, and when."""

    async def work() -> func.HttpResponse:
        return reply(await devices.explain(services(), req.route_params.get("id", "")))

    return await answered(work)


@bp.function_name("list_agents")
@bp.route(route="agents", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def get_agents(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the agents nobody could link, or with `?all=true` of all: `?top=` rows from `?token=` on."""

    async def work() -> func.HttpResponse:
        every, top, token = (req.params.get(name) for name in ("all", "top", "token"))
        return reply(await agents.listing(services(), every, top, token))

    return await answered(work)


@bp.function_name("link_agent")
@bp.route(route="agents/{id}/link", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def post_link(req: func.HttpRequest) -> func.HttpResponse:
    """Link an agent to a device by hand: `{device, reason}`. A wrong link is undone first, not linked over:
    a device that an agent leaves for another stays frozen until it is confirmed gone."""

    async def work() -> func.HttpResponse:
        caller = await admin(services(), dict(req.headers))
        request = read_link(req.get_body())
        return reply(await link(services(), caller, req.route_params.get("id", ""), request))

    return await answered(work)


@bp.function_name("unlink_agent")
@bp.route(route="agents/{id}/link", methods=["DELETE"], auth_level=func.AuthLevel.ANONYMOUS)
async def delete_link(req: func.HttpRequest) -> func.HttpResponse:
    """Undo a link, whoever made it: `{reason}`. The agent stays apart until an admin links it again."""

    async def work() -> func.HttpResponse:
        caller = await admin(services(), dict(req.headers))
        request = read_unlink(req.get_body())
        return reply(await unlink(services(), caller, req.route_params.get("id", ""), request))

    return await answered(work)


@bp.function_name("import_links")
@bp.route(route="agents/links", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def post_links(req: func.HttpRequest) -> func.HttpResponse:
    """What a CSV file of links would do; with `?apply=` and the token of that answer, do it."""

    async def work() -> func.HttpResponse:
        headers = dict(req.headers)
        caller = await admin(services(), headers)
        return reply(await import_links(services(), caller, headers, req.get_body(), req.params))

    return await answered(work)


@bp.function_name("list_dead_letters")
@bp.route(route="dead-letters", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def get_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
    """A page of what could not be read or applied; with `?partner=`, that partner's, newest first."""

    async def work() -> func.HttpResponse:
        partner, top, token = (req.params.get(name) for name in ("partner", "top", "token"))
        return reply(await dead_letters.listing(services(), partner, top, token))

    return await answered(work)


@bp.function_name("redrive_dead_letter")
@bp.route(route="dead-letters/{id}/redrive", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def post_redrive(req: func.HttpRequest) -> func.HttpResponse:
    """Try a dead letter of `?partner=` again."""

    async def work() -> func.HttpResponse:
        await admin(services(), dict(req.headers))
        id_ = req.route_params.get("id", "")
        return reply(await dead_letters.redrive(services(), id_, req.params.get("partner")))

    return await answered(work)


@bp.function_name("fetch_inventory")
@bp.route(route="partners/{partner}/inventory", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def get_inventory(req: func.HttpRequest) -> func.HttpResponse:
    """The app inventory that a partner may see: what changed after `?since=`, `?top=` devices a page."""

    async def work() -> func.HttpResponse:
        partner, headers = req.route_params.get("partner", ""), dict(req.headers)
        await authenticate(services(), partner, headers)
        found = await inventory.fetch(services(), partner, req.params.get("top"), req.params.get("since"))
        return reply_unless_known(found, headers)

    return await answered(work)
