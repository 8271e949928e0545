"""Documents of the container `inventory`: what goes in, what has to go, and what a digest is of."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.app_sync import OptIn
from shared.domain.inventory import (
    FRESH,
    MAX_APPS,
    REMEMBERED,
    AgentApps,
    AppRow,
    Collected,
    Inventory,
    agent_apps_id,
    is_agents,
    trimmed,
    with_seen,
)
from shared.domain.model import Ownership
from shared.domain.record import AppInventoryRecord, Platform
from tests.world import ENTRA_ID, INTUNE_ID, START

ON = OptIn(app_sync=True)
FULL = OptIn(app_sync=True, app_sync_personal=True)
LATER = START + timedelta(hours=1)

MAIL = AppRow("Mail", "1.2.3", "1.2", "com.example.mail", True)
GAME = AppRow("Game", "7", managed=False)
WHAT = AppRow("What", "1")
COMPANY, PERSONAL, UNKNOWN = Ownership.COMPANY, Ownership.PERSONAL, Ownership.UNKNOWN


def _collected(ownership: Ownership = COMPANY, rows: Any = (GAME, MAIL), **partners: OptIn) -> Collected:
    return Collected.of(ENTRA_ID, INTUNE_ID, ownership, partners or {"lookout": ON}, rows)


def _inventory(ownership: Ownership = COMPANY, rows: Any = (GAME, MAIL), **partners: OptIn) -> Inventory:
    return _collected(ownership, rows, **partners).document({}, START)


def _names(inventory: Inventory) -> list[str | None]:
    return [app.name for app in inventory.apps]


@pytest.mark.parametrize(
    ("ownership", "partners", "names"),
    [
        (COMPANY, {"lookout": ON}, ["Game", "Mail", "What"]),
        (PERSONAL, {"lookout": ON}, ["Mail"]),
        (UNKNOWN, {"lookout": ON}, ["Mail"]),
        (PERSONAL, {"lookout": FULL}, ["Game", "Mail", "What"]),
        (PERSONAL, {"lookout": ON, "zimperium": FULL}, ["Game", "Mail", "What"]),
        (PERSONAL, {"lookout": ON, "zimperium": ON}, ["Mail"]),
    ],
)
def test_what_at_least_one_partner_may_have_is_collected(
    ownership: Ownership, partners: dict[str, OptIn], names: list[str]
) -> None:
    found = _inventory(ownership, (WHAT, MAIL, GAME), **partners)
    assert _names(found) == names
    assert found.partners == partners


def test_the_order_of_rows_and_rows_that_come_twice_make_no_difference() -> None:
    assert _collected(rows=(MAIL, GAME, MAIL)) == _collected(rows=(GAME, MAIL))


def test_rows_that_differ_in_what_nobody_says_of_one_have_an_order_too() -> None:
    rows = [AppRow("Mail", "1", "1.0"), AppRow("Mail", "1"), AppRow("Mail", managed=True), AppRow(None, "1")]
    assert _collected(rows=rows[::-1]).rows == rows


def test_time_is_no_part_of_the_digest_and_everything_else_is() -> None:
    one = _inventory()
    assert one.digest == _collected().document({"zimperium": START}, LATER).digest
    others = [
        _inventory(rows=(MAIL,)),
        _inventory(rows=(GAME._replace(version="8"), MAIL)),
        _inventory(rows=(GAME._replace(managed=None), MAIL)),
        _inventory(lookout=FULL),
        _inventory(zimperium=ON),
        _inventory(PERSONAL, lookout=FULL),
        Collected.of(ENTRA_ID, "intune-2", COMPANY, {"lookout": ON}, (GAME, MAIL)).document({}, START),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 1 + len(others)


def test_what_nobody_says_takes_no_room_in_the_store() -> None:
    stored = _inventory(rows=(GAME,)).model_dump(mode="json", exclude_none=Inventory.sparse)
    assert stored["apps"] == [{"name": "Game", "version": "7", "managed": False}]
    assert "ttl" not in stored
    assert Inventory.model_validate(stored) == _inventory(rows=(GAME,))


def test_what_may_all_stay_is_the_same_document() -> None:
    inventory = _inventory()
    assert trimmed(inventory, {"lookout": ON}, COMPANY, LATER) is inventory
    # More than was collected comes with the next export, not from nothing.
    assert trimmed(inventory, {"lookout": FULL, "zimperium": FULL}, COMPANY, LATER) is inventory


def test_with_the_last_partner_all_apps_go_and_what_is_left_is_remembered_for_a_while() -> None:
    left = trimmed(_inventory(), {}, COMPANY, LATER)
    assert (left.apps, left.partners, left.withdrawn) == ((), {}, {"lookout": LATER})
    assert (left.purged_at, left.ttl) == (LATER, 30 * 24 * 3600)
    assert trimmed(left, {"lookout": ON}, COMPANY, LATER) is left


def test_one_partner_that_goes_takes_along_what_it_alone_might_have() -> None:
    inventory = _inventory(PERSONAL, lookout=ON, zimperium=FULL)
    left = trimmed(inventory, {"lookout": ON}, PERSONAL, LATER)
    assert _names(left) == ["Mail"]
    assert (left.partners, left.withdrawn) == ({"lookout": ON}, {"zimperium": LATER})
    assert (left.purged_at, left.ttl, left.changed_at) == (None, None, LATER)


def test_full_inventory_switched_off_leaves_the_managed_apps() -> None:
    left = trimmed(_inventory(PERSONAL, lookout=FULL), {"lookout": ON}, PERSONAL, LATER)
    assert _names(left) == ["Mail"]
    assert (left.partners, left.withdrawn) == ({"lookout": ON}, {})


@pytest.mark.parametrize("ownership", [PERSONAL, UNKNOWN])
def test_a_device_that_is_no_longer_the_companys_keeps_its_managed_apps_only(ownership: Ownership) -> None:
    left = trimmed(_inventory(COMPANY), {"lookout": ON}, ownership, LATER)
    assert (_names(left), left.ownership) == (["Mail"], ownership)
    assert trimmed(left, {"lookout": ON}, ownership, LATER) is left


def test_a_partner_that_may_again_is_withdrawn_no_more_and_the_others_are_forgotten_in_time() -> None:
    before = {"lookout": START, "zimperium": START}
    assert _collected().document(before, LATER).withdrawn == {"zimperium": START}
    assert _collected().document(before, START + REMEMBERED).withdrawn == {}


# --- what partners report -------------------------------------------------------------------------------


def _reported(app_id: str = "com.example.mail", **fields: Any) -> AppInventoryRecord:
    values = {"partner": "better_mobile", "index": 0, "report_id": "r", "platform": Platform.IOS}
    return AppInventoryRecord(app_id=app_id, partner_device_id="d", **{**values, **fields})


def _seen(*records: AppInventoryRecord, standing: AgentApps | None = None, at: Any = START) -> AgentApps:
    return with_seen(standing, "better_mobile:d", records, at)


def test_an_app_reported_again_replaces_what_was_reported_before() -> None:
    first = _seen(_reported(version="1"), _reported("com.example.game"))
    second = _seen(_reported("COM.example.mail", version="2"), standing=first, at=LATER)
    assert [(app.app_id, app.version, app.seen_at) for app in second.apps] == [
        ("com.example.game", None, START),
        ("COM.example.mail", "2", LATER),
    ]
    assert (second.id, second.partner, second.ttl) == ("agent:better_mobile:d", "better_mobile", 86_400)


def test_an_app_serves_for_less_than_a_day() -> None:
    apps = _seen(_reported())
    assert len(apps.fresh(START + FRESH - timedelta(seconds=1))) == 1
    assert apps.fresh(START + FRESH) == []
    assert len(_seen(_reported("com.example.game"), standing=apps, at=START + FRESH).apps) == 1


def test_of_very_many_apps_those_reported_last_stay() -> None:
    apps = _seen(*(_reported(f"com.example.a{number}") for number in range(MAX_APPS + 1))).apps
    assert (len(apps), apps[0].app_id) == (MAX_APPS, "com.example.a1")


def test_all_that_a_partner_can_tell_is_kept_and_the_original_is_not() -> None:
    fields: dict[str, Any] = {
        "name": "Mail",
        "version": "1.2.3",
        "short_version": "1.2",
        "bundle_size": 10,
        "dynamic_size": 20,
        "validated": True,
        "managed": False,
        "ad_hoc_signed": False,
        "from_app_store": True,
        "beta": False,
        "device_based_vpp": True,
    }
    [app] = _seen(_reported(raw={"secret": "x"}, **fields)).apps
    assert app.model_dump() == {"app_id": "com.example.mail", "seen_at": START, **fields}


def test_the_two_kinds_of_documents_are_reported_apart_by_their_ids() -> None:
    assert is_agents(agent_apps_id("better_mobile:d"))
    assert not is_agents(ENTRA_ID)
    assert not is_agents(f"intune:{INTUNE_ID}")
