"""The timer's run: sources side by side, one that is slow or fails delays nobody; and the timer itself."""

import asyncio
import importlib
import json
import pathlib
import subprocess
import sys
import warnings
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest

import poll_partners.sources
from ingest_threat.intake import known_partners
from local.vendors.faults import answered, done, slow
from poll_partners import found, reading, run, source, start
from poll_partners.client import Client
from poll_partners.listing import listing
from poll_partners.source import Asked, Roster, Source, VendorPage
from poll_partners.sources import lookout, lookout_devices
from shared.domain.poll_settings import PollSettings
from shared.domain.polling import PARTS, RosterPart, roster_part_id
from shared.domain.record import Platform
from shared.errors import SettingsError, StoreRefused
from shared.settings import read
from tests.end_to_end.machine import ROOT
from tests.poll_partners.rows import lookout_row
from tests.poll_partners.vendors import Vendors, event, lookout_settings, vendors
from tests.world import START

EVENTS = "/mra/api/v2/events"


async def _broken(client: Client, asked: Asked) -> VendorPage:
    raise RuntimeError("nobody expects this")


def _set(monkeypatch: pytest.MonkeyPatch, sources: Mapping[str, Source | Roster]) -> None:
    monkeypatch.setattr(run, "sources", lambda: sources)


async def test_a_slow_source_delays_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sources of one vendor's; the first one asked is answered once the other one has been asked, too."""
    both_asked = asyncio.Event()

    async def held(_: object) -> None:
        async with asyncio.timeout(20):
            await both_asked.wait()

    _set(monkeypatch, {"first": lookout.SOURCE, "lookout": replace(lookout.SOURCE)})
    async with vendors() as one:
        one.lookout.arrive(event(1, START - timedelta(minutes=1)))
        one.faults.order(held, EVENTS)
        one.faults.order(done(both_asked.set), EVENTS)
        await run.poll_all(one.services)
        runs = [(await one.cursor(name)).runs[0] for name in ("first", "lookout")]
        assert [each.error for each in runs] == [None, None]
        assert len(one.reports()) == 1


