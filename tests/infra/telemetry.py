"""Whether alerts and workbook look for what the app really logs. Each check returns its findings.

No query can be run here. What is held: the events are those of shared/log.py, every word is one the event
is logged with, and every pattern finds its own word, and no other's, in a line as the app writes it. Whether
the queries are Kusto is asked of Microsoft's language service (kql/service.py) where there is Node.
"""

import json
import logging
import pathlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared import log
from tests.infra import code

_EVENT = re.compile(r'startswith "([^"]*)"')
_PATTERN = re.compile(r'extract\(@"([^"]*)"')
_KEY = re.compile(r"\\b(\w+)=")
_WORD = re.compile(r'has "(\w+)=')
_PLACE = re.compile(r"\{([A-Z_]+)\}")
_SPANS = {"PT5M": 5, "PT15M": 15, "PT30M": 30, "PT1H": 60, "PT2H": 120, "PT6H": 360, "P1D": 1440, "P2D": 2880}
"""Some of the spans a log alert takes, in minutes (Azure Monitor, "scheduledQueryRules")."""
_AGO = re.compile(r"ago\((\d+)(m|h)\)")
_TEXT = re.compile(r'@?"[^"]*"|\[\'[^\']*\'\]')
_NAME = re.compile(r"\b[A-Za-z_]\w*\b")
_GIVEN = re.compile(r"(?<!join )\b([A-Za-z_]\w*)\s*=(?!=)")
_KUSTO = pathlib.Path(__file__).with_name("kql")
RESERVED = frozenset((_KUSTO / "reserved.txt").read_text(encoding="utf-8").split())
"""Names the engine takes only in brackets (KustoFacts of the language service): `first` refuses a rule."""
_KQL = frozenset((_KUSTO / "words.txt").read_text(encoding="utf-8").split())
"""Words of the Kusto query language that these queries use, and the table they ask. Not `union` nor `search`:
Azure Monitor takes no alert rule with them ("Optimize log search alert queries")."""
_COLUMNS = frozenset({"timestamp", "message"})
"""Of `traces` (Azure Monitor, "Application Insights telemetry data model")."""
_ROW = {"name", "title", "text", "severity", "every", "over", "resolves", "query"}
RUNBOOK = code.ROOT / "docs" / "runbook.md"


@dataclass(frozen=True)
class Query:
    """One query and where it stands."""

    name: str
    text: str

    @property
    def events(self) -> list[str]:
        """The beginnings of lines it looks for."""
        return _EVENT.findall(self.text)


def queries(folder: pathlib.Path) -> list[Query]:
    """Those of the alerts and of the workbook."""
    alerts = [Query(f"alert {row['name']}", "\n".join(row["query"])) for row in _alerts(folder)]
    book = json.loads((folder / "workbook.json").read_text(encoding="utf-8"))
    items = [item for item in book["items"] if item["type"] == 3]
    return alerts + [Query(f"workbook, {item['name']}", item["content"]["query"]) for item in items]


def words(folder: pathlib.Path) -> list[str]:
    """Every query looks for an event that is logged, and for words it is logged with."""
    return [finding for query in queries(folder) for finding in (*_events(query), *_details(query))]


def _events(query: Query) -> Iterator[str]:
    logged = code.logged().keys
    for beginning in query.events:
        if not beginning.endswith(" "):
            yield f"{query.name}: {beginning!r} lacks its space: it would find other events too"
        if beginning.strip() not in logged:
            yield f"{query.name}: there is no event {beginning.strip()}"
        elif not logged[beginning.strip()]:
            yield f"{query.name}: nobody logs {beginning.strip()}"


def _details(query: Query) -> Iterator[str]:
    known = set().union(*(code.logged().keys.get(event.strip(), set()) for event in query.events))
    line = " ".join(f"{key}=1" for key in sorted(known))
    for pattern in _PATTERN.findall(query.text):
        if not re.search(pattern, line):
            yield f"{query.name}: {pattern} finds nothing in what its events log: {line}"
    for word in _WORD.findall(query.text):
        if word not in known:
            yield f"{query.name}: its events are not logged with {word}"
    for name in _PLACE.findall(query.text):
        if name != "SYNC_STALE_MINUTES":
            yield f"{query.name}: nobody fills in {{{name}}}"


