"""What an admin and a probe can ask: GET /health, GET /devices, GET /devices/{id}."""

import azure.functions as func

from serve_console.devices import explain, listing
from serve_console.health import health
from shared.reply import answered, reply
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
        return reply(await listing(services(), req.params.get("top"), req.params.get("token")))

    return await answered(work)


@bp.function_name("explain_device")
@bp.route(route="devices/{id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def get_device(req: func.HttpRequest) -> func.HttpResponse:
    """Why a device is blocked or not: reports, rule, tag, and when."""

    async def work() -> func.HttpResponse:
        return reply(await explain(services(), req.route_params.get("id", "")))

    return await answered(work)
