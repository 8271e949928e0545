"""Microsoft Graph as it really answers: pages, nulls, unknown words, refusals, silence."""

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from azure.core.exceptions import ServiceRequestError

from shared.errors import GraphError, GraphNotFound, GraphRefused, GraphUnavailable
from shared.graph import client as module
from shared.graph.client import GraphClient
from shared.graph.graph import Graph
from shared.settings import Settings
from shared.waiting import Waiting
from tests.world import ENTRA_ID, World, serving

DEVICES = "/v1.0/deviceManagement/managedDevices"


async def _names(one: World) -> list[str]:
    return [device.id async for device in one.services.graph.managed_devices()]


def _put(one: World, *ids: str, **fields: Any) -> None:
    for id_ in ids:
        one.tenant.put_managed_device({"id": id_, "operatingSystem": "iOS", **fields})


class Script:
    """A Graph that answers lists of managed devices as a test writes them, to a client with a real token."""

    def __init__(self, one: World) -> None:
        self.one = one
        self.answers: list[Callable[[str], web.Response]] = []
        self.asked: list[str] = []
        self.tokens: list[str | None] = []
        self.levels: list[str | None] = []
        self.client_request_ids: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.rel_url))
        self.tokens.append(request.headers.get("Authorization"))
        self.levels.append(request.headers.get("ConsistencyLevel"))
        self.client_request_ids.append(request.headers["client-request-id"])
        return self.answers.pop(0)(f"http://{request.host}")

    async def devices(self, *answers: Callable[[str], web.Response]) -> list[str]:
        self.answers = list(answers)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        async with serving(app) as address:
            settings = self.one.services.settings.model_copy(update={"graph_base_url": f"{address}/v1.0"})
            graph = Graph(settings, Waiting())
            try:
                return [device.id async for device in graph.managed_devices()]
            finally:
                await graph.close()


def page(*items: object, link: str | None = None, **more: object) -> Callable[[str], web.Response]:
    """An answer with `items`; `link` is written after the server's address."""

    def answer(address: str) -> web.Response:
        body: dict[str, object] = {"value": list(items), **more}
        if link is not None:
            body["@odata.nextLink"] = link if link.startswith("http") else address + link
        return web.json_response(body)

    return answer


@pytest.fixture
def script(tenant_world: World) -> Script:
    """A Graph whose every answer the test writes."""
    return Script(tenant_world)


# --- lists --------------------------------------------------------------------------------------------


async def test_an_empty_page_with_a_next_link_is_not_the_end(tenant_world: World) -> None:
    _put(tenant_world, "a", "b")
    tenant_world.graph_faults.empty_page("managedDevices")
    assert await _names(tenant_world) == ["a", "b"]


async def test_pages_are_followed_to_the_end(script: Script) -> None:
    second = page({"id": "b"}, link=f"{DEVICES}?$skiptoken=2")
    assert await script.devices(
        page({"id": "a"}, link=f"{DEVICES}?$skiptoken=1"), second, page({"id": "c"})
    ) == [
        "a",
        "b",
        "c",
    ]
    assert all(token and token.startswith("Bearer ") for token in script.tokens)


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:9/v1.0/x", "https://graph.evil.example/v1.0/x", "https://[odd/x"]
)
async def test_a_next_link_to_another_host_is_refused_and_never_asked(script: Script, host: str) -> None:
    with pytest.raises(GraphRefused, match="leads nowhere"):
        await script.devices(page({"id": "a"}, link=host))
    assert len(script.asked) == 1


async def test_a_next_link_that_leaves_https_is_refused() -> None:
    from shared.settings import Settings

    graph = GraphClient(Settings(), Waiting())
    assert graph._ours("https://graph.microsoft.com/v1.0/devices?$skiptoken=1")
    for link in (
        "http://graph.microsoft.com/v1.0/devices",
        "https://graph.microsoft.com:8443/v1.0/x",
        7,
        None,
    ):
        assert not graph._ours(link)


@pytest.mark.parametrize("text", ["a\x01b", "a" * 70_000], ids=["control", "long"])
async def test_a_next_link_that_is_no_address_is_refused(script: Script, text: str) -> None:
    with pytest.raises(GraphRefused, match="an address that is none"):
        await script.devices(page(link=f"{DEVICES}?$skiptoken={text}"))
    assert len(script.asked) == 1


async def test_next_links_in_a_circle_are_refused(script: Script) -> None:
    circle = page({"id": "a"}, link=f"{DEVICES}?$skiptoken=1")
    with pytest.raises(GraphRefused, match="leads nowhere"):
        await script.devices(circle, circle, circle)


