"""Pradeo's list of devices: `GET /v2/devices` of its Security API.

Documented by the vendor (api.docs.pradeo.io): two keys in headers and no login, `take` up to 500 and `skip`,
the envelope `{total, items}`, 1,000 requests a minute, the fields of a row. That paging is shown of its
groups of devices; that the list of devices has the same is inferred, so a list is whole where it holds as
many phones as it counts, and the count stayed. A row has no time of its levels: what it says is taken for
said 15 minutes before the reading began. It shows that an agent is there and at work, and raises; it ends no
threat. **The same keys create and delete**: nothing is asked for here but by GET.
"""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from poll_partners.client import Client, Granted
from poll_partners.source import ListPage, Roster, Row
from poll_partners.sources._pages import day_of, is_dormant_by, number, page_of
from shared.domain.model import digest
from shared.domain.moment import iso_utc
from shared.domain.poll_settings import PollSettings
from shared.errors import SourceUnreadable

DEVICES = "/v2/devices"
PAGE_SIZE = 500
SAID = ("riskLevel", "securityStatus", "agentStatus", "serialNumber")
GIVEN = ("id", "platform", "osVersion", "model", "enrolledAt", "lastSyncAt", *SAID)
"""What the adapter is given of a row: no name, no number, no address."""


async def login(client: Client) -> Granted:
    """Nothing is traded: each request bears the keys."""
    return Granted("keys", lives=float("inf"))


def authentication(settings: PollSettings, token: str) -> Mapping[str, str]:
    """The headers by which a request is the customer's."""
    return {"x-access-key": settings.client_id, "x-secret-key": settings.secret}


async def fetch(client: Client, page: str | None, as_of: datetime) -> ListPage:
    """One page of the list; a position is how many rows came before it, and the count."""
    skip, _, before = (page or "0:").partition(":")
    content, rows = page_of(await client.get(DEVICES, {"take": PAGE_SIZE, "skip": skip}), "items")
    total = number(content.get("total"))
    if total is None:
        raise SourceUnreadable("a list that does not say how many there are")
    if before and total != number(before):
        raise SourceUnreadable("the list changed while it was read")
    after = int(skip) + len(rows)
    return ListPage(
        [_row(row, as_of) for row in rows], f"{after}:{total}" if rows and after < total else None, total
    )


def _row(row: JsonValue, as_of: datetime) -> Row:
    if not isinstance(row, dict) or not isinstance(id_ := row.get("id"), str):
        raise SourceUnreadable("a device without its id")
    seen_on = day_of(row.get("lastSyncAt"))
    said = [
        *(row.get(name) for name in SAID),
        seen_on is None,
        is_dormant_by(seen_on, as_of),
        day_of(row.get("enrolledAt")) is None,
    ]
    return Row(
        device=id_,
        said=digest(said)[:16],
        seen_on=seen_on,
        changed=None,
        is_clean=False,
        content={**{name: row[name] for name in GIVEN if name in row}, "as_of": iso_utc(as_of)},
    )


SOURCE = Roster(
    partner="pradeo",
    login=login,
    authentication=authentication,
    needed=("url", "client_id", "secret"),
    envelope="items",
    fetch=fetch,
    pause=0.1,
)
