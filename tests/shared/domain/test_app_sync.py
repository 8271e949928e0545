"""The opt-in matrix, whole: what Intune's page says, cell by cell."""

from typing import Any

import pytest

from shared.domain.app_sync import OptIn, exceeds, may_collect, narrowed, opt_in, opt_ins, widened
from shared.domain.connector import Connector
from shared.domain.model import Ownership
from shared.domain.record import Platform
from shared.domain.switches import Switches
from tests.world import START

OFF = OptIn()
OFF_BUT_PERSONAL = OptIn(app_sync_personal=True)
ON = OptIn(app_sync=True)
FULL = OptIn(app_sync=True, app_sync_personal=True)
COMPANY, PERSONAL, UNKNOWN = Ownership.COMPANY, Ownership.PERSONAL, Ownership.UNKNOWN

IOS = {
    # toggles, ownership: managed, unmanaged, nobody knows
    (OFF, COMPANY): (False, False, False),
    (OFF, PERSONAL): (False, False, False),
    (OFF, UNKNOWN): (False, False, False),
    (OFF_BUT_PERSONAL, COMPANY): (False, False, False),
    (OFF_BUT_PERSONAL, PERSONAL): (False, False, False),
    (OFF_BUT_PERSONAL, UNKNOWN): (False, False, False),
    (ON, COMPANY): (True, True, True),
    (ON, PERSONAL): (True, False, False),
    (ON, UNKNOWN): (True, False, False),
    (FULL, COMPANY): (True, True, True),
    (FULL, PERSONAL): (True, True, True),
    (FULL, UNKNOWN): (True, True, True),
}


def test_the_table_here_is_whole() -> None:
    toggles = OFF, OFF_BUT_PERSONAL, ON, FULL
    assert {(each, owner) for each in toggles for owner in Ownership} == IOS.keys()


@pytest.mark.parametrize(("opted", "ownership"), IOS)
def test_on_ios_the_matrix_is_intunes(opted: OptIn, ownership: Ownership) -> None:
    found = tuple(may_collect(opted, Platform.IOS, ownership, managed) for managed in (True, False, None))
    assert found == IOS[opted, ownership]


@pytest.mark.parametrize("platform", [Platform.ANDROID, Platform.OTHER])
def test_on_no_other_platform_is_anything_collected(platform: Platform) -> None:
    assert not any(may_collect(FULL, platform, COMPANY, managed) for managed in (True, False, None))


def _switches(partners: tuple[str, ...] = ("lookout",), **fields: Any) -> Switches:
    values = {"state": "enabled", "enabled": {Platform.IOS}, "app_sync": True, "app_sync_personal": True}
    connector = Connector(id="connector:c", intune_id="c", read_at=START, **{**values, **fields})
    return Switches(enabled={Platform.IOS: partners}, connectors={"lookout": connector})


@pytest.mark.parametrize(
    ("state", "allows"),
    [
        *(("available", True), ("enabled", True), ("unresponsive", True), ("error", True), ("Enabled", True)),
        *(("unavailable", False), ("notSetUp", False), ("neverConfigured", False)),
        *(("unknownFutureValue", False), ("unknown", False), ("", False)),
    ],
)
def test_app_sync_can_be_asked_for_in_some_states_of_a_connector(state: str, allows: bool) -> None:
    switches = _switches(state=state)
    assert opt_in("lookout", switches) == (FULL if allows else OFF)
    assert opt_ins(switches) == ({"lookout": FULL} if allows else {})


@pytest.mark.parametrize(
    ("fields", "granted"),
    [
        ({}, FULL),
        ({"app_sync_personal": False}, ON),
        ({"app_sync": False}, OFF),
        ({"app_sync": False, "app_sync_personal": False}, OFF),
        ({"enabled": {Platform.ANDROID}}, OFF),
        ({"enabled": set()}, OFF),
        ({"enabled": {Platform.IOS, Platform.ANDROID}, "app_sync_personal": False}, ON),
    ],
)
def test_a_partner_may_have_something_where_all_of_it_is_on(fields: dict[str, Any], granted: OptIn) -> None:
    switches = _switches(**fields)
    assert opt_in("lookout", switches) == granted
    assert opt_ins(switches) == ({"lookout": granted} if granted.app_sync else {})


def test_without_a_mirrored_connector_a_partner_has_nothing() -> None:
    assert opt_in("lookout", Switches(enabled={Platform.IOS: ("lookout",)})) == OFF
    assert opt_in("zimperium", _switches(("lookout", "zimperium"))) == OFF


def test_a_partner_that_does_not_count_on_ios_has_nothing() -> None:
    assert opt_in("lookout", _switches(partners=("zimperium",))) == OFF
    preferred = Switches(
        enabled={Platform.IOS: ("lookout", "zimperium")},
        preferred={Platform.IOS: "zimperium"},
        connectors=_switches().connectors,
    )
    assert opt_in("lookout", preferred) == OFF


def test_what_two_times_have_in_common_is_the_less() -> None:
    then = {"a": FULL, "b": ON, "c": FULL, "e": ON, "f": FULL, "g": OFF}
    now = {"a": ON, "b": FULL, "d": ON, "f": FULL, "g": ON}
    assert narrowed(then, now) == {"a": ON, "b": ON, "f": FULL}
    assert widened(then, now) == {"a": FULL, "b": FULL, "c": FULL, "d": ON, "e": ON, "f": FULL, "g": ON}


@pytest.mark.parametrize(
    ("one", "other", "more"),
    [
        ({}, {}, False),
        ({"a": ON}, {"a": ON}, False),
        ({"a": ON}, {"a": FULL}, False),
        ({"a": FULL}, {"a": ON}, True),
        ({"a": ON}, {}, True),
        ({}, {"a": ON}, False),
        ({"a": ON}, {"b": FULL}, True),
    ],
)
def test_whether_one_grants_more(one: dict[str, OptIn], other: dict[str, OptIn], more: bool) -> None:
    assert exceeds(one, other) is more
