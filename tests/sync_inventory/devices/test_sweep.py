"""Intune's records, put in order."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

import pytest

from shared.domain.model import DeviceFacts, link_id
from shared.domain.record import Platform
from sync_inventory.devices.facts import Record
from sync_inventory.devices.sweep import MirroredDevice, Sweep
from sync_inventory.policies.groups import Groups
from sync_inventory.scratch import Scratch


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with Scratch() as paper:
        yield paper


class NoGroups:
    """Groups that this run could not look up."""

    def of(self, _user_id: str | None, before: tuple[str, ...]) -> tuple[str, ...]:
        return before


def _record(
    intune_id: str,
    entra_id: str | None = None,
    serial: str | None = None,
    day: int | None = 1,
    **facts: object,
) -> Record:
    whole = DeviceFacts.model_validate(
        {"intune_id": intune_id, "entra_id": entra_id, "serial": serial, "platform": Platform.IOS, **facts}
    )
    return Record(whole, None if day is None else datetime(2026, 6, day, tzinfo=UTC))


def _mirrored(*records: Record, **fields: object) -> list[MirroredDevice]:
    return [
        MirroredDevice.model_validate(
            {
                "id": record.facts.entra_id or link_id("intune", record.facts.intune_id),
                "facts": record.facts,
                **fields,
            }
        )
        for record in records
    ]


def _sweep(scratch: Scratch, records: list[Record], mirrored: list[MirroredDevice] | None = None) -> Sweep:
    sweep = Sweep(scratch, cast("Groups", NoGroups()))
    for device in mirrored or ():
        sweep.know(device)
    for record in records:
        sweep.add(record)
    sweep.arrange()
    return sweep


def _names(scratch: Scratch, key: str | None = None) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for name, id_ in scratch.rows("SELECT key, id FROM name"):
        names.setdefault(name, set()).add(id_)
    return names if key is None else {key: names.get(key, set())}


def _due(sweep: Sweep) -> dict[str, tuple[str, ...]]:
    return {due.id: due.previous for due in sweep.due()}


def test_a_record_served_on_two_pages_is_one_and_its_newest_state_counts(scratch: Scratch) -> None:
    states = [_record("i", "old", day=1), _record("I", "new", day=2), _record("i", "old", day=1)]
    sweep = _sweep(scratch, states)
    assert set(_due(sweep)) == {"new"}
    assert (sweep.records, sweep.devices) == (1, 1)


def test_the_ids_of_every_record_of_a_device_name_it(scratch: Scratch) -> None:
    sweep = _sweep(scratch, [_record("i1", "e", "s1", day=2), _record("i2", "e", "s2", day=None)])
    assert (sweep.records, sweep.devices) == (2, 1)
    [due] = sweep.due()
    assert due.facts.intune_id == "i1"
    keys = ("intune:i1", "intune:i2", "entra:e", "serial:s1", "serial:s2")
    assert _names(scratch) == {key: {"e"} for key in keys}


def test_of_records_that_checked_in_at_once_the_first_counts(scratch: Scratch) -> None:
    [due] = _sweep(scratch, [_record("i1", "e"), _record("i2", "e")]).due()
    assert due.facts.intune_id == "i1"


def test_a_device_without_an_entra_id_goes_by_its_intune_id(scratch: Scratch) -> None:
    assert set(_due(_sweep(scratch, [_record("i")]))) == {"intune:i"}


def test_a_record_that_lost_its_entra_id_keeps_the_one_the_mirror_knows(scratch: Scratch) -> None:
    sweep = _sweep(scratch, [_record("i")], _mirrored(_record("i", "e")))
    assert _due(sweep) == {}
    assert sweep.kept_entra_ids == 1


def test_an_unchanged_device_is_not_due_and_a_changed_one_is(scratch: Scratch) -> None:
    before = _mirrored(_record("i1", "e1"), _record("i2", "e2"))
    sweep = _sweep(scratch, [_record("i1", "e1", day=9), _record("i2", "e2", os_version="19.2")], before)
    assert _due(sweep) == {"e2": ()}


@pytest.mark.parametrize("field", ["missing_since", "gone_at"])
def test_a_device_that_is_back_is_due(scratch: Scratch, field: str) -> None:
    away = _mirrored(_record("i", "e"), **{field: datetime(2026, 6, 1, tzinfo=UTC)})
    assert _due(_sweep(scratch, [_record("i", "e")], away)) == {"e": ()}


def test_groups_that_could_not_be_looked_up_stay_as_they_were(scratch: Scratch) -> None:
    before = _mirrored(_record("i", "e", groups=("g1", "g2")))
    assert _due(_sweep(scratch, [_record("i", "e")], before)) == {}


def test_the_document_a_record_had_before_is_found_and_not_counted_as_missing(scratch: Scratch) -> None:
    sweep = _sweep(scratch, [_record("i", "e")], _mirrored(_record("i"), _record("gone", "gone")))
    assert _due(sweep) == {"e": ("intune:i",)}
    assert [each.id for each in sweep.missing()] == ["gone"]


def test_a_document_that_was_left_behind_is_neither_missing_nor_moved_again(scratch: Scratch) -> None:
    sweep = _sweep(scratch, [_record("i", "e")], _mirrored(_record("i"), replaced_by="e"))
    assert _due(sweep) == {"e": ()}
    assert sweep.missing() == []


def test_a_document_another_record_now_stands_for_is_not_left_behind(scratch: Scratch) -> None:
    sweep = _sweep(scratch, [_record("i", "new"), _record("j", "e")], _mirrored(_record("i", "e")))
    assert _due(sweep) == {"new": (), "e": ()}


def test_a_device_missing_from_the_sweep_still_bears_the_serial_number_another_shares(
    scratch: Scratch,
) -> None:
    before = _mirrored(_record("i1", "e1", "S"), _record("i2", "e2", "s"))
    sweep = _sweep(scratch, [_record("i2", "e2", "s")], before)
    assert len(sweep.missing()) == 1
    assert _names(scratch, "serial:s") == {"serial:s": {"e1", "e2"}}
    assert _names(scratch, "intune:i2") == {"intune:i2": {"e2"}}


def test_a_missing_device_names_nothing_the_sweep_does_not_name(scratch: Scratch) -> None:
    _sweep(scratch, [_record("i2", "e2", "s2")], _mirrored(_record("i1", "e1", "s1")))
    assert set(_names(scratch)) == {"intune:i2", "entra:e2", "serial:s2"}


def test_a_document_left_behind_bears_no_serial_number_any_more(scratch: Scratch) -> None:
    _sweep(scratch, [_record("i", "e", "s")], _mirrored(_record("i", serial="s")))
    assert _names(scratch, "serial:s") == {"serial:s": {"e"}}
    _sweep(scratch, [_record("i", "e", "s")], _mirrored(_record("old", "old", "s"), replaced_by="e"))
    assert _names(scratch, "serial:s") == {"serial:s": {"e"}}


def test_the_serial_number_of_a_device_enrolled_again_is_ambiguous_until_its_old_one_is_gone(
    scratch: Scratch,
) -> None:
    again, old = [_record("new", "e-new", "s")], _record("old", "e-old", "s")
    _sweep(scratch, again, _mirrored(old))
    assert _names(scratch, "serial:s") == {"serial:s": {"e-old", "e-new"}}
    sweep = _sweep(scratch, again, _mirrored(old, gone_at=datetime(2026, 6, 1, tzinfo=UTC)))
    assert _names(scratch, "serial:s") == {"serial:s": {"e-new"}}
    assert sweep.missing() == []
