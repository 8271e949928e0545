"""The export job: ordered once, waited for over runs, given up where it comes to nothing."""

import asyncio
import gc
import itertools
import pathlib
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from shared.domain.app_sync import OptIn
from shared.errors import Conflict, GraphRefused, GraphUnavailable
from sync_inventory.apps import export as app_export
from sync_inventory.apps.export import WAITS, AppExport, AppExports
from sync_inventory.tally import Tally
from tests.opted_in import app_sync_world
from tests.sync_inventory.tenant import inventory, put_app_sync, put_apps, put_connector, put_phone, run, step
from tests.world import World, serving

JOBS = "/deviceManagement/reports/exportJobs"
ON = {"lookout": OptIn(app_sync=True)}


@pytest.fixture
async def one() -> AsyncIterator[World]:
    async with app_sync_world() as world:
        put_phone(world)
        put_apps(world, "Mail")
        put_app_sync(world)
        yield world


async def _pace(one: World, not_started: int, in_progress: int) -> None:
    body = {"not_started": not_started, "in_progress": in_progress}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{one.graph_endpoint}/_sim/exports", json=body) as answer,
    ):
        assert answer.status == 204


async def _state(one: World) -> AppExport:
    found = await one.services.store.read(AppExport, "run:app_export")
    return found.document if found else AppExport()


async def _ordered(one: World) -> tuple[AppExports, Tally]:
    exports, tally = await AppExports.read(one.services), Tally()
    await exports.order_when_due(ON, tally)
    return exports, tally


# --- over several runs --------------------------------------------------------------------------------


async def test_an_export_that_takes_long_is_waited_for_over_runs_and_ordered_once(one: World) -> None:
    await _pace(one, 8, 8)
    first, second = await step(one, "apps"), await step(one, "apps")
    assert (first.counts, second.counts) == ({"awaited": 1}, {"awaited": 1})
    assert (first.ok, second.ok) == (True, True)
    assert (await step(one, "app_export")).counts == {"under_way": 1}
    assert (await inventory(one)).apps[0].name == "Mail"
    assert one.graph_calls["POST", JOBS] == 1
    assert one.graph_calls["GET", JOBS + "/{id}"] == 17
    assert one.skipping.slept == [*WAITS, *WAITS, *WAITS[:2]]


async def test_the_order_names_the_columns_and_asks_for_ios_alone(one: World) -> None:
    asked: list[dict[str, object]] = []

    async def order(request: web.Request) -> web.Response:
        if request.method == "POST" and request.path.endswith("exportJobs"):
            asked.append(await request.json())
            return web.json_response({"id": "AppInvRawData_1", "status": "notStarted"}, status=201)
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", order)
    async with serving(app) as address:
        settings = one.services.settings.model_copy(update={"graph_base_url": f"{address}/v1.0"})
        one.services.graph = type(one.services.graph)(settings, one.services.waiting)
        exports, _ = await _ordered(one)
        await one.services.graph.close()
    assert asked == [
        {
            "reportName": "AppInvRawData",
            "filter": "(Platform eq 'IOS')",
            "format": "csv",
            "select": [
                "DeviceId",
                "Platform",
                "ApplicationName",
                "ApplicationVersion",
                "ApplicationShortVersion",
            ],
        }
    ]
    assert exports.state.job == "AppInvRawData_1"


@pytest.mark.parametrize("is_first", [True, False])
async def test_two_runs_at_once_order_one_export(one: World, is_first: bool) -> None:
    if not is_first:
        await one.services.store.create(AppExport())
    slow, fast = await AppExports.read(one.services), await AppExports.read(one.services)
    await fast.order_when_due(ON, Tally())
    with pytest.raises(Conflict):
        await slow.order_when_due(ON, Tally())
    assert one.graph_calls["POST", JOBS] == 1


async def test_an_order_that_was_cut_off_is_made_again_after_a_while(one: World) -> None:
    await one.services.store.create(AppExport(ordered_at=one.clock(), held=ON))
    one.clock.pass_time(minutes=9)
    assert (await _ordered(one))[1].counts == {"under_way": 1}
    one.clock.pass_time(minutes=1)
    assert (await _ordered(one))[1].counts == {"ordered": 1}


@pytest.mark.parametrize(("status", "times"), [(403, 1), (500, 3)])
async def test_an_order_graph_does_not_take_is_made_again_by_the_next_run(
    one: World, status: int, times: int
) -> None:
    one.graph_faults.fail(status, times, "POST", "exportJobs")
    done = await step(one, "app_export")
    assert done.error is not None
    assert str(status) in done.error
    assert (await _state(one)).ordered_at is None
    assert (await step(one, "app_export")).counts == {"ordered": 1}


async def test_what_may_be_held_is_on_record_before_anything_is_ordered(one: World) -> None:
    one.graph_faults.fail(403, 1, "POST", "exportJobs")
    await run(one)
    assert (await _state(one)).held == ON


async def test_who_opts_in_while_an_export_is_under_way_can_opt_out_again(one: World) -> None:
    await _pace(one, 3, 0)
    await run(one)
    put_app_sync(one, "better_mobile")
    await run(one)
    assert set((await inventory(one)).partners) == {"lookout", "better_mobile"}
    put_connector(one, "better_mobile")
    assert (await step(one, "apps")).counts["trimmed"] == 1
    assert set((await inventory(one)).partners) == {"lookout"}


# --- what comes to nothing ----------------------------------------------------------------------------


async def test_a_failed_export_is_reported_and_ordered_anew(one: World) -> None:
    one.graph_faults.export(fails=True)
    done = await step(one, "apps")
    assert done.error == (
        "Intune's export of apps came to the status failed without a link: the next run orders it anew"
    )
    assert (await step(one, "apps")).counts["written"] == 1


