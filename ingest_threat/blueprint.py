"""The partners' door: POST /api/partners/{partner}/reports."""

import azure.functions as func

from ingest_threat.intake import check, receive
from shared.headers import Headers
from shared.reply import answered, reply
from shared.services import services
from shared.settings import current

bp = func.Blueprint()  # type: ignore[no-untyped-call]
check(current())


@bp.function_name("ingest_threat")
@bp.route(route="partners/{partner}/reports", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def ingest_threat(req: func.HttpRequest) -> func.HttpResponse:
    """Take a partner's message in; the partner proves itself by signature, not by a key of the host."""

    async def work() -> func.HttpResponse:
        partner = req.route_params.get("partner", "")
        return reply(await receive(services(), partner, Headers(req.headers), req.get_body()), status=202)

    return await answered(work)
