"""Rows of the report on scratch paper: kept by device, whatever order they come in."""

import pathlib
import random
import zipfile
from collections.abc import Iterator

import pytest

from shared.domain.app_sync import OptIn
from shared.domain.inventory import AppRow, Collected
from shared.domain.model import DeviceFacts, Ownership
from shared.domain.record import Platform
from sync_inventory.apps import rows as app_rows
from sync_inventory.apps.mobile_apps import MobileApps
from sync_inventory.apps.report import COLUMNS
from sync_inventory.apps.rows import AppRows
from sync_inventory.scratch import Scratch

ON = {"lookout": OptIn(app_sync=True)}


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with Scratch() as one:
        one.script("CREATE TABLE device (id TEXT, intune TEXT, facts TEXT);")
        yield one


def _device(
    scratch: Scratch,
    number: int = 1,
    platform: Platform = Platform.IOS,
    ownership: Ownership = Ownership.COMPANY,
) -> None:
    facts = DeviceFacts(intune_id=f"Intune-{number}", platform=platform, ownership=ownership)
    row = (f"device-{number}", f"intune-{number}", facts.model_dump_json())
    scratch.write("INSERT INTO device VALUES (?, ?, ?)", *row)


def _take(scratch: Scratch, folder: pathlib.Path, *rows: str) -> AppRows:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("a.csv", "\n".join((",".join(COLUMNS), *rows)))
    taken = AppRows(scratch)
    taken.take(folder / "a.zip")
    return taken


def _collected(rows: AppRows) -> list[Collected]:
    return list(rows.by_device(MobileApps(), ON))


def test_rows_that_lie_scattered_come_together_by_device(scratch: Scratch, tmp_path: pathlib.Path) -> None:
    rows = [f"Intune-{device},IOS,App {app},{app}.0," for device in (1, 2, 3) for app in range(40)]
    random.Random(7).shuffle(rows)
    for device in (1, 2, 3):
        _device(scratch, device)
    found = _collected(_take(scratch, tmp_path, *rows))
    expected = tuple(sorted(AppRow(f"App {app}", f"{app}.0", None, None, False) for app in range(40)))
    assert [(each.id, each.intune_id) for each in found] == [
        (f"device-{number}", f"Intune-{number}") for number in (1, 2, 3)
    ]
    assert all(tuple(each.rows) == expected for each in found)


@pytest.mark.parametrize(
    "row",
    [
        "Intune-9,IOS,Mail,1,",  # nobody knows the device
        "Intune-1,ANDROID,Mail,1,",  # the filter was ignored, and device ids are not all there is
        "Intune-1,,Mail,1,",
        "Intune-1,IOS,,1,",  # an app without a name is none
        "Intune-2,IOS,Mail,1,",  # an Android device, whatever the row says
    ],
)
def test_a_row_of_no_app_on_a_device_at_stake_is_left_out(
    scratch: Scratch, tmp_path: pathlib.Path, row: str
) -> None:
    _device(scratch)
    _device(scratch, 2, Platform.ANDROID)
    rows = _take(scratch, tmp_path, row)
    assert (rows.kept, rows.devices) == (0, 1)
    assert [tuple(each.rows) for each in _collected(rows)] == [()]


@pytest.mark.parametrize("platform", ["IOS", "iOS", "iPadOS", " IOS "])
def test_the_platform_may_be_spelt_in_any_way(
    scratch: Scratch, tmp_path: pathlib.Path, platform: str
) -> None:
    _device(scratch)
    assert _take(scratch, tmp_path, f"INTUNE-1,{platform},Mail,1,").kept == 1


def test_what_has_the_same_name_and_another_version_is_another_row(
    scratch: Scratch, tmp_path: pathlib.Path
) -> None:
    _device(scratch)
    rows = ("Intune-1,IOS,Mail,1,", "Intune-1,IOS,Mail,2,", "Intune-1,IOS,Mail,2,", "Intune-1,IOS,Mail,2,b")
    [found] = _collected(_take(scratch, tmp_path, *rows))
    assert [(row.version, row.short_version) for row in found.rows] == [("1", None), ("2", None), ("2", "b")]


def test_a_very_long_name_is_clipped_and_one_of_blanks_is_no_app(
    scratch: Scratch, tmp_path: pathlib.Path
) -> None:
    _device(scratch)
    [found] = _collected(_take(scratch, tmp_path, f"Intune-1,IOS,{'x' * 9000},1,", "Intune-1,IOS,  ,1,1"))
    assert [row.name for row in found.rows] == ["x" * 500]


def test_apps_are_numbered_right_even_where_their_numbers_are_forgotten(
    scratch: Scratch, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_rows, "REMEMBERED_APPS", 1)
    _device(scratch)
    _device(scratch, 2)
    rows = [f"Intune-{device},IOS,App {app},1," for app in range(5) for device in (1, 2)] * 2
    assert [len(each.rows) for each in _collected(_take(scratch, tmp_path, *rows))] == [5, 5]
    assert scratch.count("SELECT COUNT(*) FROM app") == 5


def test_an_app_is_looked_at_once_and_not_once_a_device(
    scratch: Scratch, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []
    joined = MobileApps.joined

    def noting(self: MobileApps, row: AppRow, ownership: Ownership) -> AppRow:
        looked_at.append((row.name, ownership))
        return joined(self, row, ownership)

    monkeypatch.setattr(MobileApps, "joined", noting)
    for number in range(1, 6):
        _device(scratch, number)
    rows = [f"Intune-{number},IOS,{name},1," for number in range(1, 6) for name in ("Mail", "Game")]
    assert [len(each.rows) for each in _collected(_take(scratch, tmp_path, *rows))] == [2] * 5
    assert len(looked_at) == len(set(looked_at))


def test_of_very_many_apps_on_one_device_some_are_left_out(
    scratch: Scratch, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_rows, "MAX_APPS", 3)
    _device(scratch)
    _device(scratch, 2)
    rows = [f"Intune-1,IOS,App {app},1," for app in range(9)] + ["Intune-2,IOS,Mail,1,"]
    assert [len(each.rows) for each in _collected(_take(scratch, tmp_path, *rows))] == [3, 1]


def test_a_second_report_takes_the_place_of_the_first(scratch: Scratch, tmp_path: pathlib.Path) -> None:
    _device(scratch)
    _take(scratch, tmp_path, "Intune-1,IOS,Mail,1,")
    [found] = _collected(_take(scratch, tmp_path, "Intune-1,IOS,Game,1,"))
    assert [row.name for row in found.rows] == ["Game"]


def test_rows_are_counted_and_those_that_cannot_be_read_apart(
    scratch: Scratch, tmp_path: pathlib.Path
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "\n".join((",".join(COLUMNS), "Intune-1,IOS,Mail,1.0,", "Intune-1,IOS")))
    _device(scratch)
    counts = AppRows(scratch).take(tmp_path / "a.zip")
    assert (counts["rows"], counts["rows_unreadable"], counts["rows_kept"]) == (2, 1, 1)
