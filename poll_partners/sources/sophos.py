"""Sophos Central's events: `GET /siem/v1/events` of the tenant's region.

Documented by the vendor (its Postman collection, and its own SIEM script): the token, who-am-I and the
look-up of a tenant, `limit` up to 1,000, `cursor` and `from_date`, of which the second is ignored beside the
first, `{items, has_more, next_cursor}` with a cursor on an empty page, too, and that events are kept for 24
hours: a cursor of before is no error, it begins a day back. So its age is judged by the clock here, and what
lies between is a gap. Seen in public clients: a `from_date` of more than a day ago is answered 400, and a
host whose clock is ahead moves the cursor past other hosts' events. Hence both ways in each run: everything
since a time shortly before the last run, then what follows the cursor; and longer readings by time. An offset
that keeps the newest minutes back (`from_date_offset_minutes`, which the script sends) is in no description
of the interface and would delay each threat: it is not asked for. Inferred: without either, events begin a
day back. Not known: whether `from_date` means when an event was or when it arrived, rate limits, whether a
429 says when to come again.

Three hosts are the vendor's: of the login, of what is global, and of the tenant's region, which who-am-I
gives as an address. That address is never asked. Of it only the region's name is taken, which must be one
below `central.sophos.com`, and ours is made of that, with https: the vendor's own sample says http, and a
token sent there, or to a host that an answer invents, would be anybody's. Where POLL_URL_SOPHOS names a host
that is none of the vendor's, a proxy, all three are asked there, and nothing an answer says leads past it.
"""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from pydantic import JsonValue

from poll_partners.client import Client, Granted
from poll_partners.source import Asked, Source, VendorPage
from poll_partners.sources._pages import number, page_of, print_of
from poll_partners.windows import Longer, Reach
from shared.errors import CredentialRefused, SourceRefused, SourceUnreadable

LOGIN, GLOBAL = "https://id.sophos.com", "https://api.central.sophos.com"
OWN = re.compile(r"(?:[a-z0-9-]+\.)+sophos\.com", re.IGNORECASE)
"""The vendor's hosts."""
REGION = re.compile(r"(?:https?://)?(api-[a-z0-9-]{1,40})\.central\.sophos\.com/?", re.IGNORECASE)
"""An address of a region as who-am-I and the tenants' list give it."""
ID = re.compile(r"[0-9A-Za-z-]{1,64}")
ABOVE = {"partner": "X-Partner-ID", "organization": "X-Organization-ID"}
"""Who may have several tenants, and the header by which it asks for one."""
EVENTS = "/siem/v1/events"
PAGE_SIZE = 1000
"""The most that is documented; less than 200 is refused."""
CURSOR_LIVES = timedelta(hours=24)
SINCE, AGAIN, ON = "since", "again", "on"
"""The ways of a run: by time, once more where a cursor of that was refused, and after the cursor that the
last run was left with."""
REACH = Reach(
    retention=CURSOR_LIVES - timedelta(minutes=10),
    overlap=timedelta(minutes=15),
    longer=(
        Longer(every=timedelta(hours=1), back=timedelta(hours=4)),
        Longer(every=timedelta(hours=12), back=CURSOR_LIVES),
    ),
)
"""Ten minutes less than the vendor keeps: who asks for more, by a clock that differs, is refused."""


async def login(client: Client) -> Granted:
    """A token for the credential, where it is good, and the tenant it is used for."""
    answer = await client.ask_for_token(
        "/api/v2/oauth2/token",
        at=_host(client, LOGIN),
        data={
            "grant_type": "client_credentials",
            "scope": "token",
            "client_id": client.settings.client_id,
            "client_secret": client.settings.secret,
        },
    )
    token, lives = answer.get("access_token"), answer.get("expires_in")
    if answer.get("errorCode", "success") != "success" or not isinstance(token, str) or not token:
        raise CredentialRefused("the login gave no token")
    tenant, region = await _where(client, token)
    life = float(lives) if isinstance(lives, int | float) else 0.0
    return Granted(token, life, _host(client, region), {"X-Tenant-ID": tenant})


