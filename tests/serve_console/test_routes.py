"""The partner's route, as the host calls it."""

import json
from datetime import UTC, datetime
from typing import Any

import azure.functions as func
import pytest

from function_app import PARTNERS
from serve_console.routes import ROUTES
from shared import services as composed
from shared.domain.authentication import Scheme
from shared.route import respond
from tests.ingest_threat.credentials import DATED, credentials, texts
from tests.login_service import login_service
from tests.opted_in import app_sync_world, mirror_switches
from tests.world import Clock, World

UNAUTHORIZED = {"type": "about:blank", "title": "Unauthorized", "status": 401}

[INVENTORY] = [route for route in ROUTES if route.name == "fetch_inventory"]


async def _get(
    one: World,
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
    partner: str = "lookout",
    **params: str,
) -> tuple[int, Any, dict[str, str]]:
    monkeypatch.setattr(composed, "services", lambda: one.services)
    request = func.HttpRequest(
        "GET",
        f"https://example.com/api/partners/{partner}/inventory",
        headers=headers,
        params=params,
        route_params={"partner": partner},
        body=b"",
    )
    answer = await respond(INVENTORY, request, PARTNERS)
    body = answer.get_body()
    return answer.status_code, json.loads(body) if body else None, dict(answer.headers)


@pytest.mark.parametrize("scheme", list(Scheme))
async def test_a_partner_fetches_by_the_credentials_it_sends_reports_with(
    scheme: Scheme, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {field: {"lookout": text} for field, text in texts(scheme, "lookout").items()}
    async with login_service() as login:
        settings = {"schemes": {"lookout": scheme}, "entra_authority": login.authority, **own}
        async with app_sync_world(Clock(datetime.now(UTC)), **settings) as one:
            await mirror_switches(one)
            good = credentials(scheme, "lookout", b"", login)
            status, page, headers = await _get(one, monkeypatch, good)
            assert (status, page) == (200, {"devices": [], "removed": [], "since": None, "more": False})
            assert headers["Cache-Control"] == "private, no-cache"
            known = good | {"If-None-Match": headers["ETag"]}
            assert (await _get(one, monkeypatch, known))[:2] == (304, None)
            assert (await _get(one, monkeypatch, good, since="nonsense"))[0] == 400
            assert (await _get(one, monkeypatch, good, top="0"))[0] == 400
            late = [credentials(scheme, "lookout", b"", login, minutes=-180)] if scheme in DATED else []
            for bad in ({}, {"Authorization": "Bearer x"}, *late):
                assert (await _get(one, monkeypatch, bad))[:2] == (401, UNAUTHORIZED)


async def test_one_partners_credentials_opens_no_other_partners_inventory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    partners = ("lookout", "better_mobile")
    secrets = {partner: texts(Scheme.WEBHOOK, partner)["webhook_secrets"] for partner in partners}
    async with (
        login_service() as login,
        app_sync_world(Clock(datetime.now(UTC)), webhook_secrets=secrets) as one,
    ):
        await mirror_switches(one)
        mine = credentials(Scheme.WEBHOOK, "better_mobile", b"", login)
        assert (await _get(one, monkeypatch, mine, "lookout"))[0] == 401
        assert (await _get(one, monkeypatch, mine, "better_mobile"))[0] == 200
        assert (await _get(one, monkeypatch, mine, "nobody"))[0] == 404
        assert (await _get(one, monkeypatch, mine, "zimperium"))[0] == 401  # it has no credentials at all