def patterns(folder: pathlib.Path) -> list[str]:
    """Every pattern begins at a word, and catches its own alone: `device=` would catch `no_device=` too."""
    return [finding for query in queries(folder) for finding in _caught(query)]


def _caught(query: Query) -> Iterator[str]:
    logged = code.logged().keys
    lines = [(event.strip(), key) for event in query.events for key in logged.get(event.strip(), ())]
    for pattern in _PATTERN.findall(query.text):
        own = _KEY.match(pattern)
        if own is None:
            yield f"{query.name}: {pattern} does not begin at a word"
        for event, key in lines:
            if key != (own and own[1]) and re.search(pattern, f"{event} {key}=1"):
                yield f"{query.name}: {pattern} catches {key}= of {event}"


def reserved(folder: pathlib.Path) -> list[str]:
    """No query gives a name that the engine keeps for itself."""
    findings = []
    for query in queries(folder):
        given = _GIVEN.findall(_TEXT.sub("''", query.text))
        findings += [f"{query.name}: {name} is a reserved name" for name in given if name in RESERVED]
    return findings


def names(folder: pathlib.Path) -> list[str]:
    """Every name in a query is a word of Kusto, a column of the table, or given in the query itself."""
    findings = []
    for query in queries(folder):
        text = _TEXT.sub("''", _PLACE.sub("1", query.text))
        known = _KQL | _COLUMNS | set(_GIVEN.findall(text))
        findings += [
            f"{query.name}: nobody knows {name}" for name in _NAME.findall(text) if name not in known
        ]
    return findings


def watched(folder: pathlib.Path) -> list[str]:
    """Whatever is logged as an error is looked for by an alert."""
    alerts = [query for query in queries(folder) if query.name.startswith("alert ")]
    looked_for = {event.strip() for query in alerts for event in query.events}
    errors = [event for event in log.LogEvent if log.level(event) >= logging.ERROR]
    missing = [event.value for event in errors if event.value not in looked_for]
    return [f"no alert looks for {event}, which is logged as an error" for event in missing]


def rows(folder: pathlib.Path) -> list[str]:
    """Every alert is whole, looks back at least as far as it last looked, and has its part of the runbook."""
    headings = re.findall(r"^## ([\w-]+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    alerts = _alerts(folder)
    findings = []
    for row in alerts:
        name = row["name"]
        if row.keys() != _ROW:
            findings.append(f"alert {name}: has {sorted(row)}")
            continue
        if row["severity"] not in range(5):
            findings.append(f"alert {name}: severity {row['severity']} is not 0 to 4")
        if _SPANS.get(row["over"], 0) < _SPANS.get(row["every"], 1_000_000):
            findings.append(f"alert {name}: looks over {row['over']} every {row['every']}")
        if any(_minutes(*ago) > _SPANS.get(row["over"], 0) for ago in _AGO.findall("\n".join(row["query"]))):
            findings.append(f"alert {name}: asks for more than {row['over']}, which is all it is given")
        if name not in headings:
            findings.append(f"alert {name}: docs/runbook.md has no such section")
    names = {row["name"] for row in alerts}
    return findings + [f"docs/runbook.md: there is no alert {name}" for name in headings if name not in names]


def lost(logging: Mapping[str, Any]) -> list[str]:
    """What of host.json's `logging` would keep a line from the log that an alert could look for."""
    sampling = logging["applicationInsights"]["samplingSettings"]
    excluded = set(sampling["excludedTypes"].split(";"))
    findings = [f"{kind} is sampled" for kind in ("Exception", "Trace") if kind not in excluded]
    if logging["logLevel"].get("Function") != "Information":
        findings.append("events logged as information are below the log level")
    return findings


def _minutes(number: str, unit: str) -> int:
    return int(number) * {"m": 1, "h": 60}[unit]


def _alerts(folder: pathlib.Path) -> list[dict[str, Any]]:
    alerts: list[dict[str, Any]] = json.loads((folder / "alerts.json").read_text(encoding="utf-8"))
    return alerts


CHECKS: tuple[Callable[[pathlib.Path], list[str]], ...] = (words, patterns, reserved, names, watched, rows)