async def test_an_export_that_never_starts_is_given_up_after_two_hours(one: World) -> None:
    one.graph_faults.export(stuck=True)
    assert (await step(one, "apps")).counts == {"awaited": 1}
    one.clock.pass_time(hours=2)
    assert (await step(one, "apps")).counts == {"awaited": 1}
    one.clock.pass_time(minutes=15)
    error = (await step(one, "apps")).error or ""
    assert "is notStarted after 2 hours" in error
    assert (await step(one, "apps")).counts["written"] == 1


async def test_a_job_graph_does_not_know_any_more_is_ordered_anew(one: World) -> None:
    await one.services.store.create(AppExport(job="AppInvRawData_gone", ordered_at=one.clock(), held=ON))
    assert "is not there any more" in ((await step(one, "apps")).error or "")
    assert (await step(one, "apps")).counts["written"] == 1


async def test_a_link_that_expired_is_reported_and_the_export_ordered_anew(one: World) -> None:
    one.graph_faults.export(link_expired=True)
    assert "has a link that is good no more (403)" in ((await step(one, "apps")).error or "")
    assert (await step(one, "apps")).counts["written"] == 1


@pytest.mark.parametrize(
    ("flaws", "why"),
    [
        ({"claimed_size": 3}, "is no zip that is what it claims to be"),
        ({"claimed_size": 10**9}, "claims 1000000000 bytes and holds"),
        ({"padding_mib": 20}, "has a line of more than 65536 characters"),
    ],
)
async def test_a_file_that_lies_or_swells_is_reported_and_changes_nothing(
    one: World, flaws: dict[str, int], why: str
) -> None:
    await run(one)
    before = await inventory(one)
    put_apps(one, "Game")
    one.graph_faults.export(**flaws)
    assert why in ((await step(one, "apps")).error or "")
    assert await inventory(one) == before
    assert (await step(one, "apps")).counts["written"] == 1


async def test_an_export_throttled_for_a_moment_is_asked_for_again(one: World) -> None:
    one.graph_faults.throttle(1, "0", path_contains="exportJobs(")
    assert (await step(one, "apps")).counts["written"] == 1


# --- the download -------------------------------------------------------------------------------------

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def _download(one: World, handler: Handler, folder: pathlib.Path) -> bytes:
    app = web.Application()
    app.router.add_get("/file", handler)
    path = folder / "file.zip"
    async with serving(app) as address:
        exports = await AppExports.read(one.services)
        size = await exports.fetch(f"{address}/file?sig=x", path)
    assert size == path.stat().st_size
    return path.read_bytes()


async def test_the_link_is_followed_without_a_token(one: World, tmp_path: pathlib.Path) -> None:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.extend(request.headers)
        return web.Response(body=b"content")

    assert await _download(one, handle, tmp_path) == b"content"
    assert "Authorization" not in asked


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, GraphRefused), (410, GraphRefused), (302, GraphUnavailable), (503, GraphUnavailable)],
)
async def test_whatever_else_the_storage_answers_is_no_file(
    one: World, tmp_path: pathlib.Path, status: int, error: type[Exception]
) -> None:
    async def handle(_request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    with pytest.raises(error):
        await _download(one, handle, tmp_path)


async def test_a_file_that_is_too_large_is_not_taken_to_its_end(
    one: World, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_export, "MAX_BYTES", 100_000)
    sent = 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            for _ in range(2000):
                await answer.write(bytes(100_000))
                sent += 1
        except ConnectionError:
            pass
        return answer

    with pytest.raises(GraphRefused, match="is larger than 100000 bytes"):
        await _download(one, handle, tmp_path)
    assert sent < 2000


async def test_a_file_that_comes_too_slowly_is_not_waited_for(
    one: World, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_export, "MAX_SECONDS", 0.2)

    async def handle(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(100):
            await answer.write(b"a")
            await asyncio.sleep(0.05)
        return answer

    with pytest.raises(GraphUnavailable, match="TimeoutError"):
        await _download(one, handle, tmp_path)


async def test_a_download_that_is_cancelled_leaves_no_file_open(tmp_path: pathlib.Path) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(body=b"content")

    app = web.Application()
    app.router.add_get("/file", handle)
    async with serving(app) as address:
        for turns in itertools.count():
            download = asyncio.ensure_future(app_export._download(f"{address}/file", tmp_path / "file.zip"))
            for _ in range(turns):
                await asyncio.sleep(0)
            if not download.cancel():
                break
            await asyncio.wait({download})
    gc.collect()  # what is left open is an error then
    assert turns > 10
    assert download.result() == len(b"content")


async def test_a_storage_that_breaks_off_is_asked_again_later(one: World, tmp_path: pathlib.Path) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "100"})
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return answer

    with pytest.raises(GraphUnavailable):
        await _download(one, handle, tmp_path)


@pytest.mark.parametrize(
    "link",
    [
        *("http://files.example.com/a.zip", "file:///etc/hosts", "ftp://127.0.0.2/a", "https://[odd/a.zip"),
        *("https://files.example.com/a\x01b", "https://files.example.com/" + "a" * 70_000),
    ],
    ids=lambda link: link[:30],
)
async def test_a_link_that_is_not_https_is_not_followed(
    one: World, tmp_path: pathlib.Path, link: str
) -> None:
    exports = await AppExports.read(one.services)
    with pytest.raises(GraphRefused, match=r"not https|no address"):
        await exports.fetch(link, tmp_path / "file.zip")
