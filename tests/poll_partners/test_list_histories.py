"""Whatever happens to a vendor's list of devices, on the way and here: a list that was not read to its end
says nothing, what is kept of a row was reported, and in the end each phone is as its row says."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest_threat.intake import fetched
from local.vendors.faults import done
from poll_partners import listed
from poll_partners.client import Client
from poll_partners.found import sources
from poll_partners.rosters import Compared, compared
from poll_partners.source import ListPage, Roster, Row
from poll_partners.sources import (
    checkpoint_harmony_devices,
    lookout_devices,
    pradeo_devices,
    sophos_devices,
    wandera_jamf_devices,
    zimperium_devices,
)
from shared.domain.moment import iso_utc
from shared.domain.polling import PollRun
from shared.errors import SourceError, StoreError
from tests.poll_partners import vendors as vendors_module
from tests.poll_partners.histories import FAULTS, Operation, histories_of
from tests.poll_partners.rows import (
    checkpoint_row,
    jamf_row,
    lookout_row,
    milliseconds,
    pradeo_row,
    sophos_row,
    zimperium_row,
)
from tests.poll_partners.vendors import Vendors, documents, vendors
from tests.world import START

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class ListVendor:
    """What is a vendor's own."""

    module: ModuleType
    path: str
    rows: Callable[[Vendors], Rows]
    id_of: str
    row: Callable[[int, bool, datetime], dict[str, Any]]
    """The row of the phone of that number, at risk or not, whose agent was in contact at that time."""
    kill_tokens: Callable[[Vendors], None] = lambda _: None
    missed: int = 1
    """Lists in a row that lack a phone before it is gone."""
    has_groups: bool = False
    """Whether an empty list may be that of a key that sees its phones' group no more."""


def _lookout(number: int, at_risk: bool, at: datetime) -> dict[str, Any]:
    times = {"checkin_time": iso_utc(at), "updated_time": iso_utc(at)}
    return lookout_row(number, security_status="THREATS_HIGH" if at_risk else "SECURE", **times)


def _checkpoint(number: int, at_risk: bool, at: datetime) -> dict[str, Any]:
    seen = at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return checkpoint_row(number + 1, risk=3 if at_risk else 0, last_connection=seen)


def _pradeo(number: int, at_risk: bool, at: datetime) -> dict[str, Any]:
    level = {"riskLevel": "high", "securityStatus": "compromised"} if at_risk else {}
    return pradeo_row(number, seen=at, **level)


def _sophos(number: int, at_risk: bool, at: datetime) -> dict[str, Any]:
    health = {"state": "red" if at_risk else "green", "mode": "automatic"}
    return sophos_row(number, healthState=health, ixmAppLastSeenAt=iso_utc(at))


def _jamf(number: int, at_risk: bool, at: datetime) -> dict[str, Any]:
    return jamf_row(number, seen=at, riskCategory="HIGH" if at_risk else "SECURE")


def _zimperium(number: int, at_risk: bool, at: datetime) -> dict[str, Any]:
    state = {"criticalThreats": [f"threat-{number}"], "riskyThreats": []}
    level = {"riskPosture": 3, "riskPostureName": "CRITICAL", "threatState": state} if at_risk else {}
    return zimperium_row(number, lastSeen=milliseconds(at), processedAt=milliseconds(at), **level)


VENDORS: Mapping[str, ListVendor] = {
    "lookout_devices": ListVendor(
        lookout_devices,
        "/mra/api/v2/devices",
        lambda one: one.lookout.devices,
        "guid",
        _lookout,
        lambda one: one.lookout.kill_tokens(),
    ),
    "checkpoint_harmony_devices": ListVendor(
        checkpoint_harmony_devices,
        "/device_status/",
        lambda one: one.checkpoint.devices,
        "internal_id",
        _checkpoint,
        lambda one: one.checkpoint.kill_tokens(),
    ),
    "pradeo_devices": ListVendor(
        pradeo_devices, "/v2/devices", lambda one: one.pradeo.devices, "id", _pradeo
    ),
    "sophos_devices": ListVendor(
        sophos_devices,
        "/mobile/v1/devices?",
        lambda one: one.sophos.devices,
        "id",
        _sophos,
        lambda one: one.sophos.kill_tokens(),
    ),
    "wandera_jamf_devices": ListVendor(
        wandera_jamf_devices,
        "/risk/v2/devices",
        lambda one: one.jamf.devices,
        "guid",
        _jamf,
        lambda one: one.jamf.kill_tokens(),
        missed=2,
    ),
    "zimperium_devices": ListVendor(
        zimperium_devices,
        "/public/v2/devices",
        lambda one: one.zimperium.devices,
        "id",
        _zimperium,
        lambda one: one.zimperium.kill_tokens(),
        has_groups=True,
    ),
}

