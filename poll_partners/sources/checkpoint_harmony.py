"""Check Point Harmony Mobile's alerts: `GET /app/SBM/external_api/v3/alert/` behind the Infinity Portal.

Seen in public clients (SEKOIA, Chronicle, an explorer by an engineer of the vendor's): the login, the path
with its slash, `backend_last_updated__gte`, `id__gt`, `id__lt`, `limit`, `offset`, the envelope `{meta,
objects}`, and that an expired token is answered with 200 and `forceLogout`. Inferred from that envelope,
which is that of a known framework (django-tastypie): the bound is included, a filter it does not know is
skipped without a word, a limit too large is cut. Rows are read downwards by id, not by offset: an alert that
changes meanwhile makes no other slip. That they come newest first is inferred, so each page proves it; where
it does not, offsets are walked, twice where the count moved. Not known: rate limits, how long alerts are kept
(public clients go back 30 days), whether an alert may lack its time of change: what is newer than the highest
id is read without it, once a run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from pydantic import JsonValue

from poll_partners.client import Client, Granted, VendorAnswer
from poll_partners.source import Asked, Source, VendorPage
from poll_partners.sources._pages import number, page_of, print_of
from poll_partners.windows import Longer, Reach
from shared.errors import CredentialRefused, SourceRefused, SourceUnreadable

ALERTS = "/app/SBM/external_api/v3/alert/"
PAGE_SIZE = 100
TOLERANCE = timedelta(hours=26)
"""So much older than asked for may a row's time look: nothing says of which zone it is."""
REACH = Reach(
    retention=timedelta(days=30),
    overlap=timedelta(minutes=15),
    lag=timedelta(minutes=15),
    longer=(
        Longer(every=timedelta(hours=1), back=timedelta(hours=4)),
        Longer(every=timedelta(hours=24), back=timedelta(days=3)),
    ),
)


@dataclass(frozen=True)
class AlertPosition:
    """Where in a window a page begins: below an id, or, where ids do not fall, at an offset."""

    leg: str = "changed"
    """`changed`: what changed since; `again`: the same by offset once more, where the count had moved; `new`:
    what has a higher id than was ever seen."""
    base: int | None = None
    """The highest id of the windows before."""
    below: int | None = None
    offset: int | None = None
    total: int | None = None
    """The count at the beginning of a walk by offset."""
    before: int | None = None
    """What stands for the page before, in a walk."""

    def __str__(self) -> str:
        values = (self.leg, self.base, self.below, self.offset, self.total, self.before)
        return ":".join("" if value is None else str(value) for value in values)

    @classmethod
    def read(cls, text: str) -> "AlertPosition":
        """The position that a page gave as a text."""
        leg, *numbers = text.split(":")
        return cls(leg, *map(number, numbers))


async def login(client: Client) -> Granted:
    """A token for an account key of the Infinity Portal."""
    settings = client.settings
    answer = await client.ask_for_token(
        "/auth/external", json={"clientId": settings.client_id, "accessKey": settings.secret}
    )
    data = answer.get("data")
    token = data.get("token") if isinstance(data, dict) else None
    if answer.get("success") is False or not isinstance(token, str) or not isinstance(data, dict):
        raise CredentialRefused("the login was answered without a token")
    lives = data.get("expiresIn")
    return Granted(token, float(lives) if isinstance(lives, int | float) else 0.0)


def is_dead(answer: VendorAnswer) -> bool:
    """Whether an answer says, with 200, that the token is over."""
    content = answer.content if isinstance(answer.content, dict) else {}
    return bool(content.get("forceLogout")) or content.get("message") == "Authentication required"


