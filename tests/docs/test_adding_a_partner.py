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

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTION = TEXT.partition("## Adding a partner\n")[2].partition("\n## ")[0]
FROM_ITEM = {"partner", "index"}
"""What every record takes from its item; the table does not repeat it."""
ALERT: JsonObject = {
    "alert_id": 7,
    "name": "rooted device",
    "severity": "severe",
    "time": "2026-02-01T08:00:00Z",
    "device": {"id": "agent-1", "system": "Android"},
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
    [example] = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    module: dict[str, object] = {}
    exec(compile(example, "CONTRIBUTING.md", "exec"), module)
    adapter = module["ADAPTER"]
    assert isinstance(adapter, Adapter)
    [read] = adapter.read(Item("example", 0, {**ALERT, "state": state}, None))
    assert isinstance(read, ThreatRecord)
    assert (read.threat_type, read.severity, read.status) == ("jailbreak_root", Level.HIGH, status)
    assert read.event_at == datetime(2026, 2, 1, 8, tzinfo=UTC)
