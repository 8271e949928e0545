"""Jamf's list of devices: `GET /risk/v2/devices` of its Risk API.

Documented by the vendor: the login (`POST /v1/login`, an application's id and secret, a JWT of 15 minutes),
at most 100 rows a page, 5 requests a second and 10,000 a day, 403 for a token that is over and for an
application of another of its interfaces. Seen in public clients: `page` from 0, `pageSize`, `userDeviceList`,
an empty list at the end, and the fields of a row. There is no count and no order, so a page that repeats the
one before it is no list: unless the first one had more rows than were asked for, which is all of it.
`riskCategory` is a score of open threats and may be set by a person; a row has no time of it. It shows that
an agent is there and at work, and raises; what it clears, an admin says (`WORDS_WANDERA_JAMF_CLEARS`).
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import JsonValue

from poll_partners.client import Client, Granted, VendorAnswer
from poll_partners.source import ListPage, Roster, Row
from poll_partners.sources._pages import day_of, is_dormant_by, page_of
from poll_partners.sources._tokens import life_of
from shared.domain.model import digest
from shared.domain.moment import iso_utc
from shared.errors import CredentialRefused, SourceUnreadable

DEVICES = "/risk/v2/devices"
PAGE_SIZE = 100
LIFE = timedelta(minutes=15)
TRAFFIC = ("lastDnsTraffic", "lastPrivateAccessDnsTraffic")
GIVEN = ("guid", "externalId", "riskCategory", *TRAFFIC)
"""What the adapter is given of a row, beside the agent's last word and the phone's system: no user, no
number, no name."""
SYSTEM = ("osType", "platform", "deviceSystemVersion")


async def login(client: Client) -> Granted:
    """A token for an application of the Risk API."""
    settings = client.settings
    pair = b64encode(f"{settings.client_id}:{settings.secret}".encode()).decode()
    answer = await client.ask_for_token("/v1/login", headers={"Authorization": f"Basic {pair}"})
    token = answer.get("token")
    if not isinstance(token, str) or not token:
        raise CredentialRefused("the login gave no token")
    return Granted(token, life_of(token, client.now().latest, LIFE))


def is_dead(answer: VendorAnswer) -> bool:
    """Whether an answer says that the token is over, or was never one for this interface."""
    return answer.status == 403


async def fetch(client: Client, page: str | None, as_of: datetime) -> ListPage:
    """One page of the list; a position is its number, and a hash of the page before it."""
    at, _, before = (page or "0:").partition(":")
    answer = await client.get(DEVICES, {"page": at, "pageSize": PAGE_SIZE})
    _, rows = page_of(answer, "userDeviceList")
    found = [_row(row, as_of) for row in rows]
    same = digest([row.device for row in found])
    if rows and same == before:
        raise SourceUnreadable("it gives the same page again and again")
    is_all = not rows or (page is None and len(rows) > PAGE_SIZE)
    return ListPage(found, None if is_all else f"{int(at) + 1}:{same}")


def _row(row: JsonValue, as_of: datetime) -> Row:
    if not isinstance(row, dict) or not isinstance(guid := row.get("guid"), str):
        raise SourceUnreadable("a device without its guid")
    connector = _inner(_inner(row, "statusUpdate"), "connector")
    payload, device = _inner(connector, "payload"), _inner(_inner(row, "info"), "device")
    times = (connector.get("lastStatusUpdateUtcMs"), *map(row.get, TRAFFIC))
    seen_on = max((day for day in map(day_of, times) if day), default=None)
    enrolled, system = payload.get("isEnrolled"), {name: device.get(name) for name in SYSTEM}
    said = [
        row.get("riskCategory"),
        row.get("externalId"),
        enrolled,
        seen_on is None,
        is_dormant_by(seen_on, as_of),
    ]
    status = {"lastStatusUpdateUtcMs": times[0], "payload": {"isEnrolled": enrolled}}
    return Row(
        device=guid,
        said=digest(said)[:16],
        seen_on=seen_on,
        # Threats stay open here that count for nothing there: by the day such a row is often enough news.
        changed=seen_on,
        is_clean=row.get("riskCategory") == "SECURE",
        content={
            **{name: row[name] for name in GIVEN if name in row},
            "statusUpdate": {"connector": status},
            "info": {"device": system},
            "hardwareSpec": {"osType": _inner(row, "hardwareSpec").get("osType")},
            "as_of": iso_utc(as_of),
        },
    )


def _inner(of: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue]:
    value = of.get(name)
    return value if isinstance(value, dict) else {}


SOURCE = Roster(
    partner="wandera_jamf",
    login=login,
    is_dead=is_dead,
    url="https://api.wandera.com",
    needed=("client_id", "secret"),
    envelope="userDeviceList",
    fetch=fetch,
    pause=0.2,
    every=timedelta(hours=2),
    missed=2,
)
