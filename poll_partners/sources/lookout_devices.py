"""Lookout's list of devices: `GET /mra/api/v2/devices`.

Documented by the vendor (swagger 2.0, 2024): `limit` up to 1,000, rows by descending `oid`, the next page
strictly below the last row's `oid`, an empty page at the end, and no filter for what changed: a list is the
whole list. The samples there contradict the order, so each page proves it. Inferred: `updated_time` is when
the row last changed, and so the time of its SECURE.
"""

from datetime import datetime

from pydantic import JsonValue

from poll_partners.client import Client
from poll_partners.source import ListPage, Roster, Row
from poll_partners.sources._pages import day_of, page_of
from poll_partners.sources.lookout import is_dead, login
from shared.domain.model import digest
from shared.errors import SourceUnreadable

DEVICES = "/mra/api/v2/devices"
PAGE_SIZE = 500
"""A row has the settings, permissions and vulnerabilities of its phone in it."""
STATUSES = ("activation_status", "protection_status", "security_status")
SAID = (*STATUSES, "profile_type", "parent_device_guid", "parent_status", "details", "mdm_type")
"""What of a row matters: its other times, software and settings change every day."""
GIVEN = (
    *("guid", "oid", "platform", "updated_time", "checkin_time", "deactivated_at", "disconnected_at"),
    *("software", *SAID),
)
"""What the adapter is given of it: nothing of the person, and no list of what is on the phone."""


async def fetch(client: Client, page: str | None, as_of: datetime) -> ListPage:
    """One page of the list."""
    parameters: dict[str, str | int] = {"limit": PAGE_SIZE}
    if page is not None:
        parameters["oid"] = page
    _, rows = page_of(await client.get(DEVICES, parameters), "devices")
    found = [_row(row) for row in rows]
    places = [place for _, place in found]
    if any(a <= b for a, b in zip([page or "~", *places], places, strict=False)):
        raise SourceUnreadable("the list does not come in its order")
    return ListPage([row for row, _ in found], places[-1] if places else None)


def _row(row: JsonValue) -> tuple[Row, str]:
    """A row, and its place in the order."""
    guid = row.get("guid") if isinstance(row, dict) else None
    oid = row.get("oid") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(guid, str) or not isinstance(oid, str):
        raise SourceUnreadable("a device without its ids")
    changed = row.get("updated_time")
    return Row(
        device=guid,
        said=digest({name: row.get(name) for name in SAID})[:16],
        seen_on=day_of(row.get("checkin_time")),
        changed=changed if isinstance(changed, str) else None,
        is_clean=row.get("security_status") == "SECURE",
        content={name: row[name] for name in GIVEN if name in row},
    ), oid.lower()


SOURCE = Roster(
    partner="lookout",
    login=login,
    is_dead=is_dead,
    url="https://api.lookout.com",
    envelope="devices",
    fetch=fetch,
)
