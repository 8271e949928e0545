"""The store: what the SDK raises, in the project's own words; documents with their etags."""

import asyncio
import base64
import contextlib
import itertools
import json
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

import azure.identity.aio
import pytest
from aiohttp import web
from azure.core.pipeline import transport
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy
from azure.identity.aio import DefaultAzureCredential
from pydantic import BaseModel

from local.azure import tls
from local.cosmos.account import EMULATOR_KEY, describe
from local.database import connection_string
from shared import cosmos
from shared.containers import CONTAINERS
from shared.cosmos import DEVICE_SUMMARIES, DEVICES_TO_DECIDE, LINKS, PENDING_TAGS, Page, Store
from shared.domain.level import Level
from shared.domain.model import DeadLetter, Decision, Device, Link, Report, Tag, TagState, Verdict
from shared.errors import (
    AlreadyStored,
    Conflict,
    NotStored,
    SettingsError,
    StoreError,
    StoreRefused,
    StoreUnavailable,
)
from shared.settings import Settings
from tests.world import ENTRA_ID, START, World, a_device, a_threat, serving


async def test_what_is_created_is_read_with_the_etag_a_replace_must_name(tenant_world: World) -> None:
    store = tenant_world.services.store
    etag = await store.create(a_device())
    found = await store.read(Device, ENTRA_ID)
    assert found is not None
    assert (found.document, found.etag) == (a_device(), etag)
    newer = await store.replace(a_device(name="other"), etag)
    assert newer != etag
    with pytest.raises(Conflict):
        await store.replace(a_device(), etag)
    assert (await tenant_world.device()).facts.name == "other"


