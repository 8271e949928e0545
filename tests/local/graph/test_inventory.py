"""The rows of the report on apps."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from local.graph.directory import Directory
from local.graph.inventory import BLOCK, COLUMNS, Row, blocks, put_detected_apps, put_synthetic_apps


@pytest.fixture
def state() -> Iterator[Directory]:
    with closing(Directory(None)) as directory:
        yield directory


def everything(state: Directory) -> list[Row]:
    return [row for block in blocks(state) for row in block]


def test_a_row_says_what_intune_knows_of_app_and_device(state: Directory) -> None:
    state.put_managed_device(
        {
            "id": "d1",
            "deviceName": "pad",
            "operatingSystem": "iPadOS",
            "osVersion": "26.1",
            "userId": "u1",
            "userDisplayName": "Some Body",
            "emailAddress": "some.body@example.com",
        }
    )
    app = {
        "ApplicationKey": "k",
        "ApplicationName": "n",
        "ApplicationPublisher": "p",
        "ApplicationShortVersion": "1",
        "ApplicationVersion": "1.2",
    }
    put_detected_apps(state, {"deviceId": "D1", "apps": [app]})
    device = ("d1", "pad", "some.body@example.com", "iPadOS", "26.1", "IOS", "u1", "Some Body")
    assert everything(state) == [("k", "n", "p", "1", "1.2", *device)]
    assert COLUMNS[5:] == (
        *("DeviceId", "DeviceName", "EmailAddress", "OSDescription", "OSVersion"),
        *("Platform", "UserId", "UserName"),
    )


def test_what_is_not_known_is_empty_and_apps_have_keys_of_their_own(state: Directory) -> None:
    state.put_managed_device({"id": "d1", "deviceName": None})
    put_detected_apps(state, {"deviceId": "d1", "apps": [{"ApplicationName": "a"}, {"ApplicationName": "b"}]})
    rows = everything(state)
    assert [row[1:] for row in rows] == [(name, "", "", "", "d1", *[""] * 7) for name in "ab"]
    assert len({row[0] for row in rows}) == 2


def test_only_managed_devices_are_in_the_report(state: Directory) -> None:
    put_detected_apps(state, {"deviceId": "gone", "apps": [{"ApplicationName": "a"}]})
    assert everything(state) == []


def test_synthetic_apps_are_the_same_every_time_and_for_ios_only(state: Directory) -> None:
    put_synthetic_apps(state, {"apps_per_device": 60})
    for id_, system in (("i1", "iOS"), ("i2", "iOS"), ("a1", "Android"), ("i3", "iOS")):
        state.put_managed_device({"id": id_, "operatingSystem": system})
    put_detected_apps(state, {"deviceId": "i3", "apps": [{"ApplicationName": "only this"}]})
    rows = everything(state)
    names = {id_: {row[1] for row in rows if row[5] == id_} for id_ in ("i1", "i2", "a1", "i3")}
    assert [len(names[id_]) for id_ in names] == [60, 60, 0, 1]
    assert names["i1"] != names["i2"]
    assert rows == everything(state)


def test_a_devices_rows_lie_apart(state: Directory) -> None:
    put_synthetic_apps(state, {"apps_per_device": 4})
    for number in range(2 * BLOCK):
        state.put_managed_device({"id": f"{number:04}", "operatingSystem": "iOS"})
    places = [place for place, row in enumerate(everything(state)) if row[5] == "0007"]
    assert places == [7, BLOCK + 7, 4 * BLOCK + 7, 5 * BLOCK + 7]


def test_an_app_with_an_unknown_column_is_refused(state: Directory) -> None:
    with pytest.raises(KeyError):
        put_detected_apps(state, {"deviceId": "d1", "apps": [{"Name": "a"}]})