async def fetch(client: Client, asked: Asked) -> VendorPage:
    """One page of alerts."""
    seen = number(asked.mark)
    position = AlertPosition.read(asked.page) if asked.page else AlertPosition(base=seen)
    content, rows = page_of(await client.get(ALERTS, _parameters(position, asked.begin)), "objects")
    if position.leg != "new":
        _check_filter(rows, asked.begin)
    ids = _ids(rows)
    following = _following(position, content, rows, ids)
    highest = max((each for each in (seen, *(ids or ())) if each is not None), default=None)
    mark = None if highest is None else str(highest)
    return VendorPage(rows, "objects", None if following is None else str(following), mark)


def _parameters(position: AlertPosition, begin: datetime) -> dict[str, str | int]:
    parameters: dict[str, str | int] = {"limit": PAGE_SIZE}
    if position.leg == "new":
        parameters["id__gt"] = position.base or 0
    else:
        parameters["backend_last_updated__gte"] = begin.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    if position.below is not None:
        parameters["id__lt"] = position.below
    if position.offset is not None:
        parameters["offset"] = position.offset
    return parameters


def _following(
    position: AlertPosition,
    content: dict[str, JsonValue],
    rows: Sequence[JsonValue],
    ids: Sequence[int] | None,
) -> AlertPosition | None:
    if position.offset is not None:
        return _walked(position, position.offset, content, rows)
    if not rows:
        # Nothing is below, unless it says that there is more all the same.
        return (
            AlertPosition(position.leg, position.base, offset=0)
            if _has_next(content)
            else _next_leg(position)
        )
    if ids and all(a > b for a, b in pairwise([position.below or ids[0] + 1, *ids])):
        return replace(position, below=ids[-1])
    return AlertPosition(position.leg, position.base, offset=0)


def _next_leg(position: AlertPosition) -> AlertPosition | None:
    """What is read after the last page of a leg."""
    is_last = position.leg == "new" or position.base is None
    return None if is_last else AlertPosition("new", position.base)


def _has_next(content: dict[str, JsonValue]) -> bool:
    meta = content.get("meta")
    return isinstance(meta, dict) and bool(meta.get("next"))


def _walked(
    position: AlertPosition, offset: int, content: dict[str, JsonValue], rows: Sequence[JsonValue]
) -> AlertPosition | None:
    """The next page of a walk by offset; its end is the vendor's own sign, and where the count moved on the
    way a row may have slipped, so it is walked again, once."""
    meta = content.get("meta")
    if not isinstance(meta, dict):
        raise SourceUnreadable("an answer without its paging")
    total = meta.get("total_count")
    first = position.total if position.total is not None else total if isinstance(total, int) else None
    if meta.get("next"):
        if not rows:
            raise SourceUnreadable("an empty page that is not the last")
        before = print_of(rows, position.before)
        return replace(position, offset=offset + len(rows), total=first, before=before)
    if position.leg == "changed" and total != first:
        return AlertPosition("again", position.base, offset=0)
    return _next_leg(position)


def _check_filter(rows: Sequence[JsonValue], begin: datetime) -> None:
    """Refuse rows that were not asked for: a filter that is skipped gives everything there ever was."""
    for row in rows:
        at = _time(row.get("backend_last_updated")) if isinstance(row, dict) else None
        if at is not None and at < begin - TOLERANCE:
            raise SourceRefused("it does not keep to the time that it was asked for")


def _ids(rows: Sequence[JsonValue]) -> list[int] | None:
    """The ids of the rows; None where one has none that is a number."""
    found = [number(row.get("id")) if isinstance(row, dict) else None for row in rows]
    known = [each for each in found if each is not None]
    return known if len(known) == len(found) else None


def _time(value: JsonValue) -> datetime | None:
    if not isinstance(value, str):
        return None
    for read in (datetime.fromisoformat, _american):
        try:
            at = read(value)
        except ValueError:
            continue
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def _american(text: str) -> datetime:
    return datetime.strptime(text, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)


SOURCE = Source(
    partner="checkpoint_harmony",
    reach=REACH,
    login=login,
    fetch=fetch,
    is_dead=is_dead,
    needed=("url", "client_id", "secret"),
)