async def test_an_unreadable_item_is_reported_and_the_others_are_read(
    script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    assert await script.devices(page({"id": "a"}, {"no": "id"}, "text", None, {"id": "b"})) == ["a", "b"]
    assert len(caplog.messages) == 3
    assert all("unexpected where=graph" in line and "ManagedDevice" in line for line in caplog.messages)


async def test_a_policy_or_connector_that_cannot_be_read_is_never_left_out(tenant_world: World) -> None:
    tenant_world.tenant.put_policy({"id": "p1", "deviceThreatProtectionEnabled": "perhaps"})
    with pytest.raises(GraphRefused):
        await tenant_world.services.graph.compliance_policies()
    tenant_world.tenant.put_connector({"id": "c1", "iosEnabled": "perhaps"})
    with pytest.raises(GraphRefused):
        await tenant_world.services.graph.connectors()


@pytest.mark.parametrize("status", [400, 410])
async def test_a_list_that_ends_in_the_middle_is_not_taken_for_a_whole_one(
    script: Script, status: int
) -> None:
    """What Graph answers to a page's token that is too old."""
    first = page({"id": "a"}, link=f"{DEVICES}?$skiptoken=1")
    with pytest.raises(GraphRefused, match=str(status)):
        await script.devices(first, lambda _: web.json_response({"error": {"code": "x"}}, status=status))


async def test_a_list_without_its_items_is_not_taken_for_an_empty_one(script: Script) -> None:
    with pytest.raises(GraphUnavailable, match="without its items"):
        await script.devices(lambda _address: web.json_response({"@odata.count": 7}))


@pytest.mark.parametrize("value", [None, []])
async def test_a_list_of_nothing_is_empty(script: Script, value: object) -> None:
    assert await script.devices(page(value=value)) == []


@pytest.mark.parametrize("value", ["text", {"id": "a"}, 7])
async def test_a_list_that_is_none_is_refused(script: Script, value: object) -> None:
    with pytest.raises(GraphRefused):
        await script.devices(page(value=value))


@pytest.mark.parametrize("body", ["", "<html>", "[1]", "null"])
async def test_an_answer_that_is_no_object_is_tried_again_later(script: Script, body: str) -> None:
    with pytest.raises(GraphUnavailable):
        await script.devices(lambda _address: web.Response(text=body, content_type="application/json"))


async def _answering(content: bytes, monkeypatch: pytest.MonkeyPatch) -> Graph:
    """A Graph that answers everything alike."""

    async def answer(*_: object) -> bytes:
        return content

    monkeypatch.setattr(GraphClient, "_send", answer)
    return Graph(Settings(), Waiting())


async def test_an_answer_nested_without_end_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = await _answering(b"[" * 100_000, monkeypatch)
    with pytest.raises(GraphUnavailable, match="not JSON"):
        await graph.connectors()


@pytest.mark.parametrize("link", [b"{}", b'{"a": 1}', b"[1]", b"7", b"true"])
async def test_a_next_link_that_is_no_text_leads_nowhere(
    link: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = await _answering(b'{"value": [], "@odata.nextLink": ' + link + b"}", monkeypatch)
    if link == b"{}":
        assert await graph.connectors() == []
        return
    with pytest.raises(GraphRefused, match="leads nowhere"):
        await graph.connectors()


@pytest.mark.parametrize(
    "item",
    [
        b'{"id": "' + b"9" * 5000 + b'", "status": 200}',
        b'{"id": "\xd9\xa0", "status": 200}',
        b'{"id": "0", "status": 429, "headers": {"Retry-After": [1]}}',
        b'{"id": "0", "status": 200, "body": ' + b"[" * 900 + b"]" * 900 + b"}",
    ],
)
async def test_an_odd_item_of_a_batch_costs_that_item(item: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    good = b'{"id": "1", "status": 200, "body": {"udid": "u"}}'
    graph = await _answering(b'{"responses": [' + item + b", " + good + b"]}", monkeypatch)
    odd, read = await graph.udids(["a", "b"])
    assert isinstance(odd, GraphError)
    assert read == "u"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (b"\\ud800", "\ufffd"),
        (b"a \\uDFFF\\uD83D", "a \ufffd\ufffd"),
        (b"\\ud83d\\ude00 \xf0\x9f\x98\x80", "\U0001f600 \U0001f600"),
    ],
)
async def test_half_a_letter_in_a_name_is_replaced_and_a_whole_one_kept(
    name: bytes, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = await _answering(b'{"value": [{"id": "i", "deviceName": "' + name + b'"}]}', monkeypatch)
    [device] = [each async for each in graph.managed_devices()]
    assert device.name == kept
    device.model_dump_json().encode()


@pytest.mark.parametrize("answer", [b"\xed\xa0\x80", '{"value": []}'.encode("utf-16"), b"\xff\xfe"])
async def test_an_answer_that_is_no_utf_8_is_tried_again_later(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = await _answering(answer, monkeypatch)
    with pytest.raises(GraphUnavailable, match="not JSON"):
        await graph.connectors()


async def test_conditions_of_a_policy_are_texts_that_can_be_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = b'{"id": "p", "displayName": "\\udc00", "conditions": {"\\ud800": ["\\udfff"]}}'
    [read] = await (await _answering(b'{"value": [' + policy + b"]}", monkeypatch)).access_policies()
    assert (read.name, read.conditions) == ("\ufffd", {"\ufffd": ["\ufffd"]})
    deep = b'{"id": "p", "conditions": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}"
    both = await _answering(b'{"value": [' + deep + b', {"id": "q"}]}', monkeypatch)
    assert [each.id for each in await both.access_policies()] == ["q"]


async def test_nulls_and_unknown_words_are_kept_as_they_are(tenant_world: World) -> None:
    words = {"partnerReportedThreatState": "quarantined", "complianceState": None, "lastSyncDateTime": None}
    _put(tenant_world, "a", azureADDeviceId=None, addedLater={"x": 1}, **words)
    (device,) = [d async for d in tenant_world.services.graph.managed_devices()]
    assert (device.threat_state, device.compliance, device.entra_id) == ("quarantined", None, None)
    tenant_world.tenant.put_connector({"id": "c", "partnerState": "sulking", "iosEnabled": None})
    (connector,) = await tenant_world.services.graph.connectors()
    assert (connector.state, connector.ios, connector.last_heartbeat) == ("sulking", False, None)


async def test_policies_come_with_assignments_and_actions(tenant_world: World) -> None:
    tenant_world.tenant.put_policy(
        {
            "id": "p",
            "@odata.type": "#microsoft.graph.iosCompliancePolicy",
            "displayName": "iOS",
            "deviceThreatProtectionEnabled": True,
            "deviceThreatProtectionRequiredSecurityLevel": "low",
            "assignments": [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}],
            "scheduledActionsForRule": [
                {"scheduledActionConfigurations": [{"actionType": "block", "gracePeriodHours": 24}]}
            ],
        }
    )
    (policy,), in_beta = await tenant_world.services.graph.compliance_policies()
    assert in_beta
    assert (policy.required, policy.level) == (True, "low")
    assert policy.assignments[0].target.type.endswith("allDevicesAssignmentTarget")
    (action,) = policy.scheduled[0].configurations
    assert (action.action, action.grace_hours) == ("block", 24)


async def test_entra_devices_come_with_their_attributes(tenant_world: World) -> None:
    await tenant_world.put_device()
    await tenant_world.services.graph.write_tag(ENTRA_ID, "mtd-ok")
    (device,) = [d async for d in tenant_world.services.graph.entra_devices()]
    assert (device.device_id, device.attributes["extensionAttribute7"]) == (ENTRA_ID, "mtd-ok")
    assert device.attributes["extensionAttribute1"] is None


async def test_a_cast_in_a_path_asks_for_eventual_consistency_on_every_page(script: Script) -> None:
    link = "/v1.0/groups/g/transitiveMembers/microsoft.graph.user?$skiptoken=1"
    script.answers = [page({"id": "u1"}, link=link), page({"id": "u2"})]
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", script.handle)
    async with serving(app) as address:
        settings = script.one.services.settings.model_copy(update={"graph_base_url": f"{address}/v1.0"})
        graph = Graph(settings, Waiting())
        assert [user.id async for user in graph.group_users("g")] == ["u1", "u2"]
        await graph.close()
    assert "$count=true" in script.asked[0].replace("%24", "$")
    assert script.levels == ["eventual", "eventual"]


# --- the tag ------------------------------------------------------------------------------------------


async def test_a_tag_is_read_and_written_and_no_other_attribute_touched(tenant_world: World) -> None:
    attributes = {"extensionAttribute1": "theirs"}
    tenant_world.tenant.put_entra_device({"deviceId": ENTRA_ID, "extensionAttributes": attributes})
    graph = tenant_world.services.graph
    assert (await graph.tag(ENTRA_ID)).value is None
    await graph.write_tag(ENTRA_ID, "mtd-ok")
    assert (await graph.tag(ENTRA_ID)).value == "mtd-ok"
    entra = tenant_world.tenant.entra_device(ENTRA_ID)
    assert entra is not None
    assert entra["extensionAttributes"]["extensionAttribute1"] == "theirs"


async def test_a_device_entra_does_not_know_is_not_found(tenant_world: World) -> None:
    with pytest.raises(GraphNotFound):
        await tenant_world.services.graph.tag(ENTRA_ID)
    with pytest.raises(GraphNotFound):
        await tenant_world.services.graph.write_tag(ENTRA_ID, "mtd-ok")


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("2", 2.0),
        ("1.5", 1.5),
        ("0", 0.0),
        (None, 1.0),
        ("soon", 1.0),
        ("-1", 1.0),
        ("inf", 1.0),
        ("nan", 1.0),
        ("172800", 172800.0),
        ("Mon, 01 Jun 2026", 1.0),
        ("Mon, 01 Jun 2020 12:00:00 GMT", 0.0),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", 1.0),
    ],
)
async def test_a_throttled_call_is_not_repeated_and_says_for_how_long(
    tenant_world: World, sent: str | None, seconds: float | None
) -> None:
    tenant_world.graph_faults.throttle(1, sent)
    with pytest.raises(GraphUnavailable, match="429") as raised:
        await tenant_world.services.graph.tag(ENTRA_ID)
    assert raised.value.retry_after == seconds
    assert sum(tenant_world.graph_calls.values()) == 1


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0000"])
async def test_a_date_to_come_back_at_is_waited_for(tenant_world: World, zone: str) -> None:
    tenant_world.graph_faults.throttle(1, f"Mon, 01 Jun 2026 12:00:00 {zone}")
    now = datetime(2026, 5, 30, 12, tzinfo=UTC)
    graph = Graph(tenant_world.services.settings, Waiting(now=lambda: now))
    try:
        with pytest.raises(GraphUnavailable) as raised:
            await graph.tag(ENTRA_ID)
        assert raised.value.retry_after == 172_800
        assert 3590 < graph.resting() <= 3600
    finally:
        await graph.close()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lastSyncDateTime", ""),
        ("lastSyncDateTime", "soon"),
        ("complianceGracePeriodExpirationDateTime", {}),
        ("osVersion", 26.1),
        ("userId", ["someone"]),
        ("serialNumber", 14),
    ],
)
async def test_an_odd_field_of_a_device_costs_that_field_and_a_line(
    tenant_world: World, caplog: pytest.LogCaptureFixture, field: str, value: object
) -> None:
    _put(tenant_world, "odd", deviceName="odd field", **{field: value})
    _put(tenant_world, "even")
    found = {device.id: device async for device in tenant_world.services.graph.managed_devices()}
    assert found.keys() == {"odd", "even"}
    assert found["odd"].name == "odd field"
    assert f"odd_field of=ManagedDeviceAnswer id=odd field={field}" in caplog.text