async def test_a_slow_source_is_cut_off_and_the_other_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one asked is answered a byte at a time."""
    monkeypatch.setattr(reading, "DEADLINE", 3.0)
    _set(monkeypatch, {"first": lookout.SOURCE, "lookout": replace(lookout.SOURCE)})
    async with vendors() as one:
        one.lookout.arrive(event(1, START - timedelta(minutes=1)))
        one.faults.order(slow(1.0), EVENTS)
        await run.poll_all(one.services)
        runs = [(await one.cursor(name)).runs[0] for name in ("first", "lookout")]
        assert sorted(each.error is None for each in runs) == [False, True]
        assert len(one.reports()) == 1


async def test_one_that_fails_in_a_way_nobody_expects_fails_alone_and_is_raised_at_last(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(lookout.SOURCE, fetch=_broken)
    _set(monkeypatch, {"broken": broken, "lookout": lookout.SOURCE})
    async with vendors() as one:
        one.lookout.arrive(event(1, START - timedelta(minutes=1)))
        with pytest.raises(RuntimeError):
            await run.poll_all(one.services)
        assert len(one.reports()) == 1
        assert "unexpected where=poll broken" in caplog.text


async def test_where_the_store_is_away_it_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async with vendors() as one:
        one.world.cosmos_faults.fail_next(503, container="settings", times=60)
        await run.poll_all(one.services)
        assert "poll_failed source=lookout why=Cosmos DB answered 503" in caplog.text


async def _odd(*asked: object) -> NoReturn:
    raise KeyError("a-phone")


ODD_SOURCES: Mapping[str, Source | Roster] = {
    "events": replace(lookout.SOURCE, fetch=_odd),
    "list": replace(lookout_devices.SOURCE, fetch=_odd),
}


@pytest.mark.parametrize("kind", ODD_SOURCES)
async def test_what_nobody_foresees_is_recorded_by_its_kind_and_place_and_the_vendor_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    _set(monkeypatch, {"lookout": ODD_SOURCES[kind]})
    async with vendors() as one:
        with pytest.raises(KeyError):
            await run.poll_all(one.services)
        cursor = await one.cursor()
        [its_run] = cursor.runs
        assert str(its_run.error).startswith("unforeseen: KeyError at test_run.py:")
        assert "report" in str(its_run.remedy)
        assert "a-phone" not in cursor.model_dump_json() + caplog.text
        where = str(its_run.error).removeprefix("unforeseen: ")
        assert f"unexpected where=poll lookout what={where}" in caplog.text
        assert cursor.failures == 1
        one.world.clock.pass_time(seconds=20)
        await run.poll_all(one.services)
        assert (await one.cursor()).failures == 1, "it is too early to ask again"
        one.world.clock.pass_time(seconds=20)
        with pytest.raises(KeyError):
            await run.poll_all(one.services)
        assert (await one.cursor()).failures == 2


@pytest.mark.parametrize("name", [lookout.__name__, lookout_devices.__name__])
async def test_a_connection_that_cannot_even_be_opened_is_recorded_too(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def odd() -> NoReturn:
        raise KeyError("a-phone")

    monkeypatch.setattr(source, "session", odd)
    _set(monkeypatch, {"lookout": importlib.import_module(name).SOURCE})
    async with vendors() as one:
        with pytest.raises(KeyError):
            await run.poll_all(one.services)
        cursor = await one.cursor()
        assert [str(each.error).rsplit(":", 1)[0] for each in cursor.runs] == [
            "unforeseen: KeyError at test_run.py"
        ]
        assert cursor.failures == 1


async def test_what_nobody_foresees_is_raised_also_where_it_cannot_be_recorded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _set(monkeypatch, {"lookout": replace(lookout.SOURCE, fetch=_odd)})
    async with vendors() as one:
        one.world.cosmos_faults.fail_next(413, container="settings", operation="replace")
        with pytest.raises(KeyError) as raised:
            await run.poll_all(one.services)
        assert isinstance(raised.value.__cause__, StoreRefused)
        assert "unexpected where=poll lookout" in caplog.text
        assert (await one.cursor()).runs == ()


async def test_a_list_that_the_store_refuses_a_part_of_is_recorded_and_its_vendor_left_alone() -> None:
    async with vendors() as one:
        one.lookout.devices = [lookout_row(number) for number in range(8)]
        one.world.cosmos_faults.fail_next(413, times=100, container="settings", operation="upsert")
        await run.poll_all(one.services)
        cursor = await one.cursor("lookout_devices")
        assert cursor.failures == 1
        assert "report" in str(cursor.runs[0].remedy)
        row = next(row for row in (await listing(one.services)).sources if row.source == "lookout_devices")
        assert any(warning.startswith("the last run failed: ") for warning in row.warnings)
        assert await one.poll("lookout_devices") is None
        one.world.cosmos_faults.clear()
        one.world.clock.pass_time(minutes=1)
        assert (await one.polled("lookout_devices")).error is None


async def test_events_that_the_store_refuses_are_recorded_and_their_vendor_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refused(*_asked: object) -> NoReturn:
        raise StoreRefused("400: no such document")

    _set(monkeypatch, {"lookout": lookout.SOURCE})
    monkeypatch.setattr(reading, "fetched", refused)
    async with vendors() as one:
        await run.poll_all(one.services)
        cursor = await one.cursor()
        assert (cursor.failures, cursor.runs[0].error) == (1, "400: no such document")
        assert await one.poll() is None


async def test_what_a_source_finds_stored_and_cannot_read_is_recorded_without_its_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with vendors() as one:
        part = RosterPart(id=roster_part_id("lookout_devices", 0))
        odd = part.model_copy(update={"devices": "a-phone"})
        with warnings.catch_warnings(action="ignore"):
            await one.services.store.upsert(odd)
        await run.poll_all(one.services)
        cursor = await one.cursor("lookout_devices")
        assert cursor.failures == 1
        assert cursor.runs[0].error == "a stored RosterPart cannot be read (1 fields)"
        assert "poll_failed source=lookout_devices why=a stored RosterPart" in caplog.text


async def _row(one: Vendors) -> dict[str, object]:
    rows = (await listing(one.services)).sources
    return json.loads(next(row for row in rows if row.source == "lookout").model_dump_json())  # type: ignore[no-any-return]


async def test_the_listing_says_how_far_a_source_is_and_what_to_do() -> None:
    async with vendors() as one:
        assert "it has not run yet" in str((await _row(one))["warnings"])
        one.lookout.arrive(event(1, START - timedelta(minutes=1)))
        await one.polled()
        row = await _row(one)
        assert (row["on"], row["read_until"]) == (True, "2026-06-01T12:00:00.000000Z")
        one.lookout.kill_tokens()
        one.lookout.key = "another"
        one.world.clock.pass_time(minutes=5)
        await one.polled()
        row = await _row(one)
        assert row["failures"] == 1
        assert "the login was answered 401" in str(row["warnings"])
        assert "POLL_SECRET_LOOKOUT" in str(row["runs"])
        off = one.services.settings.model_copy(update={"polling": {}})
        one.services.settings = off
        row = await _row(one)
        assert (row["on"], row["missing"]) == (False, ["POLL_SECRET_LOOKOUT"])
        assert row["read_until"] is not None, "what was read before is shown still"


async def test_a_key_without_what_else_its_interface_needs_is_shown_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The partner counts by its key, and nothing of it is read: nobody means it so."""
    async with vendors(polling={"pradeo": PollSettings(secret="a-key")}) as one:
        await run.poll_all(one.services)
        named = "POLL_URL_PRADEO, POLL_CLIENT_ID_PRADEO"
        assert f"poll_failed source=pradeo_devices why=its key is set, and not {named}" in caplog.text
        rows = {row.source: row for row in (await listing(one.services)).sources}
        assert rows["pradeo_devices"].warnings == [f"nothing is read: its key is set, and not {named}"]
        assert rows["pradeo_files"].warnings == []


