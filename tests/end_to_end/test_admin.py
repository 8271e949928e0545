"""The admin's routes over HTTP: who may use them, and one agent's way from unlinked to blocked and back."""

import asyncio
import io
import json
import pathlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from local.partners import zimperium
from local.partners.authentication import signed
from local.partners.message import encoded
from local.sample_tenant import Phone
from local.stack import ADMINS
from tests.end_to_end.machine import READ_KEY, SECRET, Machine, by_webhook, machine

KEY = {"X-Api-Key": READ_KEY}
CSV = {"content-type": "text/csv"}
PHONE = Phone.of("admin-tests", "phone", "Android")


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("admin")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(_folder: pathlib.Path) -> AsyncIterator[Machine]:
    async with machine(_folder, env=by_webhook()) as one:
        await one.until("serving until Ctrl-C")
        yield one


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _asked(
    running: Machine, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            method, f"{running.url}/api/{path}", headers=headers, data=io.BytesIO(body)
        ) as answer,
    ):
        text = await answer.text()
        return answer.status, json.loads(text) if text else None


async def _token(running: Machine, *roles: str) -> dict[str, str]:
    wanted = {"tenant": ADMINS["ADMIN_TENANT"], "audience": ADMINS["ADMIN_AUDIENCE"], "roles": list(roles)}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{running.graph_url}/_sim/token", json=wanted) as answer,
    ):
        text = await answer.text()
    token = json.loads(text)["access_token"] if text.startswith("{") else text.strip()
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "agents/lookout:x/link"),
        ("DELETE", "agents/lookout:x/link"),
        ("POST", "agents/links"),
        ("POST", "devices/x/override"),
        ("DELETE", "devices/x/override"),
        ("POST", "approvals/x"),
        ("POST", "tags/release"),
        ("POST", "dead-letters/x/redrive?partner=lookout"),
    ],
)
async def test_who_is_no_admin_writes_nothing(running: Machine, method: str, path: str) -> None:
    for headers in ({}, KEY, await _token(running), await _token(running, "Mtd.Report.Write")):
        status, problem = await _asked(running, method, path, {**CSV, **headers})
        assert (status, problem) == (401, {"type": "about:blank", "title": "Unauthorized", "status": 401})


@pytest.mark.parametrize("path", ["agents", "dead-letters"])
async def test_the_listings_need_a_key(running: Machine, path: str) -> None:
    assert (await _asked(running, "GET", path, {}))[0] == 401
    status, answer = await _asked(running, "GET", path, KEY)
    assert status == 200
    assert "token" in answer
    assert (await _asked(running, "GET", f"{path}?top=0", KEY))[0] == 400


@pytest.mark.parametrize("path", ["connectors", "approvals", "rules/dry-run"])
async def test_the_other_reads_need_a_key_too(running: Machine, path: str) -> None:
    assert (await _asked(running, "GET", path, {}))[0] == 401
    assert (await _asked(running, "GET", path, KEY))[0] == 200


async def test_rules_that_make_no_sense_are_refused_with_their_line(running: Machine) -> None:
    body = b'[[rule]]\nname = "one rule"\nallowed = "severe"\n'
    status, problem = await _asked(running, "POST", "rules/dry-run", KEY, body)
    assert status == 400
    assert problem["detail"].startswith("the file:3: rule.allowed")


async def test_what_is_asked_of_a_device_that_is_not_there_is_404(running: Machine) -> None:
    ada = await _token(running, "Mtd.Admin")
    reason, hours = {"reason": "a reason"}, {"reason": "a reason", "hours": 1}
    assert (await _asked(running, "GET", "devices/x/what-if", KEY))[0] == 404
    assert (await _asked(running, "POST", "devices/x/override", ada, encoded(hours)))[0] == 404
    assert (await _asked(running, "POST", "devices/x/override", ada, encoded(reason)))[0] == 400
    assert (await _asked(running, "DELETE", "devices/x/override", ada, encoded(reason)))[0] == 404
    assert (await _asked(running, "POST", "approvals/x", ada, encoded(reason)))[0] == 404
    assert (await _asked(running, "POST", "approvals/x", ada, b"{}"))[0] == 400
    assert (await _asked(running, "POST", "tags/release", ada, encoded(reason)))[0] == 400, "mode is enforce"


async def test_what_is_not_there_is_404_and_what_makes_no_sense_400_413_415(running: Machine) -> None:
    ada = await _token(running, "Mtd.Admin")
    link = encoded({"device": "x", "reason": "a reason"})
    assert (await _asked(running, "POST", "agents/lookout:x/link", ada, link))[0] == 404
    assert (await _asked(running, "POST", "agents/lookout:x/link", ada, b"{}"))[0] == 400
    assert (await _asked(running, "DELETE", "agents/lookout:x/link", ada, b'{"reason": "no link"}'))[0] == 404
    assert (await _asked(running, "POST", "dead-letters/x/redrive?partner=lookout", ada))[0] == 404
    assert (await _asked(running, "POST", "dead-letters/x/redrive", ada))[0] == 400
    assert (await _asked(running, "POST", "agents/links", ada, b"{}"))[0] == 415
    assert (await _asked(running, "POST", "agents/links", {**CSV, **ada}, b"x" * 1_048_577))[0] == 413
    assert (await _asked(running, "POST", "agents/links?apply=x", {**CSV, **ada}, b"x"))[0] == 400


async def test_an_agent_is_listed_linked_and_unlinked(running: Machine) -> None:
    body = encoded(zimperium.detection(PHONE, "admin", datetime.now(UTC)))
    sent = await _asked(running, "POST", "partners/zimperium/reports", signed(SECRET, body), body)
    assert sent[0] == 202
    for _ in range(100):
        _, page = await _asked(running, "GET", "agents", KEY)
        if page["agents"]:
            break
        await asyncio.sleep(0.1)
    (agent,) = page["agents"]
    assert (agent["partner"], agent["open_threats"], agent["device"]) == ("zimperium", 1, None)
    ada = await _token(running, "Mtd.Admin")
    path = f"agents/{agent['id']}/link"
    link = encoded({"device": PHONE.entra_id, "reason": "read off the phone"})
    assert (await _asked(running, "POST", path, ada, link))[0] == 404, "no sync has brought the device"
    text = "partner,partner_device_id,device,reason\n"
    text += f"zimperium,{agent['partner_device_id']},{PHONE.entra_id},read off the phone\n"
    status, preview = await _asked(running, "POST", "agents/links", {**CSV, **ada}, text.encode())
    assert (status, preview["applied"], preview["counts"]) == (200, False, {"unknown device": 1})
    token = preview["token"]
    status, done = await _asked(running, "POST", f"agents/links?apply={token}", {**CSV, **ada}, text.encode())
    assert (status, done["applied"], done["lines"]) == (200, True, preview["lines"])
