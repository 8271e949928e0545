"""CONTRIBUTING on adding a partner, held against what it names."""

import inspect
import pathlib
import re
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields, known
from ingest_threat.partners._adapter import Adapter, Item
from shared.domain import record
from shared.domain.level import Level
from shared.domain.record import Status, ThreatRecord
from tests.ingest_threat.partners.crossing import is_named, paths, with_value
from tests.ingest_threat.partners.odd import Odd

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTION = TEXT.partition("## Adding a partner\n")[2].partition("\n## ")[0]
FROM_ITEM = {"partner", "index"}
"""What every record takes from its item; the table does not repeat it."""
ALERT: JsonObject = {
    "alert_id": 7,
    "name": "rooted device",
    "severity": "severe",
    "time": "2026-02-01T08:00:00Z",
    "owner": "Anna",
    "device": {"id": "agent-1", "intune_id": "mdm-1", "udid": "00008111-00AA11BB22CC33DD", "system": "iOS"},
}
"""One the example reads."""


def _rows(header: str) -> list[list[str]]:
    """The cells of the table whose first column has this header."""
    [table] = re.findall(rf"^\| {header} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", SECTION, re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]


def test_every_reader_is_named_and_no_other() -> None:
    readers = {
        name
        for name, function in vars(_fields).items()
        if inspect.isfunction(function)
        and function.__module__ == _fields.__name__
        and not name.startswith("_")
    }
    assert {reader.strip("`") for reader, *_ in _rows("reader")} == readers


def test_the_fields_that_a_record_cannot_be_without_are_named() -> None:
    named = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in _rows("record")}
    for model in (
        record.ThreatRecord,
        record.DeviceStateRecord,
        record.DeviceIdentityRecord,
        record.AppInventoryRecord,
    ):
        assert named.pop(model.__name__) == _required(model)
    assert set(named) == {"item.ignored(reason)", "raise Foreign"}


def _required(model: type[BaseModel]) -> set[str]:
    return {name for name, field in model.model_fields.items() if field.is_required()} - FROM_ITEM


def test_the_vendors_to_start_from_are_there() -> None:
    named = {slug for _, files in _rows("yours sends") for slug in re.findall(r"`(\w+)\.py`", files)}
    assert named
    assert named <= known()


@pytest.mark.parametrize(("state", "status"), [("Open", Status.OPEN), ("closed", Status.RESOLVED)])
def test_the_example_reads_what_it_says(state: str, status: Status) -> None:
    read = _read({**ALERT, "state": state})
    assert (read.threat_type, read.severity, read.status) == ("jailbreak_root", Level.HIGH, status)
    assert read.event_at == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert (read.partner_device_id, read.mdm_device_id) == ("agent-1", "mdm-1")
    assert read.udid == "00008111-00AA11BB22CC33DD"


def test_the_example_takes_no_placeholder_for_a_device() -> None:
    nobody = _read({**ALERT, "device": {"id": "n/a", "intune_id": "0000", "udid": "123456789"}})
    assert (nobody.partner_device_id, nobody.mdm_device_id, nobody.udid) == (None, None, None)


def _read(alert: JsonObject) -> ThreatRecord:
    """What the example reads of an alert."""
    adapter = _made("ADAPTER")
    assert isinstance(adapter, Adapter)
    [read] = adapter.read(Item("example", 0, alert, None))
    assert isinstance(read, ThreatRecord)
    return read


def _made(name: str) -> object:
    """What the example of this name in capitals is: a block of code that assigns it."""
    [example] = re.findall(rf"```python\n((?:(?!```).)*^{name} = .*?)```", SECTION, re.DOTALL | re.MULTILINE)
    module: dict[str, object] = {"Odd": Odd}
    exec(compile(example, "CONTRIBUTING.md", "exec"), module)
    return module[name]


def test_the_example_shows_how_a_partner_that_reports_threats_alone_says_so() -> None:
    adapter = _made("ADAPTER")
    assert isinstance(adapter, Adapter)
    assert not adapter.says_clean


def test_what_may_be_odd_in_the_example_changes_neither_threat_nor_device() -> None:
    odd = _made("ODD")
    assert isinstance(odd, Odd)
    alert: JsonObject = {**ALERT, "state": "Open"}
    read = _read(alert)
    places = [path for path in paths(alert) if is_named(path, (*odd.times, *odd.described, *odd.words))]
    assert {path[-1] for path in places} == {*odd.times, *odd.described, *odd.words}
    for path in places:
        other = _read(with_value(alert, path, ["x", "y"]))
        assert (other.threat_key, other.partner_device_id) == (read.threat_key, read.partner_device_id), path


def test_the_readme_names_every_partner_of_the_overview() -> None:
    overview = (ROOT / "docs" / "partners" / "README.md").read_text(encoding="utf-8")
    names = re.findall(r"^\| \[([^\]]+)\]\(\w+\.md\) \|", overview, re.MULTILINE)
    [sentence] = re.findall(r"^Reports come from (.*?)\. ", README, re.DOTALL | re.MULTILINE)
    listed = re.split(r", | and ", " ".join(sentence.partition(":")[2].split()))
    assert len(listed) == len(names), "README.md, How it flows: name every partner"
    assert {name.split()[0] for name in names} == {name.split()[0] for name in listed}