OPERATIONS: st.SearchStrategy[list[Operation]] = st.lists(
    st.one_of(
        st.tuples(st.just("enroll"), st.integers(1, 5)),
        st.tuples(st.just("turn"), st.integers(0, 9)),
        st.tuples(st.just("turn"), st.integers(0, 9)),
        st.tuples(st.just("leave"), st.integers(0, 9)),
        st.tuples(st.just("pass"), st.sampled_from([1, 5, 65, 125, 125])),
        st.tuples(st.just("poll")),
        st.tuples(st.just("poll")),
        st.tuples(st.just("two_timers")),
        st.tuples(st.just("crash"), st.sampled_from(["replace", "upsert"]), st.integers(1, 3)),
        st.tuples(st.just("conflict")),
        st.tuples(st.just("store_away"), st.integers(1, 5)),
        st.tuples(st.just("token_dies"), st.integers(0, 2)),
        st.tuples(st.just("fault"), st.integers(0, len(FAULTS) - 1), st.integers(0, 2)),
        st.tuples(st.just("leave_meanwhile"), st.integers(0, 2)),
        # Never whole minutes: no two readings are as of the same time then, as none are in the world.
        st.tuples(st.just("clocks"), st.sampled_from([0, -1201, 3602]), st.sampled_from([0, -603, 604])),
    ),
    max_size=14,
)


