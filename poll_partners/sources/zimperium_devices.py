"""Zimperium's list of devices: `GET /api/devices/public/v2/devices/start-scroll`, then `/scroll/{scrollId}`.

Seen in public clients and in an answer one of them recorded: both paths, `pageSize`, `content`, `totalHits`
with `totalHitsRelation`, a `scrollId` that may change with each page, an empty `content` at the end, and the
fields of a row. A scroll has a life of its own, which is not known: one that breaks off is begun anew. A row
names the threats that are open at critical and at risky (`threatState`), and no other; inferred: that those
lists are whole. So a threat that is open here and not named there is looked up among the threats, and its own
row says what became of it. `processedAt` is read as when the row was computed (inferred; in both recorded
rows it lies seconds after the phone's first contact). A key sees the teams it was made for: where a whole
team is missing, nothing is said of its phones.
"""

from datetime import datetime, timedelta
from urllib.parse import quote

from pydantic import JsonValue

from poll_partners.client import Client
from poll_partners.source import ListPage, Roster, Row, Unnamed
from poll_partners.sources._pages import day_of, is_dormant_by, number, page_of
from poll_partners.sources.zimperium import MAX_SIZE, THREATS, login, milliseconds, moment_text
from shared.domain.model import digest
from shared.domain.moment import iso_utc
from shared.errors import SourceRefused, SourceUnavailable, SourceUnreadable

DEVICES = "/api/devices/public/v2/devices"
PAGE_SIZE = 200
"""A row has the apps of its phone in it."""
LISTS = ("criticalThreats", "riskyThreats")
SAID = ("riskPosture", "riskPostureName", "appStatus", "deleted", "mdmDeviceId")
GIVEN = ("id", "zdeviceId", "os", "lastSeen", "processedAt", "dormancyProcessed", "isJailbroken", *SAID)
"""What the adapter is given of a row, beside the threats it names: no owner, no app, no operator."""
TRACKING = ("externalTrackingId1", "externalTrackingId2")
"""The admin's own texts: an id of the MDM's, where that was arranged."""
CLEAN = ("NORMAL", "0")
AROUND = timedelta(minutes=1)


async def fetch(client: Client, page: str | None, as_of: datetime) -> ListPage:
    """One page of the list; a position is how many rows came before it, how many there are, and the scroll:
    an end that does not count is held to what was counted last."""
    before, counted, scroll = (page or "0::").split(":", 2)
    content, rows = page_of(await _asked(client, scroll), "content")
    found = [_row(row, as_of) for row in rows]
    following = content.get("scrollId") or scroll
    hits = number(content.get("totalHits"))
    total = number(counted) if hits is None else hits
    if rows and not (isinstance(following, str) and following):
        raise SourceUnreadable("a page of devices without a scroll to go on with")
    return ListPage(
        found,
        f"{int(before) + len(rows)}:{'' if total is None else total}:{following}" if rows else None,
        total,
    )


async def _asked(client: Client, scroll: str) -> JsonValue:
    if not scroll:
        return await client.get(f"{DEVICES}/start-scroll", {"pageSize": PAGE_SIZE})
    try:
        return await client.get(f"{DEVICES}/scroll/{quote(scroll, safe='')}", {})
    except SourceRefused as refused:
        raise SourceUnavailable(f"the list broke off ({refused}); it is begun anew") from None


def _row(row: JsonValue, as_of: datetime) -> Row:
    if not isinstance(row, dict) or not isinstance(id_ := row.get("id"), str):
        raise SourceUnreadable("a device without its id")
    state, named, seen_on = row.get("threatState"), _named(row), day_of(row.get("lastSeen"))
    lists = {name: state[name] for name in LISTS if name in state} if isinstance(state, dict) else None
    ids = _tracking(row)
    posture = str(row.get("riskPostureName") or row.get("riskPosture"))
    said = {name: row.get(name) for name in SAID}
    return Row(
        device=id_,
        said=digest([said, ids, None if named is None else bool(named), is_dormant_by(seen_on, as_of)])[:16],
        seen_on=seen_on,
        changed=f"{row.get('lastSeen')} {row.get('processedAt')}",
        is_clean=posture in CLEAN and named == frozenset(),
        content={
            **{name: row[name] for name in GIVEN if name in row},
            **({} if lists is None else {"threatState": lists}),
            **({"zappInstance": ids} if ids else {}),
            "as_of": iso_utc(as_of),
        },
        group=digest(row["teamId"])[:8] if row.get("teamId") else None,
        named=named,
    )


def _named(row: dict[str, JsonValue]) -> frozenset[str] | None:
    """The threats a row names; None where it has not both lists."""
    state = row.get("threatState")
    lists = [state.get(name) for name in LISTS] if isinstance(state, dict) else []
    found = [each for each in lists if isinstance(each, list)]
    return frozenset(str(key) for each in found for key in each) if len(found) == len(LISTS) else None


def _tracking(row: dict[str, JsonValue]) -> list[JsonValue]:
    """What the phone's agents have of the admin's own texts."""
    agents = row.get("zappInstance")
    each = [agent for agent in agents if isinstance(agent, dict)] if isinstance(agents, list) else []
    found = [{name: agent[name] for name in TRACKING if agent.get(name)} for agent in each]
    return [texts for texts in found if texts]


async def look_up(client: Client, threat: Unnamed) -> JsonValue:
    """A threat's own row, found by when it was detected; None where none there is it."""
    answer = await client.get(
        THREATS,
        {
            "module": "ZIPS",
            "after": moment_text(milliseconds(threat.at - AROUND)),
            "before": moment_text(milliseconds(threat.at + AROUND)),
            "size": MAX_SIZE,
        },
    )
    _, rows = page_of(answer, "content")
    return next((row for row in rows if isinstance(row, dict) and row.get("id") == threat.key), None)


SOURCE = Roster(
    partner="zimperium",
    login=login,
    needed=("url", "client_id", "secret"),
    envelope="content",
    fetch=fetch,
    pause=0.1,
    look_up=look_up,
)