async def test_a_source_that_is_off_because_another_is_read_instead_lacks_nothing() -> None:
    async with vendors() as one:
        one.services.settings = one.services.settings.model_copy(
            update={"polling": {"lookout": PollSettings(secret="a-key", stream=True)}}
        )
        rows = {row.source: row for row in (await listing(one.services)).sources}
        assert (rows["lookout"].on, rows["lookout"].warnings) == (False, [])


async def test_no_secret_is_in_the_listing_or_in_what_is_stored() -> None:
    async with vendors() as one:
        secret = "a-secret-that-is-shown-nowhere"
        one.lookout.key = secret
        one.services.settings = one.services.settings.model_copy(
            update={"polling": lookout_settings(one.address, secret=secret)}
        )
        await one.polled()
        shown = (await listing(one.services)).model_dump_json()
        assert secret not in shown + (await one.cursor()).model_dump_json()
        assert secret not in repr(one.services.settings.polling)
        assert "token-1" not in shown + repr(one.services.polled_tokens)


def test_settings_of_a_partner_that_is_not_polled_are_refused() -> None:
    with pytest.raises(
        SettingsError, match=r"better_mobile is not polled; expected one of .*lookout, pradeo"
    ):
        start.check(read({"POLL_SECRET_BETTER_MOBILE": "a-key"}))
    start.check(read({"POLL_SECRET_LOOKOUT": "a-key"}))
    workspace, drop = "0c5e8f3a-7b21-4d96-8e40-1a2b3c4d5e6f", "https://account.blob.core.windows.net/drop"
    start.check(read({"POLL_DROP_PRADEO": drop}))
    start.check(read({"POLL_WORKSPACE_ZIMPERIUM": workspace, "POLL_BEGIN_ZIMPERIUM": "2026-01-31"}))
    with pytest.raises(SettingsError, match=r"POLL_WORKSPACE_PRADEO: expected one of better_mobile, lookout"):
        start.check(read({"POLL_WORKSPACE_PRADEO": workspace}))
    with pytest.raises(SettingsError, match=r"better_mobile is not polled"):
        start.check(read({"POLL_WORKSPACE_BETTER_MOBILE": workspace, "POLL_SECRET_BETTER_MOBILE": "a-key"}))


