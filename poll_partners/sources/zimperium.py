"""Zimperium's threats: `GET /api/threats/public/v1/threats` of the customer's zConsole.

Seen in public clients (SEKOIA, Palo Alto's XSOAR, Vulture, Rapid7) and in an answer one of them recorded: the
login, `module`, `after`, `before`, `page` from 0, `size` up to 2,000, `sort=timestamp,asc`, Spring's page
with `content`, `last` and `totalElements`, a `timestamp` of whole seconds, a mitigated row with `mitigatedAt`
and `lastModified`. The vendor's own guide lies behind each console's login. Inferred: filter and order are
both by when the phone detected a threat; hence windows are read again, as what is mitigated, or comes late
from a phone that was away, has an old time. Each page proves that order, and the next one begins at its last
time, so that what comes late shifts nothing; where it proves none, pages are walked by number, twice where
the count moved. Not known: rate limits, the largest `size`, how long threats are kept, a token's life where
it is no JWT.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from pydantic import JsonValue

from poll_partners.client import Client, Granted
from poll_partners.source import Asked, Source, VendorPage
from poll_partners.sources._pages import NO_TIME, number, page_of, print_of
from poll_partners.sources._tokens import life_of
from poll_partners.windows import OLDEST, Longer, Reach
from shared.errors import CredentialRefused, SourceRefused, SourceUnreadable

THREATS = "/api/threats/public/v1/threats"
PAGE_SIZE = 200
MAX_SIZE = 2000
"""The most that a public client was seen to ask for."""
LIFE = timedelta(minutes=45)
"""Of a token that does not say it: clients take 50 or 60 minutes."""
TOLERANCE = timedelta(hours=26)
"""So much older than asked for may a row look: nothing says of which zone the filter's time is."""
TIMES = ("timestamp", "eventReceivedTimestamp", "eventProcessedTimestamp", "lastModified")
"""Of a row: which one the filter goes by is inferred."""
REACH = Reach(
    retention=OLDEST,
    overlap=timedelta(hours=24),
    longer=(
        Longer(every=timedelta(hours=1), back=timedelta(days=7)),
        Longer(every=timedelta(hours=24), back=timedelta(days=30)),
    ),
    first=timedelta(days=7),
)


@dataclass(frozen=True)
class ThreatPosition:
    """Where in a window a page begins: at a time, or, where rows do not come in its order, at a number."""

    after: int
    """Milliseconds since 1970."""
    size: int | None = None
    """Of the page, where the usual one does not get beyond one time."""
    page: int | None = None
    total: int | None = None
    """The count at the beginning of a walk by numbers."""
    again: int | None = None
    """1 in the second walk."""
    before: int | None = None
    """What stands for the page before, in a walk."""

    def __str__(self) -> str:
        values = (self.after, self.size, self.page, self.total, self.again, self.before)
        return ":".join("" if value is None else str(value) for value in values)

    @classmethod
    def read(cls, text: str) -> "ThreatPosition":
        """The position that a page gave as a text."""
        after, *numbers = text.split(":")
        return cls(int(after), *map(number, numbers))


async def login(client: Client) -> Granted:
    """An access token for an API key."""
    settings = client.settings
    answer = await client.ask_for_token(
        "/api/auth/v1/api_keys/login", json={"clientId": settings.client_id, "secret": settings.secret}
    )
    token = answer.get("accessToken")
    if not isinstance(token, str) or not token:
        raise CredentialRefused("the login gave no token")
    return Granted(token, life_of(token, client.now().latest, LIFE))


async def fetch(client: Client, asked: Asked) -> VendorPage:
    """One page of threats."""
    begin = milliseconds(asked.begin)
    position = ThreatPosition.read(asked.page) if asked.page else ThreatPosition(begin)
    content, rows = page_of(await client.get(THREATS, _parameters(position)), "content")
    if not isinstance(content.get("last"), bool):
        raise SourceUnreadable("a page that does not say whether it is the last")
    _check_filter(rows, asked.begin)
    following = _following(position, begin, content, rows)
    return VendorPage(rows, "content", None if following is None else str(following), asked.mark)


def _parameters(position: ThreatPosition) -> dict[str, str | int]:
    return {
        "module": "ZIPS",
        "after": moment_text(position.after),
        "sort": "timestamp,asc",
        "size": position.size or PAGE_SIZE,
        "page": position.page or 0,
    }


def _following(
    position: ThreatPosition, begin: int, content: dict[str, JsonValue], rows: Sequence[JsonValue]
) -> ThreatPosition | None:
    if position.page is not None:
        return _walked(position, position.page, content, rows)
    if content["last"]:
        return None
    times = [number(row.get("timestamp")) if isinstance(row, dict) else None for row in rows]
    known = [time for time in times if time is not None and time < NO_TIME]
    falls = any(a > b for a, b in pairwise([position.after, *known]))
    if falls or not known or len(known) < len(times) or not _is_sorted(content):
        return ThreatPosition(begin, page=0)
    if known[-1] > position.after:
        return ThreatPosition(known[-1])
    size = position.size or PAGE_SIZE
    if size < MAX_SIZE:
        return ThreatPosition(position.after, size=min(2 * size, MAX_SIZE))
    return replace(position, page=1, total=number(content.get("totalElements")))


def _is_sorted(content: dict[str, JsonValue]) -> bool:
    """Whether a page came in the order that was asked for: Spring's page says where it did not."""
    order = content.get("sort")
    return not (isinstance(order, dict) and order.get("sorted") is False)


def _walked(
    position: ThreatPosition, page: int, content: dict[str, JsonValue], rows: Sequence[JsonValue]
) -> ThreatPosition | None:
    """The next page of a walk by numbers; where the count moved on the way a row may have slipped, so it is
    walked again, once."""
    total = number(content.get("totalElements"))
    first = position.total if position.total is not None else total
    if not content["last"]:
        if not rows:
            raise SourceUnreadable("an empty page that is not the last")
        return replace(position, page=page + 1, total=first, before=print_of(rows, position.before))
    if total != first and position.again is None:
        return replace(position, page=0, total=None, again=1, before=None)
    return None


def _check_filter(rows: Sequence[JsonValue], begin: datetime) -> None:
    """Refuse rows that were not asked for: a filter that is skipped gives everything there ever was."""
    oldest = milliseconds(begin - TOLERANCE)
    for row in rows:
        known = [number(row.get(name)) for name in TIMES] if isinstance(row, dict) else []
        newest = max((time for time in known if time is not None), default=None)
        if newest is not None and newest < oldest:
            raise SourceRefused("it does not keep to the time that it was asked for")


def milliseconds(at: datetime) -> int:
    """A time as the vendor writes it in its rows."""
    return int(at.timestamp() * 1000)


def moment_text(at: int) -> str:
    """Such a time as the vendor's filters take it."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


SOURCE = Source(
    partner="zimperium",
    reach=REACH,
    login=login,
    fetch=fetch,
    needed=("url", "client_id", "secret"),
)