@dataclass
class ListHistory:
    """One history under way."""

    one: Vendors
    name: str
    vendor: ListVendor
    at_risk: dict[int, bool] = field(default_factory=dict)
    """The phones that are listed, and how they are."""
    enrolled: int = 0
    true_now: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.true_now = self.one.world.clock()

    async def do(self, operation: Operation) -> None:
        """Have one thing happen, and see that what must hold holds."""
        name, *values = operation
        await getattr(self, f"_{name}")(*values)
        self.check()

    async def _enroll(self, many: int) -> None:
        for number in range(self.enrolled, self.enrolled + many):
            self.at_risk[number] = False
            self.vendor.rows(self.one).append(self.vendor.row(number, False, self.true_now))
        self.enrolled += many

    async def _turn(self, number: int) -> None:
        if number in self.at_risk:
            self.at_risk[number] = not self.at_risk[number]
            self._row(number).update(self.vendor.row(number, self.at_risk[number], self.true_now))

    async def _leave(self, number: int) -> None:
        if number in self.at_risk:
            self.vendor.rows(self.one).remove(self._row(number))
            del self.at_risk[number]

    def _row(self, number: int) -> dict[str, Any]:
        own = self._id(number)
        return next(row for row in self.vendor.rows(self.one) if str(row[self.vendor.id_of]) == own)

    def _id(self, number: int) -> str:
        return str(self.vendor.row(number, False, self.true_now)[self.vendor.id_of])

    async def _pass(self, minutes: int) -> None:
        self.true_now += timedelta(minutes=minutes)
        self.one.world.clock.pass_time(minutes=minutes)

    async def _poll(self, *, store_is_well: bool = True) -> PollRun | None:
        """A list that was not read to its end is no word on anybody."""
        before = len(self.one.reports())
        try:
            run = await self.one.poll(self.name)
        except StoreError:
            return None
        if run is not None and run.error is not None and store_is_well:
            assert len(self.one.reports()) == before, run.error
        return run

    async def _two_timers(self) -> None:
        other = await self.one.world.another_instance()
        both = (self.one.poll(self.name), self.one.poll(self.name, other))
        results = await asyncio.gather(*both, return_exceptions=True)
        await other.close()
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, StoreError):
                raise result

    async def _crash(self, operation: str, times: int) -> None:
        """Reports are stored, and what is kept of the list, or how far it was read, is not."""
        await self._with_store(503, "settings", operation, 50 if operation == "replace" else times)

    async def _conflict(self) -> None:
        await self._with_store(412, "settings", "replace", 1)

    async def _store_away(self, times: int) -> None:
        await self._with_store(503, "reports", "create", times)

    async def _with_store(self, status: int, container: str, operation: str, times: int) -> None:
        faults = self.one.world.cosmos_faults
        faults.fail_next(status, container=container, operation=operation, times=times)
        await self._poll(store_is_well=False)
        faults.clear()

    async def _token_dies(self, after: int) -> None:
        await self._with_fault(done(lambda: self.vendor.kill_tokens(self.one)), after)

    async def _fault(self, which: int, after: int) -> None:
        before = self._gone()
        await self._with_fault(FAULTS[which], after)
        assert self._gone() <= before, "who was not read of counts as gone"

    async def _leave_meanwhile(self, after: int) -> None:
        """The first phone leaves while the list is read: those behind it may be passed over."""
        if not self.at_risk:
            return
        number = min(self.at_risk)
        row = self._row(number)
        await self._with_fault(done(lambda: self.vendor.rows(self.one).remove(row)), after)
        if row in self.vendor.rows(self.one):
            self.vendor.rows(self.one).remove(row)
        del self.at_risk[number]

    async def _with_fault(self, act: Any, after: int) -> None:
        self.one.faults.order(act, self.vendor.path, after=after)
        await self._poll()
        self.one.faults.clear()

    def _gone(self) -> set[str]:
        """Phones that count as gone, and are listed."""
        here = set(map(self._id, self.at_risk))
        return {id_ for id_, gone_on in self.kept().items() if gone_on is not None} & here

    async def _clocks(self, ours: int, theirs: int) -> None:
        self.one.world.clock.now = self.true_now + timedelta(seconds=ours)
        self.one.set_clock_ahead(seconds=theirs - ours)

    async def settle(self) -> None:
        """Everything is well again, for long enough."""
        self.one.faults.clear()
        await self._clocks(0, 0)
        await self._pass(24 * 60)
        lists = 0
        for _ in range(12):
            run = await self._poll()
            lists += run is not None and run.whole
            if lists == self.vendor.missed:
                return
            await self._pass(125 if lists else 5)
        raise AssertionError("the list is never read to its end")

    def check(self) -> None:
        """No report counts twice, and what is kept of a phone was reported of it."""
        reports = [(each["agent"], each["record"]["report_id"]) for each in self.one.reports()]
        assert sorted(reports) == sorted(set(reports)), "a report was counted twice"
        assert self.kept().keys() <= {each["record"]["partner_device_id"] for each in self.one.reports()}

    def check_all(self) -> None:
        """Each phone that is listed is as its row says, and the others are gone."""
        self.check()
        here = {self._id(number): at_risk for number, at_risk in self.at_risk.items()}
        newest: dict[str, bool] = {}
        for report in self.one.reports():
            record = report["record"]
            newest[record["partner_device_id"]] = record.get("severity") != "secured"
        assert {id_: newest[id_] for id_ in here} == here
        if here or not self.vendor.has_groups:
            assert {id_ for id_, gone_on in self.kept().items() if gone_on is None} == here.keys()

    def kept(self) -> dict[str, str | None]:
        """The phones of which something is kept, and since when each is gone."""
        found: dict[str, str | None] = {}
        for document in documents(self.one.world, "settings"):
            if document["id"].startswith(f"roster:{self.name}:"):
                found |= {id_: each.get("gone_on") for id_, each in document["devices"].items()}
        return found


@pytest.fixture(autouse=True)
def small_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    for vendor in VENDORS.values():
        monkeypatch.setattr(vendor.module, "PAGE_SIZE", 3)
    monkeypatch.setattr(listed, "MAX_NEWS", 4)


def test_every_vendor_s_list_has_its_histories() -> None:
    lists = {name for name, source in sources().items() if isinstance(source, Roster)}
    assert lists == VENDORS.keys()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", sorted(VENDORS))
