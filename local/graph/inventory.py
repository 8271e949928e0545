"""The rows of Intune's report AppInvRawData: one app on one managed device.

Source: Intune "Reports and properties available using Graph API" (columns, what can be filtered). How the
report spells platforms, and where it has the user's and the system's columns from, is inferred. Left out:
ApplicationKey's real make, a report of one moment (devices that change meanwhile may show in part).
"""

import functools
import hashlib
import itertools
import zlib
from collections.abc import Iterator

from local.graph.directory import Directory, Kind
from local.graph.problem import Document

APP_COLUMNS = (
    "ApplicationKey",
    "ApplicationName",
    "ApplicationPublisher",
    "ApplicationShortVersion",
    "ApplicationVersion",
)
DEVICE_PROPERTIES = {
    "DeviceId": "id",
    "DeviceName": "deviceName",
    "EmailAddress": "emailAddress",
    "OSDescription": "operatingSystem",
    "OSVersion": "osVersion",
    "Platform": "operatingSystem",
    "UserId": "userId",
    "UserName": "userDisplayName",
}
COLUMNS = (*APP_COLUMNS, *DEVICE_PROPERTIES)
PLATFORM = COLUMNS.index("Platform") - len(APP_COLUMNS)
BLOCK = 100
"""How many devices are looked at together."""
CATALOGUE = 2000
"""How many synthetic apps there are to have."""

Row = tuple[str, ...]


def put_detected_apps(state: Directory, document: Document) -> None:
    """{"deviceId", "apps": [{"ApplicationName", …}]}: what the device with that Intune id has from now on."""
    for app in document["apps"]:
        for name in app.keys() - {*APP_COLUMNS}:
            raise KeyError(name)
    state.put(Kind.DETECTED_APPS, document["deviceId"], document)


def put_synthetic_apps(state: Directory, document: Document) -> None:
    """{"apps_per_device": 60}: so many, derived from its id, for each iOS device no apps were put for."""
    state.put(Kind.SYNTHETIC_APPS, "", {"apps_per_device": int(document["apps_per_device"])})


def blocks(state: Directory) -> Iterator[list[Row]]:
    """Every row with all columns, some at a time: a device's rows lie scattered over both halves."""
    synthetic = (state.get(Kind.SYNTHETIC_APPS, "") or {}).get("apps_per_device", 0)
    for half in (0, 1):
        after = ""
        while page := state.page(Kind.MANAGED_DEVICE, after, BLOCK):
            after = page[-1][0]
            owners = [(_apps(state, device, synthetic)[half::2], _device(device)) for _, device in page]
            layers = itertools.zip_longest(*([app + owner for app in apps] for apps, owner in owners))
            yield [row for layer in layers for row in layer if row is not None]


def _apps(state: Directory, device: Document, synthetic: int) -> list[Row]:
    put = state.get(Kind.DETECTED_APPS, device["id"])
    if put is not None:
        return [_app(app) for app in put["apps"]]
    if _device(device)[PLATFORM] != "IOS":
        return []
    first = zlib.crc32(device["id"].lower().encode()) % CATALOGUE
    return [_synthetic((first + number) % max(CATALOGUE, synthetic)) for number in range(synthetic)]


def _app(app: Document) -> Row:
    key = hashlib.sha256(repr(sorted(app.items())).encode(errors="replace")).hexdigest()
    return tuple(_text({"ApplicationKey": key, **app}.get(name)) for name in APP_COLUMNS)


@functools.lru_cache(maxsize=2 * CATALOGUE)
def _synthetic(number: int) -> Row:
    version = f"{number % 9 + 1}.{number % 5}"
    return _app(
        {
            "ApplicationName": f"Sample App {number}",
            "ApplicationPublisher": f"Sample Publisher {number % 40}",
            "ApplicationShortVersion": version,
            "ApplicationVersion": f"{version}.{number}",
        }
    )


def _device(device: Document) -> Row:
    row = [_text(device.get(name)) for name in DEVICE_PROPERTIES.values()]
    row[PLATFORM] = row[PLATFORM].upper().replace("IPADOS", "IOS")
    return tuple(row)


def _text(value: object) -> str:
    return "" if value is None else str(value)