async def test_odd_fields_of_a_whole_fleet_fill_no_log(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    _put(tenant_world, *(f"odd-{number}" for number in range(120)), lastSyncDateTime="")
    assert len(await _names(tenant_world)) == 120
    assert caplog.text.count("odd_field ") == 100


async def test_a_device_whose_ids_cannot_be_read_is_left_out_by_name(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    _put(tenant_world, "odd", azureADDeviceId={})
    _put(tenant_world, "even")
    assert await _names(tenant_world) == ["even"]
    assert "ManagedDeviceAnswer 'odd' that cannot be read: azureADDeviceId" in caplog.text


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, GraphRefused),
        (401, GraphUnavailable),
        (403, GraphRefused),
        (404, GraphNotFound),
        (409, GraphUnavailable),
        (410, GraphRefused),
        (500, GraphUnavailable),
        (502, GraphUnavailable),
        (503, GraphUnavailable),
        (504, GraphUnavailable),
    ],
)
async def test_every_refusal_has_its_name(tenant_world: World, status: int, kind: type[GraphError]) -> None:
    graph = tenant_world.services.graph
    for call in (graph.tag(ENTRA_ID), graph.write_tag(ENTRA_ID, "mtd-ok"), graph.connectors()):
        tenant_world.graph_faults.fail(status, 1)
        with pytest.raises(kind, match=str(status)) as raised:
            await call
        assert type(raised.value) is kind
    assert sum(tenant_world.graph_calls.values()) == 3