@histories_of(12)
@given(OPERATIONS)
@example([("enroll", 5), ("poll",), ("turn", 1), ("pass", 125), ("crash", "replace", 1), ("turn", 1)])
@example([("enroll", 5), ("enroll", 4), ("poll",), ("turn", 0), ("pass", 5), ("two_timers",), ("leave", 2)])
@example([("enroll", 5), ("poll",), ("leave", 1), ("pass", 125), ("crash", "upsert", 2), ("enroll", 1)])
@example([("enroll", 5), ("enroll", 5), ("leave_meanwhile", 1), ("pass", 5), ("store_away", 4)])
async def test_in_the_end_each_phone_is_as_its_row_says(name: str, operations: list[Operation]) -> None:
    await lived(name, operations)


async def lived(name: str, operations: list[Operation]) -> None:
    """Have a history happen to a list, come to rest, and hold it to what it must hold."""
    async with vendors() as one:
        history = ListHistory(one, name, VENDORS[name])
        for operation in operations:
            await history.do(operation)
        await history.settle()
        history.check_all()


@pytest.mark.parametrize(
    "name", ["pradeo_devices", "sophos_devices", "wandera_jamf_devices", "zimperium_devices"]
)
async def test_an_agent_that_was_in_contact_long_ago_has_not_scanned_until_it_is_again(name: str) -> None:
    vendor = VENDORS[name]
    async with vendors() as one:
        long_ago = START - timedelta(days=9)
        vendor.rows(one).append(vendor.row(1, False, long_ago))
        await one.polled(name)
        one.world.clock.pass_time(minutes=125)
        vendor.rows(one)[0].update(vendor.row(1, False, one.world.clock()))
        await one.polled(name)
        one.world.clock.pass_time(minutes=125)
        vendor.rows(one)[0].update(vendor.row(1, False, one.world.clock()))
        await one.polled(name)
        scanned = [report["record"].get("scanned") for report in one.reports()]
        assert scanned == [False, True], "that it is in contact every day is no news"


Patch = Callable[[pytest.MonkeyPatch], None]


def kept_before_reported(patch: pytest.MonkeyPatch) -> None:
    """What a row said is kept though its report could not be stored."""

    async def careless(*given: Any) -> list[Any]:
        try:
            return await fetched(*given)
        except StoreError:
            return []

    patch.setattr(listed, "fetched", careless)


def part_is_whole(patch: pytest.MonkeyPatch) -> None:
    """A page that cannot be read is the end of the list."""

    async def careless(client: Client, page: str | None, as_of: datetime) -> ListPage:
        try:
            return await lookout_devices.fetch(client, page, as_of)
        except SourceError:
            return ListPage([], None)

    roster = replace(lookout_devices.SOURCE, fetch=careless)
    patch.setattr(vendors_module, "sources", lambda: {**sources(), "lookout_devices": roster})


def waits_for_ever(patch: pytest.MonkeyPatch) -> None:
    """A row that is more than one reading takes in is kept as if it had gone on its way."""

    def careless(rows: Iterable[Row], *given: Any, **named: Any) -> Compared:
        after = compared((replace(row, content=row.content or {}) for row in rows), *given, **named)
        return replace(after, news=tuple(row for row in after.news if row.content))

    patch.setattr(listed, "compared", careless)


MISTAKES: Mapping[Patch, list[Operation]] = {
    kept_before_reported: [("enroll", 3), ("poll",), ("turn", 1), ("pass", 125), ("store_away", 5)],
    part_is_whole: [("enroll", 4), ("poll",), ("pass", 125), ("fault", 1, 1)],
    waits_for_ever: [("enroll", 5), ("enroll", 4), ("poll",)],
}
"""Each mistake, and a history that shows it; it holds without."""


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
async def test_a_mistake_is_found_and_without_it_the_history_holds(
    mistake: Patch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived("lookout_devices", MISTAKES[mistake])
    with monkeypatch.context() as patch:
        mistake(patch)
        with pytest.raises(AssertionError):
            await lived("lookout_devices", MISTAKES[mistake])
