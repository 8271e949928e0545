"""What a report holds, and the zip it comes in."""

import io
import zipfile
from typing import Any

import pytest

from tests.local.graph.exporting import JOBS, NAMES, ORDER, export, fetch, rows
from tests.local.graph.simulator import Simulator

pytestmark = pytest.mark.usefixtures("apps")


async def test_the_report_keeps_every_character_and_the_selected_columns(simulator: Simulator) -> None:
    report = await rows(await export(simulator))
    assert report[0] == ["DeviceId", "ApplicationName"]
    assert sorted(report[1:]) == sorted([["a1", "other"], *(["i1", name] for name in NAMES)])


@pytest.mark.parametrize(
    ("condition", "count"),
    [("(Platform eq 'IOS')", 4), ("DeviceId eq 'a1'", 1), ("(DeviceName eq 'it''s')", 0), ("", 5)],
)
async def test_a_filter_leaves_what_equals(simulator: Simulator, condition: str, count: int) -> None:
    assert len(await rows(await export(simulator, ORDER | {"filter": condition}))) - 1 == count


@pytest.mark.parametrize(
    "wrong",
    [
        {"reportName": "Devices"},
        {"select": ["DeviceId", "BundleId"]},
        {"filter": "(Platform ne 'IOS')"},
        {"filter": "(ApplicationKey eq 'x')"},
        {"format": "json"},
    ],
)
async def test_what_the_report_lacks_or_is_not_simulated_gets_400(
    simulator: Simulator, wrong: dict[str, Any]
) -> None:
    assert (await simulator.ask("POST", JOBS, ORDER | wrong))[0] == 400


async def test_a_filter_is_ignored(simulator: Simulator) -> None:
    simulator.faults.export(filter_ignored=True)
    assert len(await rows(await export(simulator, ORDER | {"filter": "(Platform eq 'IOS')"}))) == 6


async def test_a_zip_hides_how_much_it_holds(simulator: Simulator) -> None:
    simulator.faults.export(padding_mib=64, claimed_size=1000)
    _, body = await fetch((await export(simulator))["url"])
    assert len(body) < 1024 * 1024
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        entry = archive.infolist()[0]
        assert entry.file_size == 1000
        with pytest.raises(zipfile.BadZipFile):
            archive.read(entry)
        entry.file_size = 2**40
        assert len(archive.read(entry)) > 64 * 1024 * 1024
    assert (1000).to_bytes(8, "little") in body[:100]
