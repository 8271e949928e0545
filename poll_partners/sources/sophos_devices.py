"""Sophos Mobile's list of devices: `GET /mobile/v1/devices` of the tenant's region.

Documented by the vendor (its Postman collection): `page` from 1, `pageSize`, `pageTotal`, `view=full`,
without which no row has a time, the fields of a row, `devicePropertyKey` of a device's properties, and that
429 says when to come again. Seen in one public client: at most 500 rows a page, that `pages.total` counts
pages and `pages.items` rows, and that `device.serial-number` is such a property; of each device it is asked
once, a few at each reading. Inferred: that a device's `id` is the `endpoint_id` of its events (the vendor's
actions on endpoints take it as such), that an Intercept X beside another MDM may have no serial number to
tell, and that a full row without the agent's own contact has no agent. No order is documented, so none is
asked for: a list whose rows are counted otherwise at its end than at its beginning is not whole, nor is one
in which a row comes twice, in another's place.

What a row calls secure, and what that ends, is the adapter's table (`CLEARS`). A row has no time of its
health, so what it says is taken for said 15 minutes before the reading began.
"""

from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from pydantic import JsonValue

from poll_partners.client import Client
from poll_partners.source import ListPage, Roster, Row
from poll_partners.sources._pages import day_of, is_dormant_by, page_of
from poll_partners.sources.sophos import GLOBAL, login
from shared.domain.model import digest
from shared.domain.moment import iso_utc
from shared.errors import SourceRefused, SourceUnreadable

DEVICES = "/mobile/v1/devices"
PAGE_SIZE = 500
SERIAL = "device.serial-number"
COMPUTERS = frozenset({"windows", "macos", "chrome"})
"""Platforms of rows that are no phone's."""
SAID = ("healthState", "compliance", "managedState", "managementType")
COUNTS = ("maliciousCount", "suspiciousCount", "puaCount", "lowReputationCount")
"""What of a row matters, and of its last scan; the times of both change every day."""
GIVEN = ("id", "os", "healthState", "compliance", "managedState", "scanResultSummary", "lastSeenAt")
"""What the adapter is given of it: no name, no address, no number."""
AGENT_SEEN = "ixmAppLastSeenAt"


async def fetch(client: Client, page: str | None, as_of: datetime) -> ListPage:
    """One page of the list. A position is the number of the page, the rows before it, how many there were at
    the beginning, and how many of those before were no phones."""
    number, before, first, computers = (int(part) for part in (page or "1:0:-1:0").split(":"))
    parameters: dict[str, str | int] = {
        "view": "full",
        "page": number,
        "pageSize": PAGE_SIZE,
        "pageTotal": "true",
    }
    try:
        content = await client.get(DEVICES, parameters)
    except SourceRefused as refused:
        if refused.status not in {403, 404}:
            raise
        why = f"no licence for Sophos Mobile, or no role to read its devices ({refused})"
        raise SourceRefused(why, status=refused.status) from None
    rows = content.get("items") if isinstance(content, dict) else None
    pages = content.get("pages") if isinstance(content, dict) else None
    if not isinstance(rows, list) or not isinstance(pages, dict):
        raise SourceUnreadable("an answer without a list of items and its paging")
    last, there_are = pages.get("total"), pages.get("items")
    if not isinstance(last, int) or not isinstance(there_are, int):
        raise SourceUnreadable("a list of devices that does not say how long it is")
    if first not in (-1, there_are):
        raise SourceUnreadable("the list changed while it was read")
    read = before + len(rows)
    if number >= last and read != there_are:
        raise SourceUnreadable("a list of devices that ends before its last")
    phones = [_row(row, as_of) for row in map(_device, rows) if not _is_computer(row)]
    computers += len(rows) - len(phones)
    following = f"{number + 1}:{read}:{there_are}:{computers}" if read != there_are else None
    return ListPage(phones, following, there_are - computers)


def _device(row: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
        raise SourceUnreadable("a device without its id")
    return row


def _is_computer(row: dict[str, JsonValue]) -> bool:
    system = row.get("os")
    return isinstance(system, dict) and str(system.get("platform")).casefold() in COMPUTERS


def _row(row: dict[str, JsonValue], as_of: datetime) -> Row:
    health, scan = row.get("healthState"), row.get("scanResultSummary")
    counts = {name: scan.get(name) for name in COUNTS} if isinstance(scan, dict) else None
    state = health.get("state") if isinstance(health, dict) else None
    contact = row.get(AGENT_SEEN)
    seen_on = day_of(contact)
    agent = contact is not None and not is_dormant_by(seen_on, as_of)
    given = {name: row[name] for name in GIVEN if name in row}
    return Row(
        device=str(row["id"]),
        said=digest({"counts": counts, "agent": agent, **{n: row.get(n) for n in SAID}})[:16],
        seen_on=seen_on,
        changed=contact if isinstance(contact, str) else None,
        is_clean=isinstance(state, str) and state.casefold() == "green",
        # A full row without the agent's own contact has none: the MDM's would stand for it else.
        content={**given, AGENT_SEEN: contact, "as_of": iso_utc(as_of)},
    )


async def complete(client: Client, row: Row) -> Row:
    """The row with the device's serial number, where the vendor knows one."""
    try:
        path = f"{DEVICES}/{quote(row.device, safe='')}/properties"
        content = await client.get(path, {"devicePropertyKey": SERIAL})
    except SourceRefused as refused:
        if refused.status != 404:
            raise
        return replace(row, is_complete=True)  # it left the list meanwhile
    _, items = page_of(content, "items")
    if not isinstance(row.content, dict):
        raise SourceUnreadable("a device that was not kept")
    found = [each.get("value") for each in items if isinstance(each, dict) and each.get("key") == SERIAL]
    serial = {"serialNumber": found[0]} if found else {}
    return replace(row, content={**row.content, **serial}, is_complete=True)


SOURCE = Roster(
    partner="sophos",
    needed=("client_id", "secret"),
    login=login,
    url=GLOBAL,
    envelope="items",
    fetch=fetch,
    complete=complete,
)
