"""Every query is taken by Microsoft's own language service, where there is Node."""

import pytest

from tests.infra import loud
from tests.infra.code import ROOT
from tests.infra.kql import service
from tests.infra.telemetry import RESERVED, Query, queries


def test_the_language_service_finds_nothing_in_our_queries() -> None:
    shipped = queries(ROOT / "infra")
    filled = [Query(each.name, each.text.replace("{SYNC_STALE_MINUTES}", "60")) for each in shipped]
    assert len(filled) > 20
    assert service.ask(filled).findings == []


MISTAKES = {
    "unknown column": "traces | where mesage startswith 'x'",
    "unknown table": "trace | top 1 by timestamp",
    "unknown function": "traces | extend a = extracts(@'x', 1, message)",
    "wrong type": "traces | where timestamp > 5",
    "bracket left open": "traces | where (message has 'x'",
    "aggregate in a filter": "traces | where count() > 1",
    "unknown operator": "traces | summerize count()",
    "column projected away": "traces | project timestamp | where message has 'x'",
    "argument missing": "traces | extend a = extract(@'x', message)",
    "reserved to the parser": "traces | summarize first = max(timestamp)",
    "reserved to the engine": "traces | extend latest = 1",
}


def test_the_language_service_finds_each_seeded_mistake() -> None:
    answer = service.ask(Query(name, text) for name, text in MISTAKES.items())
    silent = [name for name in MISTAKES if not any(each.startswith(name) for each in answer.findings)]
    assert silent == []


def test_the_names_kept_here_as_reserved_are_the_services() -> None:
    assert sorted(RESERVED) == service.ask([]).reserved


def test_without_node_the_skip_is_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.skip.Exception, match=f"{loud.NOT_CHECKED}no query .* there is no Node"):
        service.ask([])