def test_what_ships_is_found_by_being_there() -> None:
    files = {path.stem for path in (ROOT / "poll_partners" / "sources").glob("[a-z]*.py")}
    of_all = {f"{slug}_files" for slug in known_partners()}
    assert found.sources().keys() == files - {"any_files"} | of_all


NINTH = """
from dataclasses import replace
from poll_partners.sources import lookout
SOURCE = replace(lookout.SOURCE, partner="pradeo", url="https://ninth.example.com")
"""


def test_a_ninth_source_is_its_module_and_its_settings(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else is edited: it is found, its settings are taken, and it is listed."""
    (tmp_path / "pradeo.py").write_text(NINTH)
    monkeypatch.setattr(poll_partners.sources, "__path__", [*poll_partners.sources.__path__, str(tmp_path)])
    found.sources.cache_clear()
    try:
        source = found.sources()["pradeo"]
        given = read({"POLL_SECRET_PRADEO": "a-key"})
        start.check(given)
        set_to = source.settings(given.polling["pradeo"])
        assert set_to is not None
        assert set_to.url == "https://ninth.example.com"
        assert "pradeo" in given.partners[Platform.IOS]
    finally:
        sys.modules.pop("poll_partners.sources.pradeo", None)
        found.sources.cache_clear()


def _indexed(**settings: str) -> dict[str, str]:
    """The functions of an app with these settings, and what was loaded to index them."""
    asked = (
        "import json, sys; from function_app import app; "
        "print(json.dumps({'timers': {f.get_function_name(): f.get_trigger().get_dict_repr().get('schedule') "
        "for f in app.get_functions() if f.get_trigger().get_dict_repr()['type'] == 'timerTrigger'}, "
        "'clients': [n for n in ('aiohttp', 'azure.monitor', 'azure.storage', 'azure.identity') "
        "if n in sys.modules]}, default=str))"
    )
    command = [sys.executable, "-c", asked]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": "", **settings}
    )
    indexed: dict[str, str] = json.loads(ended.stdout)
    return indexed


def test_the_timer_is_there_where_a_partner_is_polled_and_indexing_loads_no_client() -> None:
    in_azure = "https://account.blob.core.windows.net/drop"
    off, on = _indexed(), _indexed(POLL_SECRET_LOOKOUT="a-key", POLL_DROP_PRADEO=in_azure)
    assert "poll_partners" not in off["timers"]
    assert on["timers"]["poll_partners"] == "%POLL_SCHEDULE%"  # type: ignore[index]
    assert not off["clients"]
    assert not on["clients"]


async def test_answers_may_come_in_any_order_and_a_run_is_recorded_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, {"first": lookout.SOURCE, "second": lookout.SOURCE})
    async with vendors() as one:
        one.faults.order(answered(429, b"", "application/json", Retry_After="60"), EVENTS)
        await run.poll_all(one.services)
        cursors = await asyncio.gather(one.cursor("first"), one.cursor("second"))
        assert sorted(cursor.not_before is None for cursor in cursors) == [False, True]


def _counted(one: Vendors) -> dict[str, int]:
    counted: dict[str, int] = {}
    for (_, kind), number in one.world.operations.items():
        counted[kind] = counted.get(kind, 0) + number
    one.world.operations.clear()
    return counted


async def test_a_run_that_finds_nothing_costs_what_docs_costs_says() -> None:
    async with vendors() as one:
        await one.polled()
        one.world.clock.pass_time(minutes=5)
        one.world.operations.clear()
        await one.polled()
        assert _counted(one) == {"read": 1, "replace": 1, "upsert": 1}


async def test_a_list_that_says_nothing_new_costs_what_docs_costs_says() -> None:
    async with vendors() as one:
        await one.polled("lookout_devices")
        one.world.clock.pass_time(minutes=61)
        one.world.operations.clear()
        await one.polled("lookout_devices")
        counted = _counted(one)
        assert counted.pop("query", 0) <= 2
        assert counted == {"read": 1 + PARTS, "replace": 1, "upsert": 1}
