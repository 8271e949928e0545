"""The app over HTTP: every answer partners and admins get, from a machine that is really running."""

import io
import json
import pathlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from local.partners import lookout, wandera_jamf, zimperium
from local.partners.authentication import signed
from local.partners.message import encoded
from local.sample_tenant import Phone
from tests.end_to_end.machine import READ_KEY, SECRET, Machine, by_webhook, machine

PHONE = Phone.of("http-tests", "phone", "Android")
NOW = datetime.now(UTC)
GOOD = encoded(zimperium.detection(PHONE, "good", NOW))


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("http")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(_folder: pathlib.Path) -> AsyncIterator[Machine]:
    async with machine(_folder, env=by_webhook()) as one:
        await one.until("serving until Ctrl-C")
        yield one


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _post(
    running: Machine, body: bytes, headers: dict[str, str] | None = None, partner: str = "zimperium"
) -> tuple[int, Any]:
    headers = signed(SECRET, body) if headers is None else headers
    url = f"{running.url}/api/partners/{partner}/reports"
    data = io.BytesIO(body)
    async with aiohttp.ClientSession() as session, session.post(url, data=data, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def _get(running: Machine, path: str, key: str | None = READ_KEY) -> tuple[int, Any]:
    headers = {"X-Api-Key": key} if key else {}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{running.url}/api/{path}", headers=headers) as answer,
    ):
        text = await answer.text()
        return answer.status, json.loads(text) if text else None


async def test_a_signed_report_is_accepted_and_its_copy_is_a_duplicate(running: Machine) -> None:
    body = encoded(zimperium.detection(PHONE, "twice", NOW))
    assert await _post(running, body) == (
        202,
        {"accepted": 1, "duplicates": 0, "not_counted": 0, "ignored": 0, "rejected": [], "unknown": []},
    )
    status, answer = await _post(running, body)
    assert (status, answer["accepted"], answer["duplicates"]) == (202, 0, 1)


async def test_an_unknown_partner_is_404(running: Machine) -> None:
    status, problem = await _post(running, GOOD, partner="norton")
    assert (status, problem["status"]) == (404, 404)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**signed(SECRET, GOOD), "webhook-signature": "v1"},
        {**signed(SECRET, GOOD), "webhook-signature": "v1,!!!!"},
        {**signed(SECRET, GOOD), "webhook-timestamp": "NaN"},
        {**signed(SECRET, GOOD), "webhook-id": "other"},
        signed("whsec_" + "A" * 32, GOOD),
        signed(SECRET, GOOD, NOW - timedelta(days=1)),
        signed(SECRET, GOOD, NOW + timedelta(days=1)),
    ],
)
async def test_what_is_not_proven_is_401_without_detail(running: Machine, headers: dict[str, str]) -> None:
    status, problem = await _post(running, GOOD, headers={"content-type": "application/json", **headers})
    assert status == 401
    assert problem == {"type": "about:blank", "title": "Unauthorized", "status": 401}


async def test_a_body_over_the_limit_is_413(running: Machine) -> None:
    body = b'[{"threat_uuid": "' + b"x" * 1_048_576 + b'"}]'
    assert (await _post(running, body))[0] == 413


async def test_a_body_of_60_mib_from_nobody_ends_at_the_host_and_costs_the_next_one_nothing(
    running: Machine,
) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"{running.url}/api/partners/zimperium/reports"
        try:
            async with session.post(url, data=io.BytesIO(b"x" * (60 << 20))) as answer:
                assert answer.status in {413, 500}
        except (aiohttp.ClientConnectionError, ConnectionError):
            pass  # the connection ends while it is being sent
    assert (await _post(running, encoded(zimperium.detection(PHONE, "after 60 MiB", NOW))))[0] == 202


async def test_too_many_items_are_413(running: Machine) -> None:
    assert (await _post(running, b"[" + b"{}," * 1000 + b"{}]"))[0] == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'["\xff"]', b'{"a": NaN}', b'{"a": 1, "a": 2}', b"hello"],
)
async def test_what_is_not_json_is_400(running: Machine, body: bytes) -> None:
    assert (await _post(running, body))[0] == 400


async def test_a_wrong_content_type_is_415(running: Machine) -> None:
    headers = {**signed(SECRET, GOOD), "content-type": "application/xml"}
    assert (await _post(running, GOOD, headers=headers))[0] == 415


async def test_another_partners_format_is_422(running: Machine) -> None:
    body = encoded(wandera_jamf.event(PHONE, NOW, name="JAILBREAK", action="Detected", severity=10))
    assert (await _post(running, body))[0] == 422


async def test_one_bad_item_among_good_ones_is_named_by_its_index(running: Machine) -> None:
    good = zimperium.detection(PHONE, "mixed", NOW)
    assert isinstance(good, list)
    status, answer = await _post(running, encoded([{"threat_uuid": 7}, *good]))
    assert status == 202
    assert answer["accepted"] == 1
    assert [rejected["index"] for rejected in answer["rejected"]] == [0]


async def test_newline_delimited_items_are_all_read(running: Machine) -> None:
    phone = Phone.of("http-tests", "ndjson", "iOS")
    lines = [encoded(lookout.low_threat(phone, f"k{number}", NOW)) for number in range(3)]
    status, answer = await _post(running, b"\n".join(lines), partner="lookout")
    assert (status, answer["accepted"]) == (202, 3)


async def test_health_is_open_and_says_one_word(running: Machine) -> None:
    status, answer = await _get(running, "health", key=None)
    assert status in {200, 503}
    assert set(answer) == {"status"}


async def test_the_devices_need_a_key(running: Machine) -> None:
    assert (await _get(running, "devices", key=None))[0] == 401
    assert (await _get(running, "devices/x", key="wrong"))[0] == 401
    status, answer = await _get(running, "devices")
    assert status == 200
    assert set(answer) == {"devices", "token"}


@pytest.mark.parametrize("query", ["top=0", "top=1001", "top=x", "token=nonsense"])
async def test_a_senseless_page_is_400(running: Machine, query: str) -> None:
    assert (await _get(running, f"devices?{query}"))[0] == 400


async def test_an_unknown_device_is_404(running: Machine) -> None:
    status, problem = await _get(running, "devices/00000000-0000-4000-8000-00000000dead")
    assert (status, problem["title"]) == (404, "Not found")


async def test_what_was_accepted_outlives_a_crash(tmp_path: pathlib.Path) -> None:
    env = by_webhook()
    phone = Phone.of("crash", "phone", "Android")
    body = encoded(zimperium.detection(phone, "mitm", datetime.now(UTC)))
    async with machine(tmp_path / "data", env=env) as one:
        await one.until("serving until Ctrl-C")
        assert (await _post(one, body))[0] == 202
        await one.killed()
    async with machine(tmp_path / "data", env=env) as again:
        await again.until("serving until Ctrl-C")
        status, answer = await _post(again, body)
        assert (status, answer["accepted"], answer["duplicates"]) == (202, 0, 1)