async def test_a_request_asks_no_thread_for_a_proxy(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiohttp looks one up at each, and a .netrc, where it is to go by the environment."""
    hops: list[object] = []

    async def counted(work: Callable[..., object], *arguments: object) -> object:
        hops.append(work)
        return work(*arguments)

    await tenant_world.services.store.create(a_device())
    monkeypatch.setattr(asyncio, "to_thread", counted)
    monkeypatch.setattr(
        asyncio.get_running_loop(), "run_in_executor", lambda _pool, *each: counted(*each), raising=False
    )
    assert await tenant_world.services.store.read(Device, ENTRA_ID) is not None
    assert hops == []


@pytest.mark.parametrize(
    ("environment", "trusted"),
    [({}, False), ({"NO_PROXY": "localhost"}, False), ({"HTTPS_PROXY": "http://proxy.example:3128"}, True)],
)
async def test_a_proxy_of_the_environment_is_gone_through(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], trusted: bool
) -> None:
    for name in [each for each in os.environ if each.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    made: list[bool] = []
    monkeypatch.setattr(
        transport, "AioHttpTransport", lambda *, use_env_settings: made.append(use_env_settings)
    )
    store = Store(tenant_world.services.settings)
    await store.read(Device, ENTRA_ID)
    await store.close()
    assert made == [trusted]


async def test_what_is_there_is_not_created_again(tenant_world: World) -> None:
    await tenant_world.services.store.create(a_threat())
    with pytest.raises(AlreadyStored):
        await tenant_world.services.store.create(a_threat())


async def test_what_is_not_there_is_none_to_a_reader_and_an_error_to_a_writer(tenant_world: World) -> None:
    store = tenant_world.services.store
    assert await store.read(Device, ENTRA_ID) is None
    with pytest.raises(NotStored):
        await store.replace(a_device(), '"0"')
    await store.delete(Device, ENTRA_ID)


async def test_a_document_of_another_partition_is_read_by_it(tenant_world: World) -> None:
    store = tenant_world.services.store
    report = a_threat()
    await store.create(report)
    assert await store.read(Report, report.id, report.agent) is not None
    assert await store.read(Report, report.id, "lookout:other") is None


async def test_an_upsert_writes_whatever_stands_there_and_a_delete_removes_it(tenant_world: World) -> None:
    store = tenant_world.services.store
    for device in ("a", "b"):
        await store.upsert(Link(id="serial:x", device=device))
    found = await store.read(Link, "serial:x")
    assert found is not None
    assert found.document.device == "b"
    await store.delete(Link, "serial:x")
    assert await store.read(Link, "serial:x") is None


Step = Callable[[Store], Awaitable[object]]
WRITE: Step = lambda store: store.upsert(Link(id="serial:x"))  # noqa: E731
READ: Step = lambda store: store.read(Link, "serial:x")  # noqa: E731


@pytest.mark.parametrize("step", [WRITE, READ], ids=["write", "read"])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, StoreRefused),
        (401, StoreUnavailable),
        (403, StoreUnavailable),
        (408, StoreUnavailable),
        (429, StoreUnavailable),
        (449, StoreUnavailable),
        (500, StoreUnavailable),
        (503, StoreUnavailable),
        (0, StoreUnavailable),
    ],
)
async def test_every_refusal_has_its_name(
    tenant_world: World, status: int, kind: type[StoreError], step: Step
) -> None:
    tenant_world.cosmos_faults.fail_next(status, times=50, container="links")
    with pytest.raises(kind) as raised:
        await step(tenant_world.services.store)
    assert type(raised.value) is kind
    if status:
        assert str(status) in str(raised.value)
    assert "AccountKey" not in str(raised.value)


async def test_a_throttling_store_says_for_how_long(tenant_world: World) -> None:
    tenant_world.cosmos_faults.fail_next(429, times=50, container="links", retry_after_ms=1200)
    with pytest.raises(StoreUnavailable) as raised:
        await READ(tenant_world.services.store)
    assert raised.value.retry_after == 1.2


async def test_a_short_throttle_is_waited_for(tenant_world: World) -> None:
    tenant_world.cosmos_faults.fail_next(429, times=2, container="links")
    await WRITE(tenant_world.services.store)


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_document_too_large_is_refused(tenant_world: World) -> None:
    letter = DeadLetter(
        id="x",
        partner="p",
        reason="",
        kind="body",
        received_at=START,
        size=0,
        sha256="",
        body="x" * 2_200_000,
    )
    with pytest.raises(StoreRefused):
        await tenant_world.services.store.upsert(letter)


async def test_a_query_the_store_does_not_know_is_refused(tenant_world: World) -> None:
    with pytest.raises(StoreRefused):
        _ = [
            id_ async for id_ in tenant_world.services.store.ids("devices", "SELECT VALUE c.id FROM nowhere")
        ]


async def test_a_query_while_the_store_throttles_is_unavailable(tenant_world: World) -> None:
    tenant_world.cosmos_faults.fail_next(503, times=50, operation="query")
    with pytest.raises(StoreUnavailable):
        _ = [id_ async for id_ in tenant_world.services.store.ids("devices", PENDING_TAGS, blocks=True)]


async def test_a_store_that_is_not_there_is_unavailable_and_may_come_back(
    tenant_world: World, unused_tcp_port: int
) -> None:
    nowhere = connection_string(f"http://127.0.0.1:{unused_tcp_port}", EMULATOR_KEY)
    store = Store(tenant_world.services.settings.model_copy(update={"cosmos_connection_string": nowhere}))
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await store.read(Link, "serial:x")
    await store.close()


class _Account:
    """Answers who opens it with `status` once it `opens`, and whoever wants something in it once it
    `answers`."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.asked = 0
        self.reached, self.opens, self.answers = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.app = web.Application()
        self.app.router.add_get("/", self._described)
        self.app.router.add_route("*", "/{path:.+}", self._missing)

    async def _described(self, request: web.Request) -> web.Response:
        self.asked += 1
        self.reached.set()
        await self.opens.wait()
        if self.status != 200:
            return web.json_response({"code": "x", "message": "x"}, status=self.status)
        account = describe(f"{request.scheme}://{request.host}")
        return web.Response(body=account.body, content_type="application/json")

    async def _missing(self, _: web.Request) -> web.Response:
        await self.answers.wait()
        return web.json_response({"code": "NotFound", "message": "x"}, status=404)


async def _readers(account: _Account, store: Store, count: int) -> list[asyncio.Task[object]]:
    """Readers that wait for the store to open."""
    readers = [asyncio.ensure_future(READ(store)) for _ in range(count)]
    await account.reached.wait()
    await asyncio.sleep(0.02)
    return readers


@pytest.mark.parametrize("leaving", [0, 1, 2], ids=["nobody", "the first", "the first two"])
async def test_who_waits_while_the_store_is_opened_shares_the_failure(leaving: int) -> None:
    account = _Account(403)
    async with serving(account.app) as address:
        store = Store(Settings(cosmos_connection_string=connection_string(address, EMULATOR_KEY)))
        readers = await _readers(account, store, 6)
        for reader in readers[:leaving]:
            reader.cancel()
        await asyncio.sleep(0.02)
        assert [reader.cancelled() for reader in readers[:leaving]] == [True] * leaving
        account.opens.set()
        errors = await asyncio.gather(*readers[leaving:], return_exceptions=True)
        assert {type(error) for error in errors} == {StoreUnavailable}
        of_one_opening = account.asked  # the SDK asks several times
        with pytest.raises(StoreUnavailable):
            await READ(store)
        assert account.asked == 2 * of_one_opening


async def test_who_opens_a_store_and_is_cancelled_leaves_it_to_the_others(tenant_world: World) -> None:
    for turns in itertools.count():
        store = Store(tenant_world.services.settings)
        readers = [asyncio.ensure_future(READ(store)) for _ in range(3)]
        for _ in range(turns):
            await asyncio.sleep(0)
        opened = store._database is not None
        readers[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await readers[0]
        assert await asyncio.gather(*readers[1:]) == [None, None]
        await store.close()
        if opened:
            break
    assert turns > 5


async def test_a_store_that_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosmos, "MAX_SILENCE_SECONDS", 0.05)
    account = _Account()
    account.opens.set()
    async with serving(account.app) as address:
        store = Store(Settings(cosmos_connection_string=connection_string(address, EMULATOR_KEY)))
        try:
            async with asyncio.timeout(5):
                with pytest.raises(StoreUnavailable, match="ServiceResponseTimeoutError"):
                    await READ(store)
        finally:
            account.answers.set()
            await store.close()


@pytest.mark.parametrize("status", [403, 200])
async def test_the_credential_a_store_is_opened_with_is_closed(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """With an opening that failed, or with the store."""
    open_ones: list[DefaultAzureCredential] = []

    class Counted(DefaultAzureCredential):
        def __init__(self, **options: object) -> None:
            super().__init__(**options)
            open_ones.append(self)

        async def close(self) -> None:
            open_ones.remove(self)
            await super().close()

    monkeypatch.setattr(azure.identity.aio, "DefaultAzureCredential", Counted)
    account = _Account(status)
    account.opens.set()
    account.answers.set()
    async with serving(account.app, tls.context()) as address:
        store = Store(Settings(cosmos_endpoint=address))
        with pytest.raises(StoreUnavailable):
            await READ(store)
        assert account.asked
        assert len(open_ones) == (status == 200)
        await store.close()
        assert open_ones == []


async def test_a_store_nobody_named_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="COSMOS or"):
        await Store(Settings()).read(Link, "serial:x")


async def test_a_closed_store_opens_again(tenant_world: World) -> None:
    store = tenant_world.services.store
    await WRITE(store)
    await store.close()
    await store.close()
    assert await READ(store) is not None


# --- listings -----------------------------------------------------------------------------------------


async def _devices(one: World, count: int, **update: Any) -> list[str]:
    ids = [f"d-{n}" for n in range(count)]
    for id_ in ids:
        device = a_device(entra_id=id_).model_copy(update=update)
        await one.services.store.create(device)
    return ids


DUE = Decision(
    verdict=Verdict.ALLOW,
    risk=Level.SECURED,
    reasons=("",),
    rules_version="v1",
    decided_at=START,
    next_due=START,
)


class _Id(BaseModel):
    id: str


async def test_pages_follow_each_other_to_the_end(tenant_world: World) -> None:
    ids = await _devices(tenant_world, 5)
    store, seen, token = tenant_world.services.store, [], None
    for size in (2, 2, 1):
        page: Page[_Id] = await store.page(_Id, "devices", DEVICE_SUMMARIES, size=2, token=token)
        assert len(page.rows) == size
        seen += [row.id for row in page.rows]
        token = page.token
    assert sorted(seen) == ids
    assert token is None


async def test_an_empty_container_has_one_empty_page(tenant_world: World) -> None:
    page = await tenant_world.services.store.page(_Id, "devices", DEVICE_SUMMARIES, size=2, token=None)
    assert page == Page((), None)


async def test_a_senseless_token_is_refused(tenant_world: World) -> None:
    await _devices(tenant_world, 1)
    with pytest.raises(StoreRefused):
        await tenant_world.services.store.page(_Id, "devices", DEVICE_SUMMARIES, size=2, token="nonsense")


async def test_rows_are_read_over_all_partitions(tenant_world: World) -> None:
    ids = await _devices(tenant_world, 3)
    rows = [row.id async for row in tenant_world.services.store.rows(_Id, "devices", DEVICE_SUMMARIES)]
    assert sorted(rows) == ids


async def test_a_row_that_cannot_be_read_is_reported_by_its_id_and_the_others_are_seen(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    store = tenant_world.services.store
    await store.upsert(Link(id="serial:secret-free", why="a secret"))
    await store.upsert(Link(id="serial:x", device="d"))

    class Linked(BaseModel):
        id: str
        device: str

    with caplog.at_level(logging.ERROR, "mtd"):
        rows = [row.id async for row in store.rows(Linked, "links", LINKS)]
    assert rows == ["serial:x"]
    assert [record.getMessage() for record in caplog.records] == [
        "unexpected where=links id=serial:secret-free what=a stored Linked cannot be read (1 fields)"
    ]


async def test_a_row_without_an_id_that_cannot_be_read_is_left_out_too(tenant_world: World) -> None:
    await _devices(tenant_world, 1, decision=DUE)
    store = tenant_world.services.store
    due = store.rows(_Id, "devices", DEVICES_TO_DECIDE, version="v2", now="2026-06-01T12:00:00.000000Z")
    rows = [row async for row in due]
    assert rows == []


@pytest.mark.parametrize("blocks", [True, False])
async def test_pending_tags_are_found_by_whether_they_block(tenant_world: World, blocks: bool) -> None:
    await _devices(tenant_world, 2, tag=Tag(wanted="mtd-x", state=TagState.PENDING, blocks=True))
    found = [id_ async for id_ in tenant_world.services.store.ids("devices", PENDING_TAGS, blocks=blocks)]
    assert len(found) == (2 if blocks else 0)


async def test_a_device_is_decided_again_when_the_rules_or_its_time_have_come(tenant_world: World) -> None:
    await _devices(tenant_world, 1, decision=DUE)

    async def due(version: str, now: str) -> list[str]:
        store = tenant_world.services.store
        return [i async for i in store.ids("devices", DEVICES_TO_DECIDE, version=version, now=now)]

    assert await due("v1", "2026-06-01T11:59:59.999999Z") == []
    assert await due("v1", "2026-06-01T12:00:00.000000Z") == ["d-0"]
    assert await due("v2", "2026-06-01T11:00:00.000000Z") == ["d-0"]


def test_reports_and_dead_letters_live_ninety_days_history_400_and_the_rest_for_ever() -> None:
    ninety, longer = 90 * 24 * 3600, 400 * 24 * 3600
    lives = {name: container.ttl for name, container in CONTAINERS.items() if container.ttl}
    assert lives == {"reports": ninety, "dead_letters": ninety, "inventory": -1, "history": longer}
    keys = {name: c.partition_key for name, c in CONTAINERS.items() if c.partition_key != "/id"}
    assert keys == {"reports": "/agent", "dead_letters": "/partner", "history": "/device"}


STEPS: dict[str, Step] = {
    "create": lambda store: store.create(Link(id="serial:x")),
    "read": READ,
    "replace": lambda store: store.replace(Link(id="serial:x"), '"0"'),
    "edit": lambda store: store.edit(Link, "serial:x", lambda link: link),
    "upsert": WRITE,
    "delete": lambda store: store.delete(Link, "serial:x"),
    "rows": lambda store: anext(store.rows(_Id, "links", LINKS)),
    "page": lambda store: store.page(_Id, "links", LINKS, size=2, token=None),
    "changes": lambda store: store.changes(Link, "links", size=2, token=None),
}


@pytest.mark.parametrize("seen", [False, True], ids=["never there", "gone since"])
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
async def test_a_missing_container_is_no_missing_document(
    tenant_world: World, step: Step, seen: bool
) -> None:
    store = tenant_world.services.store
    await (READ(store) if seen else store.read(Device, ENTRA_ID))
    assert store._database is not None
    await store._database.delete_container("links")
    with pytest.raises(StoreUnavailable, match="container" if seen else "there is no container links"):
        await step(store)


async def test_a_container_is_read_once_and_not_by_the_sdk_again(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, seen = ContainerProxy.read, list[str]()

    async def counted(self: ContainerProxy, **options: Any) -> Any:
        seen.append(self.id)
        return await read(self, **options)

    monkeypatch.setattr(ContainerProxy, "read", counted)
    for _ in range(2):
        await WRITE(tenant_world.services.store)
        await READ(tenant_world.services.store)
        _ = [row async for row in tenant_world.services.store.rows(_Id, "links", LINKS)]
    assert seen == ["links"]


async def test_a_container_that_was_missing_is_found_once_it_is_made(tenant_world: World) -> None:
    store, key = tenant_world.services.store, PartitionKey("/id")
    await store.read(Device, ENTRA_ID)
    assert store._database is not None
    await store._database.delete_container("links")
    with pytest.raises(StoreUnavailable):
        await WRITE(store)
    await store._database.create_container("links", key)
    await WRITE(store)
    await store._database.delete_container("links")
    await store._database.create_container("links", key)
    assert await READ(store) is None
    await WRITE(store)


async def test_a_session_that_has_not_caught_up_is_no_missing_document(tenant_world: World) -> None:
    await tenant_world.put_device()
    tenant_world.cosmos_faults.fail_next(404, times=50, sub_status=1002)
    with pytest.raises(StoreUnavailable):
        await tenant_world.services.store.read(Device, ENTRA_ID)


# --- the change feed ----------------------------------------------------------------------------------


async def _links(world: World, *ids: str) -> None:
    for id_ in ids:
        await world.services.store.upsert(Link(id=id_))


async def _changes(world: World, token: str | None, size: int = 2) -> tuple[list[str], str | None]:
    page = await world.services.store.changes(Link, "links", size=size, token=token)
    return [link.id for link in page.rows], page.token


async def test_changes_come_by_pages_in_the_order_of_the_last_write(tenant_world: World) -> None:
    await _links(tenant_world, "a", "b", "c", "a")
    first, token = await _changes(tenant_world, None)
    second, end = await _changes(tenant_world, token)
    assert (first, second) == (["b", "c"], ["a"])
    assert await _changes(tenant_world, end) == ([], end)
    await _links(tenant_world, "b")
    assert (await _changes(tenant_world, end))[0] == ["b"]
    assert (await _changes(tenant_world, token))[0] == ["a", "b"]


async def test_where_nothing_was_ever_written_there_is_nothing_to_go_on_from(tenant_world: World) -> None:
    assert await _changes(tenant_world, None) == ([], None)


async def test_positions_asked_for_side_by_side_do_not_get_mixed_up(tenant_world: World) -> None:
    await _links(tenant_world, *(f"l{number:02}" for number in range(12)))

    async def walk(size: int) -> list[str]:
        found, token = await _changes(tenant_world, None, size)
        while len(found) < 12:
            await tenant_world.services.store.read(Link, "l00")
            more, token = await _changes(tenant_world, token, size)
            found += more
        return found

    walks = await asyncio.gather(*(walk(size) for size in (1, 2, 3, 5, 7) for _ in range(3)))
    assert walks == [[f"l{number:02}" for number in range(12)]] * 15


async def test_a_change_that_cannot_be_read_is_reported_and_left_out(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = await tenant_world.services.store._container("links")
    await proxy.upsert_item({"id": "odd", "ambiguous": "very private"})
    await _links(tenant_world, "a")
    assert (await _changes(tenant_world, None))[0] == ["a"]
    assert "id=odd what=a stored Link cannot be read" in caplog.text
    assert "private" not in caplog.text


def _token(**fields: object) -> str:
    return base64.b64encode(json.dumps(fields).encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "",
        "12",
        '"12"',
        "abc",
        "====",
        "\N{SNOWMAN}",
        _token(),
        _token(v="v2"),
        _token(v="v2", containerRid="other", mode="LatestVersion"),
        base64.b64encode(b"null").decode(),
        base64.b64encode(b"[]").decode(),
        base64.b64encode(b"\xff\xfe").decode(),
    ],
)
async def test_a_position_that_is_none_is_refused(tenant_world: World, token: str) -> None:
    await _links(tenant_world, "a")
    with pytest.raises(StoreRefused):
        await _changes(tenant_world, token)


async def test_a_position_somebody_altered_is_refused_or_read_but_never_breaks(tenant_world: World) -> None:
    await _links(tenant_world, "a", "b", "c")
    _, token = await _changes(tenant_world, None)
    text = base64.b64decode(token or "")
    for old, new in ((b'"token"', b'"t"'), (b"LatestVersion", b"AllVersionsAndDeletes"), (b'"FF"', b'"AA"')):
        altered = base64.b64encode(text.replace(old, new)).decode()
        with contextlib.suppress(StoreRefused):
            await _changes(tenant_world, altered)
