"""Log Analytics' query interface, as far as tables are polled: `POST /v1/workspaces/<id>/query`.

Written from what is documented: an answer has tables of columns with types and rows; a table that nobody ever
wrote to is 400 `SemanticError`; an answer that is cut short is 200 with `PartialError` and some of the rows;
one may be two minutes old unless `no-cache` is asked for; `timespan` bounds TimeGenerated. Of the language it
knows the one sentence that the app says, and any other is 400. As what loses most, dynamic columns come as
text. Left out: roles but for one switch, quotas, all else of the language.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from local.azure.token import is_refused

CACHED = timedelta(minutes=2)
QUERY = re.compile(
    r"(\w+) \| extend (\w+) = ingestion_time\(\) \| where \2 >= datetime\(([0-9T:.Z-]+)\) "
    r"\| top ([0-9]+) by \2 asc \| extend \2 = tostring\(\2\)"
)
KINDS = {bool: "bool", int: "long", float: "real", dict: "dynamic", list: "dynamic"}


@dataclass
class Workspace:
    """What the workspace holds: of each table its rows, by when they arrived."""

    clock: Callable[[], datetime]
    id: str = "0c5e8f3a-7b21-4d96-8e40-1a2b3c4d5e6f"
    tables: dict[str, list[tuple[datetime, dict[str, Any]]]] = field(default_factory=dict)
    has_role: bool = True
    tokens_die: int = 0
    whole: int = 1_000_000
    """Rows up to which an answer is whole."""
    asked: list[str] = field(default_factory=list)
    """Every query that was answered."""
    cached: dict[str, tuple[datetime, web.Response]] = field(default_factory=dict)

    def arrive(self, table: str, row: dict[str, Any], generated: datetime | None = None) -> None:
        """A row arrives now, and says that it was generated then, or now."""
        at = self.clock()
        times = {"TimeGenerated": generated or at, "Type": table}
        self.tables.setdefault(table, []).append((at, {**times, **row}))

    def found(self, table: str, begin: datetime, span: tuple[datetime, datetime]) -> list[dict[str, Any]]:
        """The rows of a table that came since `begin`, in the order they came."""
        found = [
            {**row, "at": at}
            for at, row in self.tables[table]
            if at >= begin and span[0] <= row["TimeGenerated"] <= span[1]
        ]
        return sorted(found, key=lambda row: row["at"])


WORKSPACE = web.AppKey("WORKSPACE", Workspace)


def _error(status: int, *codes: str) -> web.Response:
    error: dict[str, Any] = {}
    for code in reversed(codes):
        error = {"code": code, "message": code, **({"innererror": error} if error else {})}
    return web.json_response({"error": error}, status=status)


async def query(request: web.Request) -> web.Response:
    """`POST /logs/v1/workspaces/<id>/query`."""
    state = request.app[WORKSPACE]
    if is_refused(request, state):
        return _error(401, "AuthenticationFailed")
    if not state.has_role or request.match_info["id"] != state.id:
        return _error(403, "InsufficientAccessError")
    body = await request.json()
    parsed = QUERY.fullmatch(body["query"])
    if parsed is None:
        return _error(400, "BadArgumentError", "SyntaxError")
    table, name, begin, limit = parsed.groups()
    if table not in state.tables:
        return _error(400, "BadArgumentError", "SemanticError", "SEM0100")
    before = state.cached.get(table)
    if request.headers.get("Cache-Control") != "no-cache" and before and state.clock() - before[0] < CACHED:
        return web.Response(body=before[1].body, content_type="application/json")
    state.asked.append(body["query"])
    first, last = (datetime.fromisoformat(each) for each in body["timespan"].split("/"))
    rows = state.found(table, datetime.fromisoformat(begin), (first, last))[: int(limit)]
    answer = web.json_response(_answer(rows[: state.whole], name, is_cut=len(rows) > state.whole))
    state.cached[table] = state.clock(), answer
    return answer


def _answer(rows: list[dict[str, Any]], name: str, *, is_cut: bool) -> dict[str, Any]:
    kinds = {key: _kind(value) for row in rows for key, value in row.items() if key != "at"}
    columns = [{"name": key, "type": kind} for key, kind in kinds.items()]
    cells = [[*(_cell(row.get(key)) for key in kinds), _cell(row["at"])] for row in rows]
    table = {"name": "PrimaryResult", "columns": [*columns, {"name": name, "type": "string"}], "rows": cells}
    error = {"error": {"code": "PartialError", "message": "There were some errors"}} if is_cut else {}
    return {"tables": [table], **error}


def _kind(value: Any) -> str:
    return "datetime" if isinstance(value, datetime) else KINDS.get(type(value), "string")


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.%f}0Z"
    return json.dumps(value) if isinstance(value, dict | list) else value


async def arrive(request: web.Request) -> web.Response:
    """`POST /_sim/tables/<name>`: the hand by which rows arrive, five minutes ago."""
    state, table = request.app[WORKSPACE], request.match_info["table"]
    ago = state.clock() - timedelta(minutes=5)
    rows = [(ago, {"TimeGenerated": ago, "Type": table, **row}) for row in await request.json()]
    state.tables.setdefault(table, []).extend(rows)
    return web.json_response({})


ROUTES = (
    web.post("/logs/v1/workspaces/{id}/query", query),
    web.post("/_sim/tables/{table}", arrive),
)