async def test_a_graph_that_does_not_answer_is_given_up(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tenant_world.put_device()
    await tenant_world.services.graph.tag(ENTRA_ID)
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.1)
    tenant_world.graph_faults.delay(1, "/devices")
    with pytest.raises(GraphUnavailable, match="TimeoutError"):
        await tenant_world.services.graph.tag(ENTRA_ID)


async def test_a_connection_that_falls_silent_fails_before_the_call_is_broken_off(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert max(module.SILENCE_SECONDS, module.CONNECT_SECONDS) < module.TIMEOUT_SECONDS
    monkeypatch.setattr(module, "SILENCE_SECONDS", 0.1)
    tenant_world.graph_faults.delay(1, "/devices")
    with pytest.raises(GraphUnavailable, match="ReadTimeout"):
        await tenant_world.services.graph.tag(ENTRA_ID)


async def test_a_call_that_is_cancelled_ends_wherever_it_stands(tenant_world: World) -> None:
    await tenant_world.put_device()
    await tenant_world.services.graph.tag(ENTRA_ID)
    for turns in itertools.count():
        call = asyncio.create_task(tenant_world.services.graph.tag(ENTRA_ID))
        for _ in range(turns):
            await asyncio.sleep(0)
        if call.done():
            break
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert turns > 10


@pytest.mark.parametrize("location", ["/elsewhere", "ftp://example.com/", "http://[bad", None])
@pytest.mark.parametrize("status", [300, 302, 304, 307])
async def test_a_redirect_is_never_followed_nor_taken_for_done(
    tenant_world: World, status: int, location: str | None
) -> None:
    asked: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        asked.append(request.method)
        return web.Response(status=status, headers={"Location": location} if location else {})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", redirect)
    async with serving(app) as address:
        settings = tenant_world.services.settings.model_copy(update={"graph_base_url": f"{address}/v1.0"})
        graph = Graph(settings, Waiting())
        for call in (graph.tag(ENTRA_ID), graph.write_tag(ENTRA_ID, "mtd-ok")):
            with pytest.raises(GraphUnavailable, match=f"redirected, {status}"):
                await call
            assert graph.resting() > 0
            graph._client._rests_until = 0.0
        await graph.close()
    assert asked == ["GET", "PATCH"]


async def test_a_graph_that_is_not_there_is_unavailable(tenant_world: World, unused_tcp_port: int) -> None:
    nowhere = {"graph_base_url": f"http://127.0.0.1:{unused_tcp_port}/v1.0"}
    graph = Graph(tenant_world.services.settings.model_copy(update=nowhere), Waiting())
    with pytest.raises(GraphUnavailable, match=r"cannot be reached \(\w+, client-request-id [0-9a-f-]{36}\)"):
        await graph.tag(ENTRA_ID)
    await graph.close()


async def test_without_a_token_graph_is_unavailable(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = tenant_world.services.graph
    graph._client._sdk()

    async def away(*_scopes: str, **_options: object) -> None:
        raise ServiceRequestError("the identity endpoint is away")

    for name in ("get_token", "get_token_info"):
        monkeypatch.setattr(graph._client._identity, name, away)
    with pytest.raises(GraphUnavailable, match="identity"):
        await graph.tag(ENTRA_ID)


async def test_a_closed_graph_opens_again(tenant_world: World) -> None:
    await tenant_world.put_device()
    graph = tenant_world.services.graph
    await graph.close()
    assert (await graph.tag(ENTRA_ID)).value is None
    await graph.close()
    assert (await graph.tag(ENTRA_ID)).value is None


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        (
            {"request-id": "0f3a-1"},
            {},
            "Microsoft Graph answered 403 (request-id 0f3a-1, client-request-id {})",
        ),
        (
            {},
            {"error": {"code": "Forbidden", "innerError": {"request-id": "0f3a-2"}}},
            "Microsoft Graph answered 403 Forbidden (request-id 0f3a-2, client-request-id {})",
        ),
        ({"request-id": "no id: <script>"}, {}, "Microsoft Graph answered 403 (client-request-id {})"),
        (
            {},
            {"error": {"code": "Forbidden", "innerError": "text"}},
            "Microsoft Graph answered 403 Forbidden (client-request-id {})",
        ),
    ],
)
async def test_a_refusal_bears_the_id_of_its_request(
    script: Script, headers: dict[str, str], body: dict[str, Any], said: str
) -> None:
    with pytest.raises(GraphRefused) as refused:
        await script.devices(lambda _address: web.json_response(body, status=403, headers=headers))
    assert str(refused.value) == said.format(script.client_request_ids[-1])


async def test_every_page_is_asked_for_by_an_id_of_its_own(script: Script) -> None:
    following = page(link="/v1.0/deviceManagement/managedDevices?$skiptoken=2")
    with pytest.raises(GraphUnavailable) as failed:
        await script.devices(following, lambda _address: web.json_response({}, status=503))
    first, second = script.client_request_ids
    assert first != second
    assert str(failed.value) == f"Microsoft Graph answered 503 (client-request-id {second})"
