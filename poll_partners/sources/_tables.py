"""A partner's tables of a Log Analytics workspace, which the partner's own connector for Microsoft Sentinel
fills; read by when a row arrived there.

Documented: `ingestion_time()` is when a row came, nearly, and no order of its own (many rows have the same);
`TimeGenerated` means something else in each table, and is put right where it is more than two days off. So a
page begins at the time of the last row of the one before it, whose rows of that time come again and are
known; and where one time fills a page, it is asked for more. An answer that was cut short counts for nothing,
and is asked for again in smaller parts. Inferred: a row is to be seen within minutes of its time; the longer
readings find it where it was not. Not tried: a workspace of Azure's.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from poll_partners import workspace as workspace_of
from poll_partners.source import Asked, Events, VendorPage
from poll_partners.windows import Longer, Reach
from poll_partners.workspace import CutShort, NoSuchTable, Workspace
from shared.domain.moment import iso_utc
from shared.domain.poll_settings import PollSettings
from shared.errors import SourceRefused, SourceUnavailable, SourceUnreadable
from shared.services import Services

Row = dict[str, JsonValue]
Prepare = Callable[[str, Row], Row]

PAGE_SIZE = 1_000
MIN_ROWS, MAX_ROWS = 15, 64_000
"""Rows of a page, as it is asked for at first, where an answer is cut short, and where one time fills it. The
service gives 500,000, or 64 MB."""
WIDER = timedelta(days=3)
"""So much older may a row's TimeGenerated be than its arrival."""
AT = "mtd_ingested"
"""The column that a query adds: when a row arrived, to the tick, as a text."""
REACH = Reach(
    retention=timedelta(days=30),
    overlap=timedelta(minutes=10),
    lag=timedelta(minutes=2),
    longer=(
        Longer(every=timedelta(hours=1), back=timedelta(hours=4)),
        Longer(every=timedelta(hours=24), back=timedelta(days=3)),
    ),
)


@dataclass(frozen=True)
class RowPosition:
    """Where a page begins: in which table, at what time of arrival; and how many rows are asked for."""

    table: int
    at: str
    limit: int

    def __str__(self) -> str:
        return f"{self.table} {self.at} {self.limit}"

    @classmethod
    def read(cls, text: str) -> "RowPosition":
        """The position that a page gave as a text."""
        table, at, limit = text.split(" ")
        return cls(int(table), at, int(limit))


async def fetch(workspace: Workspace, asked: Asked, tables: Sequence[str], prepare: Prepare) -> VendorPage:
    """One page of rows of one table, or of the next one that is there."""
    begin = iso_utc(asked.begin)
    position = RowPosition.read(asked.page) if asked.page else RowPosition(0, begin, PAGE_SIZE)
    while position.table < len(tables):
        table = tables[position.table]
        try:
            rows = await _rows(workspace, table, position)
        except NoSuchTable:
            position = RowPosition(position.table + 1, begin, PAGE_SIZE)
            continue
        except CutShort:
            if position.limit <= MIN_ROWS:
                raise SourceUnavailable("an answer is cut short however little is asked for") from None
            smaller = RowPosition(position.table, position.at, max(position.limit // 4, MIN_ROWS))
            return VendorPage([], "events", str(smaller), asked.mark)
        workspace.tables_seen.add(table)
        following = _following(position, rows, begin)
        is_last = following.table == len(tables)
        return VendorPage(
            [prepare(table, {name: each for name, each in row.items() if name != AT}) for row in rows],
            "events",
            None if is_last else str(following),
            asked.mark,
        )
    if not workspace.tables_seen and asked.page is None:
        raise SourceRefused(f"none of the tables is in that workspace yet ({', '.join(tables)})")
    return VendorPage([], "events", None, asked.mark)


async def _rows(workspace: Workspace, table: str, position: RowPosition) -> list[Row]:
    since = datetime.fromisoformat(f"{position.at[:19]}+00:00")
    query = (
        f"{table} | extend {AT} = ingestion_time() | where {AT} >= datetime({position.at}) "
        f"| top {position.limit} by {AT} asc | extend {AT} = tostring({AT})"
    )
    return await workspace.rows(query, since - WIDER, workspace.now().latest + WIDER)


def _following(position: RowPosition, rows: Sequence[Row], begin: str) -> RowPosition:
    """What is read after a page. All that was asked for, and not more, may be all there is, or not."""
    if len(rows) < position.limit:
        return RowPosition(position.table + 1, begin, PAGE_SIZE)
    first, last = rows[0].get(AT), rows[-1].get(AT)
    if not isinstance(last, str):
        raise SourceUnreadable("rows without the time that was asked for")
    if first != last:
        return RowPosition(
            position.table, last, max(position.limit, MIN_ROWS) if position.limit < PAGE_SIZE else PAGE_SIZE
        )
    if position.limit >= MAX_ROWS:
        raise SourceUnreadable(f"more than {MAX_ROWS} rows of one time")
    return RowPosition(position.table, last, position.limit * 4)


class Tables(Events[Workspace]):
    """A partner's tables of a workspace."""

    def opened(
        self, services: Services, name: str, settings: PollSettings
    ) -> AbstractAsyncContextManager[Workspace]:
        """The workspace, for one run."""
        return workspace_of.opened(services, name, settings)


def as_it_is(table: str, row: Row) -> Row:
    """A row that the partner's adapter reads as it stands."""
    return row


def source(partner: str, *tables: str, prepare: Prepare = as_it_is) -> Tables:
    """The source of a partner's tables, in the order in which they are read."""

    async def its(workspace: Workspace, asked: Asked) -> VendorPage:
        return await fetch(workspace, asked, tables, prepare)

    return Tables(partner=partner, needed=("workspace",), reach=REACH, fetch=its, is_vendors_own=False)


def filled(row: Mapping[str, JsonValue], name: str, *, late: bool) -> Row:
    """`row` with a time that its table lost, from when it arrived: to the minute, downwards, or where it is
    `late` upwards. Rows of one minute come in any order."""
    if row.get(name) is not None or not isinstance(row.get("TimeGenerated"), str):
        return dict(row)
    at = datetime.fromisoformat(str(row["TimeGenerated"])).astimezone(UTC)
    minute = at.replace(second=0, microsecond=0)
    return {**row, name: iso_utc(minute + timedelta(minutes=1) if late and minute != at else minute)}
