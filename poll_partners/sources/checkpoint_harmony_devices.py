"""Check Point's list of devices: `GET /app/SBM/external_api/v1/device_status/`.

Seen in public clients: the path with its slash, `limit` and `offset`, `internal_id`, `risk`, `status`,
`last_connection`. A row has no time of its risk, and a list is computed before it is read: what it says is
taken for said 15 minutes before the reading began. It shows that an agent is there and at work; it ends no
threat, because that `internal_id` is the `device_id` of the alerts is inferred. What moves while pages are
read by offset may slip or come twice: where the count moved, or fewer devices came, the list is not whole.
"""

from datetime import datetime

from pydantic import JsonValue

from poll_partners.client import Client
from poll_partners.source import ListPage, Roster, Row
from poll_partners.sources._pages import number, page_of
from poll_partners.sources.checkpoint_harmony import is_dead, login
from shared.dates import date_of
from shared.domain.model import digest
from shared.domain.moment import iso_utc
from shared.errors import SourceUnreadable

DEVICES = "/app/SBM/external_api/v1/device_status/"
PAGE_SIZE = 500
SAID = ("risk", "status", "mdm_uuid", "mdm")
GIVEN = ("internal_id", "id", "last_connection", "os_type", "os_version", "model", "device_type", *SAID)
"""What the adapter is given of a row: no name, no number, no address."""


async def fetch(client: Client, page: str | None, as_of: datetime) -> ListPage:
    """One page of the list."""
    offset, _, first = (page or "0:").partition(":")
    answer = await client.get(DEVICES, {"limit": PAGE_SIZE, "offset": offset, "format": "json"})
    content, rows = page_of(answer, "objects")
    meta = content.get("meta")
    if not isinstance(meta, dict):
        raise SourceUnreadable("an answer without its paging")
    total = str(meta.get("total_count"))
    if first and total != first:
        raise SourceUnreadable("the list changed while it was read")
    following = f"{int(offset) + len(rows)}:{total}" if meta.get("next") and rows else None
    return ListPage([_row(row, as_of) for row in rows], following, number(meta.get("total_count")))


def _row(row: JsonValue, as_of: datetime) -> Row:
    id_ = row.get("internal_id", row.get("id")) if isinstance(row, dict) else None
    if not isinstance(row, dict) or isinstance(id_, bool) or not isinstance(id_, str | int):
        raise SourceUnreadable("a device without its id")
    return Row(
        device=str(id_),
        said=digest({name: row.get(name) for name in SAID})[:16],
        seen_on=_day(row.get("last_connection")),
        changed=None,
        is_clean=str(row.get("risk")) == "0",
        content={**{name: row[name] for name in GIVEN if name in row}, "as_of": iso_utc(as_of)},
    )


def _day(written: JsonValue) -> str | None:
    """The day of a date in the format of mail; None where it is none."""
    at = date_of(written) if isinstance(written, str) else None
    return at.date().isoformat() if at else None


SOURCE = Roster(
    partner="checkpoint_harmony",
    login=login,
    is_dead=is_dead,
    needed=("url", "client_id", "secret"),
    envelope="objects",
    fetch=fetch,
)
