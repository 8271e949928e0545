"""Lookout's events by REST, which its stream has as well: `GET /mra/api/v2/events`.

Documented by the vendor: the token (`POST /oauth2/token` with the application key), a life in `expires_in`,
100 requests a minute, events kept for 10 days. Seen in a public client (Microsoft Sentinel's connector of
2026, and nowhere in the vendor's own description, which has the stream alone): the path, `types`, `limit`,
`start_time`, `oid` and `last_oid`, and that an `oid` of more than about 24 hours ago brings nothing more,
without an error. Inferred: an empty page, or a `last_oid` that does not move, is the end. Not known: whether
`start_time` means when an event was made or when it arrived; hence the longer readings.
"""

from datetime import datetime, timedelta

from pydantic import JsonValue

from poll_partners.client import Client, Granted, VendorAnswer
from poll_partners.source import Asked, Source, VendorPage
from poll_partners.sources._pages import moment_of, page_of
from poll_partners.windows import Longer, Reach
from shared.errors import CredentialRefused, SourceRefused, SourceUnavailable, SourceUnreadable

EVENTS = "/mra/api/v2/events"
TYPES = "THREAT,DEVICE,SMISHING_ALERT"
"""Not AUDIT: what admins do at the vendor's is no report."""
PAGE_SIZE = 200
"""Of a page: DEVICE events are large."""
MAX_ROWS = 1000
"""The most the vendor gives: what is asked for by its time may be alike in that."""
MAX_LOOKED_UP = 20
"""Threats of one page whose device is asked for."""
OID_TRUSTED = timedelta(hours=12)
"""So old may a row be for its `oid` to be believed that nothing comes after it."""
BY_TIME = "@"
DEAD_TOKEN = frozenset({"EXPIRED_TOKEN", "REVOKED_REFRESH_TOKEN"})
REACH = Reach(
    retention=timedelta(days=10),
    overlap=timedelta(minutes=15),
    longer=(
        Longer(every=timedelta(hours=1), back=timedelta(hours=4)),
        Longer(every=timedelta(hours=24), back=timedelta(days=3)),
    ),
    page_life=OID_TRUSTED,
)


async def login(client: Client) -> Granted:
    """An access token for the application key."""
    answer = await client.ask_for_token(
        "/oauth2/token",
        headers={"Authorization": f"Bearer {client.settings.secret}"},
        data={"grant_type": "client_credentials"},
    )
    token, lives = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(token, str) or not token:
        raise CredentialRefused("the login gave no token")
    return Granted(token, float(lives) if isinstance(lives, int | float) else 0.0)


def is_dead(answer: VendorAnswer) -> bool:
    """Whether an answer says that the token is over otherwise than by 401, as version 1 does."""
    said = answer.content if isinstance(answer.content, dict) else {}
    return answer.status == 400 and said.get("errorCode") in DEAD_TOKEN


async def fetch(client: Client, asked: Asked) -> VendorPage:
    """One page of events, in the vendor's order.

    A position is the last row's `oid` and its time. Behind one of long ago an empty page is not believed: the
    `oid` may have died, so the window is asked for once more without it, as much of it as the vendor gives;
    so it is where the `oid` is refused.
    """
    oid, at, by_time = _position(asked.page)
    begin = at if by_time and at else asked.begin
    parameters: dict[str, str | int] = {
        "types": TYPES,
        "limit": MAX_ROWS if by_time else PAGE_SIZE,
        "start_time": begin.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if oid is not None and not by_time:
        parameters["oid"] = oid
    try:
        content, rows = page_of(await client.get(EVENTS, parameters), "events")
    except SourceRefused as refused:
        if refused.status not in {400, 410} or "oid" not in parameters:
            raise
        return VendorPage([], "events", f"{BY_TIME}{asked.page}", asked.mark)
    following: str | None = None
    if by_time:
        following = f"{BY_TIME}{_last(content, rows)}" if len(rows) >= MAX_ROWS else None
    elif rows:
        following = _last(content, rows)
        # One row that is the position itself: a service that begins with it has nothing behind it.
        following = None if len(rows) == 1 and _position(following)[0] == oid else following
    elif oid and at and client.now().earliest - at > OID_TRUSTED:
        following = f"{BY_TIME}{oid}"
    return VendorPage(await with_devices(client, rows), "events", following, asked.mark)


def _position(page: str | None) -> tuple[str | None, datetime | None, bool]:
    """The `oid` of a position, the time of its row, and whether the `oid` is left out."""
    if page is None:
        return None, None, False
    oid, _, time = page.removeprefix(BY_TIME).partition(" ")
    return oid, moment_of(time), page.startswith(BY_TIME)


def _last(content: dict[str, JsonValue], rows: list[JsonValue]) -> str:
    """The position after a page that has rows."""
    last = content.get("last_oid") or _oid(rows[-1])
    if not isinstance(last, str):
        raise SourceUnreadable("a page of events without a position to go on from")
    row = next((each for each in rows if isinstance(each, dict) and _oid(each) == last), None)
    return f"{last} {row.get('created_time')}" if row else last


def _oid(row: JsonValue) -> JsonValue:
    return row.get("oid") or row.get("id") if isinstance(row, dict) else None


async def with_devices(client: Client, rows: list[JsonValue]) -> list[JsonValue]:
    """`rows`; what an administrator or the service did to a threat names no device, and the threat's own row
    does."""
    found: list[JsonValue] = []
    left = MAX_LOOKED_UP
    for row in rows:
        where = _nobodys_threat(row)
        if where is None or left == 0 or not isinstance(row, dict):
            found.append(row)
            continue
        left -= 1
        found.append({**row, **await _device_of(client, *where)})
    return found


def _nobodys_threat(row: JsonValue) -> tuple[str, str] | None:
    """Where the threat of an event that names no device is looked up: path and guid."""
    if not isinstance(row, dict) or row.get("type") != "THREAT" or row.get("device"):
        return None
    parties = (row.get("actor"), row.get("target"))
    if any(isinstance(party, dict) and party.get("type") == "DEVICE" for party in parties):
        return None
    threat = row.get("threat")
    guid = threat.get("guid") if isinstance(threat, dict) else None
    if not isinstance(threat, dict) or not isinstance(guid, str):
        return None
    kind = "pcp-threat" if threat.get("type") == "WEB_CONTENT" else "threat"
    return f"/mra/api/v2/{kind}", guid


async def _device_of(client: Client, path: str, guid: str) -> dict[str, JsonValue]:
    """The `device` of an event, from the threat's row; nothing where the vendor gives none: the event is
    handed on all the same."""
    try:
        row = await client.get(path, {"guid": guid})
    except (SourceRefused, SourceUnavailable, SourceUnreadable):
        return {}
    if not isinstance(row, dict) or not isinstance(row.get("device_guid"), str):
        return {}
    device = row.get("device")
    details = device.get("details") if isinstance(device, dict) else None
    return {"device": {"guid": row["device_guid"], **({"info": details} if details else {})}}


SOURCE = Source(
    partner="lookout",
    unless=("stream",),
    reach=REACH,
    login=login,
    fetch=fetch,
    is_dead=is_dead,
    url="https://api.lookout.com",
)
