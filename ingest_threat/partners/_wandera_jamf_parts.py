"""What Jamf's events and lists of devices share. Pure."""

import re

from ingest_threat.body import JsonObject

_UDID = re.compile(r"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{8}-[0-9A-Fa-f]{16}")


def object_in(of: JsonObject, name: str) -> JsonObject:
    """The object under `name`, where there is one: what else stands there is another shape's."""
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def udid_in(external: str | None) -> str | None:
    """The vendor's `externalId` where it is a UDID."""
    return external if external and _UDID.fullmatch(external) else None
