"""A Log Analytics workspace: a query's rows as objects. By Microsoft's own library, as the app itself.

Documented: an answer may come from a cache of up to two minutes unless it is asked otherwise; 200 may be a
partial result, all of which is to be left; a table that does not exist is 400 with `SemanticError`; what
takes longer than it may is 504. The library calls a partial result no error, and would sleep as long as a
Retry-After says.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from poll_partners.microsoft import OPTIONS, ToMicrosoft
from shared.domain.json_text import NotJson, TooDeep, read_json
from shared.domain.moment import iso_utc
from shared.domain.poll_settings import PollSettings
from shared.errors import SourceUnavailable
from shared.identity import AppIdentity
from shared.services import Services

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.monitor.query import LogsTable
    from azure.monitor.query.aio import LogsQueryClient

SERVER_SECONDS = 50
"""So long the service may take; the library waits for a little longer."""
NO_CACHE = {"Cache-Control": "no-cache"}
PATH = "/workspaces/"
PUBLIC = f"https://api.loganalytics.io{PATH}"
"""Where a workspace is asked whose id alone is set."""


class NoSuchTable(Exception):
    """The workspace does not have the table: nothing was ever written to it."""


class CutShort(Exception):
    """The service gave a part of the answer."""


class Workspace(ToMicrosoft):
    """One workspace, within one run of one source."""

    def __init__(self, services: Services, client: "LogsQueryClient", id_: str) -> None:
        super().__init__(services)
        self.tables_seen: set[str] = set()
        """Tables that answered in this run."""
        self._client = client
        self._id = id_

    async def rows(self, query: str, begin: datetime, end: datetime) -> list[dict[str, JsonValue]]:
        """What a query gives of rows whose TimeGenerated is between. Raises NoSuchTable, CutShort and
        SourceError."""
        from azure.monitor.query import LogsQueryPartialResult

        with self.in_our_words():
            answer = await self._asked(query, begin, end)
            if isinstance(answer, LogsQueryPartialResult):
                raise CutShort
            if not answer.tables:
                raise SourceUnavailable("200 without a table")
            return _objects(answer.tables[0])

    async def _asked(self, query: str, begin: datetime, end: datetime) -> Any:
        from azure.core.exceptions import HttpResponseError

        try:
            return await self._client.query_workspace(
                self._id,
                query,
                timespan=(begin, end),
                server_timeout=SERVER_SECONDS,
                headers=dict(NO_CACHE),
                raw_response_hook=self.look,
            )
        except HttpResponseError as error:
            if error.status_code == 400 and "SemanticError" in _codes(error):
                raise NoSuchTable from None
            raise


def _codes(error: "HttpResponseError") -> set[str]:
    """The codes of an error, from the outside in."""
    try:
        body: Any = read_json(error.response.text() if error.response is not None else "").value
    except (NotJson, TooDeep):
        return set()
    found: set[str] = set()
    inner = body.get("error") if isinstance(body, dict) else None
    while isinstance(inner, dict):
        found.add(str(inner.get("code")))
        inner = inner.get("innererror")
    return found


def _objects(table: "LogsTable") -> list[dict[str, JsonValue]]:
    kinds = dict(zip(table.columns, table.columns_types, strict=True))
    return [{name: _value(row[name], kinds[name]) for name in table.columns} for row in table.rows]


def _value(value: Any, kind: str) -> JsonValue:
    """A cell as JSON has it; what is dynamic comes as the text of it, or as itself."""
    if isinstance(value, datetime):
        return iso_utc(value)
    if kind == "dynamic" and isinstance(value, str):
        try:
            return read_json(value).value
        except (NotJson, TooDeep):
            return value
    return value if isinstance(value, str | int | float | bool | dict | list | None) else str(value)


@asynccontextmanager
async def opened(services: Services, name: str, settings: PollSettings) -> AsyncIterator[Workspace]:
    """The workspace that a partner's tables are in, for one run."""
    from azure.monitor.query.aio import LogsQueryClient

    address = settings.workspace if PATH in settings.workspace else f"{PUBLIC}{settings.workspace}"
    endpoint, _, id_ = address.rpartition(PATH)
    options: Mapping[str, Any] = OPTIONS
    async with (
        AppIdentity() as identity,
        LogsQueryClient(identity, endpoint=endpoint, **options) as client,
    ):
        yield Workspace(services, client, id_)
