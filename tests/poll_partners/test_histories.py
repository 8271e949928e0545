"""Whatever happens at a vendor's, on the way and here: nothing is lost, nothing counts twice, and the cursor
is never ahead of what is stored."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given

from local.vendors import sophos as central
from poll_partners import reading
from poll_partners.found import sources
from poll_partners.source import Source
from poll_partners.sources import (
    _tables,
    any_files,
    checkpoint_harmony,
    lookout,
    lookout_stream,
    sophos,
    zimperium,
)
from shared.domain.moment import iso_utc
from tests.poll_partners.histories import OPERATIONS, History, Operation, Vendor, as_body, histories_of
from tests.poll_partners.vendors import (
    Vendors,
    alert,
    better_row,
    central_event,
    event,
    incident,
    lookout_settings,
    threat,
    vendors,
)
from tests.world import START


def _lookout_arrives(one: Vendors, number: int, at: datetime) -> str:
    return one.lookout.arrive(event(number, at))


def _zimperium_arrives(one: Vendors, number: int, at: datetime) -> str:
    return one.zimperium.arrive(threat(number, at))


def _sophos_arrives(one: Vendors, number: int, at: datetime) -> str:
    one.sophos.hollow = True
    return one.sophos.arrive(central_event(number, at))


def _file_arrives(one: Vendors, number: int, at: datetime) -> str:
    """In a file of its own behind others, or before all that is there in one that is replaced."""
    name, own = f"symantec_sep_mobile/{number}.ndjson", as_body(**incident(number, at)) + b"\n"
    if number % 2:
        name = "symantec_sep_mobile/-export.ndjson"
        before = one.storage.blobs.get(name)
        one.storage.put(name, own + (before.content if before else b""))
    else:
        one.storage.put(name, b":\n" * 4 + own)
    return f"incident-{number}:INCIDENT_DETECTED"


def _row_arrives(one: Vendors, number: int, at: datetime) -> str:
    one.workspace.arrive("BetterMTDIncidentLog_CL", better_row(number, at), generated=at)
    return f"7:{number}:ACTIVE:{iso_utc(at)}"


def _lookouts_row_arrives(one: Vendors, number: int, at: datetime) -> str:
    own = event(number, at)
    row = {**own, "event_type": own["type"], "created_time": at}
    one.workspace.arrive("LookoutMtdV2_CL", {name: row[name] for name in row if name != "type"}, generated=at)
    return f"event-{number}"


def _zimperiums_row_arrives(one: Vendors, number: int, at: datetime) -> str:
    row = {
        "threat_uuid": f"threat-{number}",
        "threat_status": "PENDING",
        "threat_name": "DEVICE_ROOTED",
        "severity_name": "CRITICAL",
        "device_os": "android",
        "zdevice_id": f"agent-{number % 7}",
        "device_time": at,
    }
    one.workspace.arrive("ZimperiumThreatLogV2_CL", row, generated=at)
    return f"threat-{number}:PENDING:{iso_utc(at)}"


def _lookout_has_a_workspace(one: Vendors) -> None:
    _lookout_is_polled(one, workspace=f"{one.azure_address}/logs/workspaces/{one.workspace.id}")


def _lookout_has_the_stream(one: Vendors) -> None:
    _lookout_is_polled(one, stream=True)


def _lookout_is_polled(one: Vendors, **by: Any) -> None:
    polling = {**one.services.settings.polling, **lookout_settings(one.address, **by)}
    one.services.settings = one.services.settings.model_copy(update={"polling": polling})


def _foreign_frames(number: int) -> bytes:
    events = as_body(events=[{"uuid": f"{number}", "kind": "alarm"}]).decode()
    beat = "event: heartbeat\ndata: {}\n\n"
    return f"id: {number:08d}\ndata: {events}\n\n{beat}{beat}".encode()


def _foreign_table(number: int) -> bytes:
    columns = [{"name": "Some", "type": "string"}]
    return as_body(tables=[{"name": "", "columns": columns, "rows": [[f"{number}"]]}])


def _workspaces_token_dies(one: Vendors) -> None:
    one.workspace.tokens_die = 1


def _storages_token_dies(one: Vendors) -> None:
    one.storage.tokens_die = 1


def _of_tables(
    name: str,
    arrive: Callable[[Vendors, int, datetime], str],
    prepare: Callable[[Vendors], None] = lambda _: None,
) -> Vendor:
    """One that is read from tables of a workspace."""
    return Vendor(
        name=name,
        path="/query",
        arrive=arrive,
        kill_tokens=_workspaces_token_dies,
        page=(_tables, "PAGE_SIZE"),
        foreign=_foreign_table,
        prepare=prepare,
    )


VENDORS: Mapping[str, Vendor] = {
    "lookout": Vendor(
        name="lookout",
        path="/mra/api/v2/events",
        arrive=_lookout_arrives,
        kill_tokens=lambda one: one.lookout.kill_tokens(),
        page=(lookout, "PAGE_SIZE"),
        foreign=lambda number: as_body(
            events=[{"uuid": f"{number}", "kind": "alarm"}], last_oid=f"{number:08d}"
        ),
    ),
    "checkpoint_harmony": Vendor(
        name="checkpoint_harmony",
        path="/v3/alert/",
        arrive=lambda one, number, at: one.checkpoint.arrive(alert(number, at)),
        kill_tokens=lambda one: one.checkpoint.kill_tokens(),
        page=(checkpoint_harmony, "PAGE_SIZE"),
        foreign=lambda number: as_body(
            objects=[{"uuid": f"{number}", "id": 1000 - number}], meta={"next": None}
        ),
    ),
    "zimperium": Vendor(
        name="zimperium",
        path="/public/v1/threats",
        arrive=_zimperium_arrives,
        kill_tokens=lambda one: one.zimperium.kill_tokens(),
        page=(zimperium, "PAGE_SIZE"),
        foreign=lambda number: as_body(content=[{"uuid": f"{number}"}], last=False),
        change=lambda one, number: one.zimperium.mitigate(f"threat-{number}"),
    ),
    "sophos": Vendor(
        name="sophos",
        path="/siem/v1/events",
        arrive=_sophos_arrives,
        kill_tokens=lambda one: one.sophos.kill_tokens(),
        page=(sophos, "PAGE_SIZE"),
        foreign=lambda number: as_body(
            items=[{"uuid": f"{number}"}],
            has_more=True,
            next_cursor=central.cursor_of((START, -1 - number)),
        ),
        dates_late=False,
    ),
    "symantec_sep_mobile_files": Vendor(
        name="symantec_sep_mobile_files",
        path="/storage/drop",
        arrive=_file_arrives,
        kill_tokens=_storages_token_dies,
        page=(any_files, "MAX_ITEMS"),
        foreign=lambda number: as_body(uuid=f"{number}"),
    ),
    "better_mobile_logs": _of_tables("better_mobile_logs", _row_arrives),
    "lookout_logs": _of_tables("lookout_logs", _lookouts_row_arrives, _lookout_has_a_workspace),
    "zimperium_logs": _of_tables("zimperium_logs", _zimperiums_row_arrives),
    "lookout_stream": Vendor(
        name="lookout_stream",
        path="/mra/stream/",
        arrive=_lookout_arrives,
        kill_tokens=lambda one: one.lookout.kill_tokens(),
        page=(lookout_stream, "MAX_FRAMES"),
        foreign=_foreign_frames,
        prepare=_lookout_has_the_stream,
    ),
}


def have_small_pages(patch: pytest.MonkeyPatch) -> None:
    """Have little be a page, and few pages a run."""
    for vendor in VENDORS.values():
        patch.setattr(*vendor.page, 3)
    patch.setattr(central, "MIN_LIMIT", 1)
    patch.setattr(reading, "MAX_PAGES", 4)
    patch.setattr(reading, "MAX_ROWS", 12)


def test_every_vendor_s_interface_for_events_has_its_histories() -> None:
    of_vendors = {name for name, source in sources().items() if isinstance(source, Source)}
    lacking = of_vendors - VENDORS.keys()
    assert not lacking, f"add what its stand-in can do to VENDORS, of {sorted(lacking)}"


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    have_small_pages(monkeypatch)


async def lived(name: str, operations: list[Operation]) -> None:
    """Have a history happen to a source, come to rest, and hold it to what it must hold."""
    async with vendors() as one:
        VENDORS[name].prepare(one)
        history = History(one, VENDORS[name])
        for operation in operations:
            await history.do(operation)
        await history.settle()
        await history.check_all()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", sorted(VENDORS))
@histories_of(20)
@given(OPERATIONS)
@example([("arrive", 6, 0), ("poll",), ("arrive", 6, 0), ("pass", 5), ("crash", 1), ("poll",)])
@example([("arrive", 6, 0), ("pass", 5), ("two_timers",), ("arrive", 3, 12), ("pass", 5), ("two_timers",)])
@example([("poll",), ("our_clock", 3000), ("arrive", 4, 0), ("poll",), ("our_clock", -3000), ("poll",)])
@example([("poll",), ("arrive", 4, 0), ("pass", 5), ("drift", 1), ("arrive", 2, 0), ("poll",)])
@example([("drift", 0), ("arrive", 1, 0), ("drift", 0)])
@example([("arrive", 3, 2 * 24 * 60), ("poll",), ("change", 1), ("pass", 90), ("fault", 1, 1), ("poll",)])
async def test_nothing_is_lost_and_nothing_counts_twice(name: str, operations: list[Operation]) -> None:
    await lived(name, operations)
