"""Files that are dropped into a container: read whole and once, moved away, and left alone where they must
be."""

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.vendors.faults import Act, answered, cut_off, done
from poll_partners import container, reading
from poll_partners.listing import listing
from poll_partners.sources import any_files
from shared.domain.polling import KEPT_GAPS, Gap
from shared.errors import StoreUnavailable
from tests.poll_partners.vendors import Vendors, documents, incident, vendors

SOURCE = "symantec_sep_mobile_files"
FOLDER = "symantec_sep_mobile/"
STORAGE = "/storage/drop"


@pytest.fixture
async def one() -> AsyncIterator[Vendors]:
    async with vendors() as found:
        yield found


def lines(*numbers: int, **fields: Any) -> bytes:
    """A file of incidents, one a line."""
    return "".join(json.dumps(incident(number, **fields)) + "\n" for number in numbers).encode()


def called(*numbers: int) -> list[str]:
    """What the reports of incidents are called."""
    return sorted(f"incident-{number}:INCIDENT_DETECTED" for number in numbers)


def put(one: Vendors, name: str, content: bytes, *, still: bool = True, **fields: Any) -> None:
    """A file is dropped, some time ago unless it is not `still`."""
    one.storage.put(FOLDER + name, content, **fields)
    if still:
        one.world.clock.pass_time(minutes=2)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.ndjson", lines(1, 2, 3)),
        ("a.log", lines(1, 2, 3).replace(b'{"id"', b'<14>Jan  2 03:04:05 host mtd: {"id"')),
        ("a.json", json.dumps([incident(number) for number in (1, 2, 3)], indent=1).encode()),
        ("of/june/a.json", json.dumps({"events": [incident(number) for number in (1, 2, 3)]}).encode()),
        ("a.jsonl.gz", gzip.compress(b"\xef\xbb\xbf" + lines(1, 2, 3))),
    ],
)
async def test_a_file_is_stored_and_moved_to_done(one: Vendors, name: str, content: bytes) -> None:
    put(one, name, content)
    run = await one.polled(SOURCE)
    assert (run.error, run.accepted, run.rejected, run.whole) == (None, 3, 0, True)
    assert one.stored_ids() == called(1, 2, 3)
    assert one.storage.names("done") == [FOLDER + name]
    assert one.storage.names("symantec_sep_mobile") == []


async def test_what_is_unfinished_empty_or_still_being_written_is_left(one: Vendors) -> None:
    for name, content in (("a.tmp", b"{"), ("b.json.part", b"{"), ("c.json", b"")):
        put(one, name, content)
    put(one, "leased.ndjson", lines(1), lease="leased")
    put(one, "fresh.ndjson", lines(2), still=False)
    before = dict(one.storage.blobs)
    assert (await one.polled(SOURCE)).rows == 0
    assert one.storage.blobs == before
    one.storage.lease(FOLDER + "leased.ndjson", "available")
    one.world.clock.pass_time(minutes=5)
    await one.polled(SOURCE)
    assert one.stored_ids() == called(1, 2)


async def test_a_file_is_still_by_the_storages_own_clock(one: Vendors) -> None:
    one.set_clock_ahead(hours=-3)
    put(one, "a.ndjson", lines(1))
    await one.polled(SOURCE)
    assert one.stored_ids() == called(1)