def _host(client: Client, host: str) -> str:
    """Where what `host` has is asked for: there, or at the proxy that is set."""
    url = client.settings.url
    return host if OWN.fullmatch(urlsplit(url).hostname or "") else url


async def _where(client: Client, token: str) -> tuple[str, str]:
    """Whose phones are read, and the address of that tenant's region."""
    at, wanted = _host(client, GLOBAL), client.settings.tenant
    who = await client.look_up("/whoami/v1", token, at=at)
    kind, id_ = who.get("idType"), who.get("id")
    if not isinstance(id_, str) or not ID.fullmatch(id_):
        raise SourceRefused("who-am-I was answered without an id")
    if kind == "tenant":
        if wanted not in ("", id_.lower()):
            raise SourceRefused("the credential is of another tenant than POLL_TENANT_SOPHOS names")
        hosts = who.get("apiHosts")
        return id_, _region(hosts.get("dataRegion") if isinstance(hosts, dict) else None)
    if not isinstance(kind, str) or kind not in ABOVE:
        raise SourceRefused("who-am-I was answered with neither tenant, partner nor organization")
    if not wanted:
        raise SourceRefused(f"the credential is of the {kind}: POLL_TENANT_SOPHOS has to name a tenant of it")
    row = await client.look_up(f"/{kind}/v1/tenants/{wanted}", token, at=at, headers={ABOVE[kind]: id_})
    return wanted, _region(row.get("apiHost"))


def _region(given: JsonValue) -> str:
    """The address of a region, made of its name alone."""
    named = REGION.fullmatch(given) if isinstance(given, str) else None
    if named is None:
        raise SourceRefused("the tenant's region is at no address of the vendor's, where no token is sent")
    return f"https://{named[1].lower()}.central.sophos.com"


async def fetch(client: Client, asked: Asked) -> VendorPage:
    """One page of events: of those since the window's beginning, then of those behind the cursor."""
    place, _, cursor = (asked.page or SINCE).partition(" ")
    way, _, before = place.partition(":")
    try:
        content = await client.get(EVENTS, _parameters(client, asked.begin, cursor))
    except SourceRefused as refused:
        if refused.status not in {400, 410} or (way == AGAIN and cursor):
            raise
        if cursor:
            # It does not know the cursor any more. By time nothing is missed.
            return (
                VendorPage([], "items", AGAIN, asked.mark) if way == SINCE else VendorPage([], "items", None)
            )
        # By its own clock that is more than a day ago, or still to come.
        content = await client.get(EVENTS, {"limit": PAGE_SIZE})
    answer, rows = page_of(content, "items")
    more, following = answer.get("has_more"), answer.get("next_cursor")
    if not isinstance(more, bool) or (more and not (isinstance(following, str) and following)):
        raise SourceUnreadable("a page of events that says neither that it is the last nor what follows")
    if more:
        seen = print_of(rows, number(before)) or ""
        return VendorPage(rows, "items", f"{way}:{seen} {following}", asked.mark)
    left = _followed(client, asked.mark) if way != ON else None
    if left is not None:
        return VendorPage(rows, "items", f"{ON} {left}", asked.mark)
    mark = f"{following} {client.now().earliest.isoformat()}" if following else None
    return VendorPage(rows, "items", None, mark)


def _parameters(client: Client, begin: datetime, cursor: str) -> dict[str, str | int]:
    if cursor:
        return {"limit": PAGE_SIZE, "cursor": cursor}
    return {"limit": PAGE_SIZE, "from_date": int(begin.timestamp())}


def _followed(client: Client, mark: str | None) -> str | None:
    """The cursor that the last run was left with; None where there is none, or it died in silence."""
    cursor, _, written = (mark or "").rpartition(" ")
    try:
        at = datetime.fromisoformat(written).astimezone(UTC)
    except ValueError:
        return None
    now = client.now()
    is_good = at <= now.latest and now.earliest - at < REACH.back
    return cursor if is_good else None


SOURCE = Source(
    partner="sophos",
    needed=("client_id", "secret"),
    reach=REACH,
    login=login,
    fetch=fetch,
    url=GLOBAL,
)
