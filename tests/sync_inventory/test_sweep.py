"""Intune's records, put in order."""

from datetime import UTC, datetime

from shared.model import DeviceFacts, link_id
from shared.record import Platform
from sync_inventory.facts import Record
from sync_inventory.sweep import MirroredDevice, Sweep


def _record(
    intune_id: str, entra_id: str | None = None, serial: str | None = None, day: int | None = 1
) -> Record:
    facts = DeviceFacts(intune_id=intune_id, entra_id=entra_id, serial=serial, platform=Platform.IOS)
    return Record(facts, None if day is None else datetime(2026, 6, day, tzinfo=UTC))


def _mirrored(*records: Record, replaced_by: str | None = None) -> dict[str, MirroredDevice]:
    devices = [
        MirroredDevice(
            id=record.facts.entra_id or link_id("intune", record.facts.intune_id),
            facts=record.facts,
            replaced_by=replaced_by,
        )
        for record in records
    ]
    return {device.id: device for device in devices}


def test_a_record_served_on_two_pages_is_one_and_its_newest_state_counts() -> None:
    sweep = Sweep([_record("i", "old", day=1), _record("I", "new", day=2), _record("i", "old", day=1)], {})
    assert set(sweep.devices) == {"new"}
    assert sweep.duplicates == 0


def test_the_ids_of_every_record_of_a_device_name_it() -> None:
    sweep = Sweep([_record("i1", "e", "s1", day=2), _record("i2", "e", "s2", day=None)], {})
    assert sweep.duplicates == 1
    assert sweep.devices["e"].intune_id == "i1"
    assert sweep.names == {
        key: {"e"} for key in ("intune:i1", "intune:i2", "entra:e", "serial:s1", "serial:s2")
    }


def test_a_device_without_an_entra_id_goes_by_its_intune_id() -> None:
    assert set(Sweep([_record("i")], {}).devices) == {"intune:i"}


def test_the_document_a_record_had_before_is_found_and_not_counted_as_missing() -> None:
    sweep = Sweep([_record("i", "e")], _mirrored(_record("i"), _record("gone", "gone")))
    assert sweep.previous == {"e": ["intune:i"]}
    assert sweep.missing == 1


def test_a_document_that_was_left_behind_is_neither_missing_nor_moved_again() -> None:
    sweep = Sweep([_record("i", "e")], _mirrored(_record("i"), replaced_by="e"))
    assert sweep.previous == {}
    assert sweep.missing == 0


def test_a_document_another_record_now_stands_for_is_not_left_behind() -> None:
    sweep = Sweep([_record("i", "new"), _record("j", "e")], _mirrored(_record("i", "e")))
    assert sweep.previous == {}


def test_a_device_missing_from_the_sweep_still_bears_the_serial_number_another_shares() -> None:
    sweep = Sweep([_record("i2", "e2", "s")], _mirrored(_record("i1", "e1", "S"), _record("i2", "e2", "s")))
    assert sweep.missing == 1
    assert sweep.names["serial:s"] == {"e1", "e2"}
    assert sweep.names["intune:i2"] == sweep.names["entra:e2"] == {"e2"}


def test_a_missing_device_names_nothing_the_sweep_does_not_name() -> None:
    sweep = Sweep([_record("i2", "e2", "s2")], _mirrored(_record("i1", "e1", "s1")))
    assert set(sweep.names) == {"intune:i2", "entra:e2", "serial:s2"}


def test_a_document_left_behind_bears_no_serial_number_any_more() -> None:
    assert Sweep([_record("i", "e", "s")], _mirrored(_record("i", serial="s"))).names["serial:s"] == {"e"}
    replaced = _mirrored(_record("old", "old", "s"), replaced_by="e")
    assert Sweep([_record("i", "e", "s")], replaced).names["serial:s"] == {"e"}


def test_the_serial_number_of_a_device_enrolled_again_is_ambiguous_while_its_old_document_stands() -> None:
    again = [_record("new", "e-new", "s")]
    assert Sweep(again, _mirrored(_record("old", "e-old", "s"))).names["serial:s"] == {"e-old", "e-new"}
    assert Sweep(again, {}).names["serial:s"] == {"e-new"}