async def test_a_large_file_goes_on_where_the_last_run_stopped(
    one: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(any_files, "MAX_ITEMS", 3)
    monkeypatch.setattr(reading, "MAX_ROWS", 6)
    put(one, "a.ndjson.gz", gzip.compress(lines(*range(15))))
    runs = []
    for _ in range(4):
        runs.append(await one.polled(SOURCE))
        one.world.clock.pass_time(minutes=5)
    assert [run.accepted for run in runs] == [6, 6, 3, 0]
    assert sum(run.duplicates for run in runs) == 0
    assert one.stored_ids() == called(*range(15))
    assert one.storage.names("done") == [FOLDER + "a.ndjson.gz"]


async def test_the_oldest_file_is_read_first_whatever_its_name(
    one: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 1)
    put(one, "z.ndjson", lines(1))
    put(one, "a.ndjson", lines(2))
    await one.polled(SOURCE)
    assert one.stored_ids() == called(1)


async def test_a_run_that_is_cut_off_between_store_and_move_loses_and_doubles_nothing(one: Vendors) -> None:
    """Reports without a time of their own as well: a repeat bears the same delivery."""
    put(one, "a.ndjson", lines(1, 2, timestamp=None))
    one.faults.order(answered(503), "done/")
    assert (await one.polled(SOURCE)).error is not None
    stored = one.stored_ids()
    assert len(stored) == 2
    one.world.clock.pass_time(minutes=90)
    assert (await one.polled(SOURCE)).error is None
    one.world.clock.pass_time(minutes=5)
    assert one.stored_ids() == stored
    put(one, "a.ndjson", lines(3, 4, timestamp=None))
    one.faults.order(answered(503), "done/")
    one.world.cosmos_faults.fail_next(503, container="settings", operation="replace", times=50)
    with pytest.raises(StoreUnavailable):
        await one.poll(SOURCE)
    one.world.cosmos_faults.clear()
    one.world.clock.pass_time(minutes=90)
    run = await one.polled(SOURCE)
    assert (run.accepted, run.duplicates) == (0, 2)
    assert len(one.stored_ids()) == 4
    assert one.storage.names("done") == [FOLDER + "a.ndjson"] * 2


async def test_a_copy_that_is_under_way_keeps_the_file_where_it_is(one: Vendors) -> None:
    put(one, "a.ndjson", lines(1))
    one.storage.copies_pend = True
    await one.polled(SOURCE)
    assert one.storage.names("symantec_sep_mobile") == ["a.ndjson"]
    one.storage.copies_pend = False
    one.world.clock.pass_time(minutes=5)
    await one.polled(SOURCE)
    assert one.storage.names("done") == [FOLDER + "a.ndjson"]
    assert one.stored_ids() == called(1)


async def test_a_file_that_is_replaced_while_it_is_read_is_read_again(
    one: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "PIECE", 300)
    put(one, "a.ndjson", lines(*range(10)))

    def replaced() -> None:
        one.storage.put(FOLDER + "a.ndjson", lines(*range(5, 12)))

    one.faults.order(done(replaced), f"{STORAGE}/{FOLDER}", after=1)
    await one.polled(SOURCE)
    assert one.storage.names("done") == []
    one.world.clock.pass_time(minutes=5)
    await one.polled(SOURCE)
    assert set(called(*range(5, 12))) <= set(one.stored_ids())
    assert one.storage.names("done") == [FOLDER + "a.ndjson"]
    assert len(one.stored_ids()) == len(set(one.stored_ids()))


async def test_a_file_that_is_dropped_again_is_read_again_and_its_repeats_are_known(one: Vendors) -> None:
    put(one, "a.ndjson", lines(1))
    await one.polled(SOURCE)
    put(one, "a.ndjson", lines(1, 2))
    run = await one.polled(SOURCE)
    assert (run.accepted, run.duplicates) == (1, 1)
    assert one.storage.names("done") == [FOLDER + "a.ndjson"] * 2


FOREIGN = json.dumps({"uuid": "1", "kind": "alarm"}).encode()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("b.json", b"\xff\xfe{\x00", "it is not UTF-8"),
        ("b.ndjson", lines(2) + b'"\xff"\n' + lines(3), "item 2: it is not UTF-8"),
        ("b.json", FOREIGN, any_files.NO_FORMAT),
        ("b.json", b"[" + lines(2).strip() + b",", "its array is cut off"),
        ("b.csv", b"id,type\n1,Malware\n", "its name ends in none of"),
        ("b.ndjson.gz", gzip.compress(lines(2))[:-9], "its gzip is cut off"),
    ],
)
async def test_a_bad_file_is_kept_with_the_reason_and_blocks_none(
    one: Vendors, name: str, content: bytes, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    put(one, name, content)
    put(one, "good.ndjson", lines(1))
    run = await one.polled(SOURCE)
    assert run.error is None
    assert called(1)[0] in one.stored_ids()
    assert [gap.why.startswith(f"{FOLDER}{name} is kept below failed/: ") for gap in run.gaps] == [True]
    assert why in run.gaps[0].why
    assert "poll_gap" in caplog.text
    one.world.clock.pass_time(minutes=5)
    assert (await one.polled(SOURCE)).gaps == ()
    [kept] = [each for each in one.storage.blobs if each.startswith("failed/")]
    assert one.storage.blobs[kept].content == content
    assert why in one.storage.blobs[kept].metadata["reason"]
    assert one.storage.names("symantec_sep_mobile") == []


async def test_any_number_of_bad_files_is_set_aside_in_shares(one: Vendors) -> None:
    for number in range(25):
        put(one, f"{number}.json", FOREIGN + b" " * number, still=False)
    one.world.clock.pass_time(minutes=2)
    put(one, "good.ndjson", lines(1))
    gaps: list[Gap] = []
    for _ in range(3):
        noted = (await one.polled(SOURCE)).gaps
        assert len(noted) <= KEPT_GAPS, "the cursor keeps no more"
        gaps += noted
        one.world.clock.pass_time(minutes=5)
    assert len({gap.why for gap in gaps}) == len(gaps) == len(one.storage.names("failed")) == 25
    assert one.stored_ids() == called(1)
    assert (await one.cursor(SOURCE)).mark == "[]"


async def test_items_beside_what_cannot_be_read_are_stored(one: Vendors) -> None:
    put(one, "a.ndjson", lines(1) + b'"\xff"\n' + b'{"half": \n' + lines(2))
    run = await one.polled(SOURCE)
    assert one.stored_ids() == called(1, 2)
    assert run.gaps
    assert "device-1" not in str(run)


async def test_an_item_that_is_too_large_is_a_dead_letter_and_the_file_goes_on(one: Vendors) -> None:
    put(one, "a.ndjson", lines(1) + lines(2, padding="x" * 1_100_000) + lines(3))
    run = await one.polled(SOURCE)
    assert (run.accepted, run.rejected, run.gaps) == (2, 1, ())
    assert one.stored_ids() == called(1, 3)
    assert len(one.dead_letters()) == 1
    assert one.storage.names("done") == [FOLDER + "a.ndjson"]


async def test_many_small_files_are_read_over_pages_of_the_listing(one: Vendors) -> None:
    one.storage.page = 7
    for number in range(20):
        put(one, f"{number}.ndjson", lines(number), still=False)
    one.world.clock.pass_time(minutes=2)
    run = await one.polled(SOURCE)
    assert (run.accepted, run.whole) == (20, True)
    assert len(one.storage.names("done")) == 20


async def test_only_the_partners_own_folder_is_read(one: Vendors) -> None:
    one.storage.put("pradeo/a.json", FOREIGN)
    one.storage.put("symantec_sep_mobile_old/a.ndjson", lines(1))
    one.storage.put("a.ndjson", lines(2))
    one.world.clock.pass_time(minutes=2)
    assert (await one.polled(SOURCE)).rows == 0


FAULTS: list[tuple[Act, str]] = [
    (answered(429, b"", "application/xml", Retry_After="120"), "it wants to be asked later"),
    (answered(302, b"", "application/xml", Location="https://127.0.0.1:9/elsewhere"), "it redirects"),
    (answered(200, b"<html>", "text/html"), ""),
    (answered(404, b"", "application/xml", x_ms_error_code="ContainerNotFound"), "404"),
    (cut_off(), ""),
]


# The library leaves a connection open whose answer it cannot read.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("after", [0, 1, 2, 3])
@pytest.mark.parametrize(("act", "why"), FAULTS)
async def test_whatever_the_storage_answers_ends_the_run_and_costs_nothing(
    one: Vendors, act: Act, why: str, after: int
) -> None:
    """At the listing, in the file, at the copy and at the deletion."""
    put(one, "a.ndjson", lines(1, 2))
    one.faults.order(act, STORAGE, after=after)
    run = await one.polled(SOURCE)
    assert run.error is None or why in run.error
    one.world.clock.pass_time(hours=7)
    assert (await one.polled(SOURCE)).error is None
    assert one.stored_ids() == called(1, 2)
    assert one.storage.names("done") == [FOLDER + "a.ndjson"]


async def test_without_its_role_the_run_says_what_to_do(one: Vendors) -> None:
    one.storage.has_role = False
    run = await one.polled(SOURCE)
    assert "no role" in str(run.error)
    assert "POLL_DROP_ or POLL_WORKSPACE_SYMANTEC_SEP_MOBILE" in str(run.remedy)


async def test_an_empty_folder_is_no_heartbeat_of_the_partner(one: Vendors) -> None:
    await one.polled(SOURCE)
    assert not [each for each in documents(one.world, "settings") if "heartbeat" in each["id"]]
    put(one, "a.ndjson", lines(1))
    await one.polled(SOURCE)
    assert [each for each in documents(one.world, "settings") if "heartbeat" in each["id"]]


async def test_the_listing_shows_it_without_a_word_of_keys(one: Vendors) -> None:
    await one.polled(SOURCE)
    rows = {row.source: row for row in (await listing(one.services)).sources}
    assert rows[SOURCE].on
    assert rows[SOURCE].warnings == []
    assert rows["zimperium_files"].missing == ["POLL_DROP_ZIMPERIUM"]


async def test_of_two_timers_neither_moves_what_it_has_not_stored(one: Vendors) -> None:
    put(one, "a.ndjson", lines(*range(5)))
    other = await one.world.another_instance()
    one.faults.order(done(lambda: one.world.clock.pass_time(seconds=1)), STORAGE)
    first = await one.poll(SOURCE, other)
    await other.close()
    assert first is not None
    assert await one.polled(SOURCE)
    assert one.stored_ids() == called(*range(5))


def test_no_setting_is_needed_but_the_container() -> None:
    source = any_files.source("zimperium")
    assert source.missing(None) == ("POLL_DROP_ZIMPERIUM",)
    assert replace(source, partner="sophos").missing(None) == ("POLL_DROP_SOPHOS",)
    assert source.reach.lag >= timedelta(minutes=1)
