"""Alerts and workbook look for what the app logs, in words Azure takes; each check finds a seeded mistake."""

import json
import pathlib
import re
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from infra.recorded import recorded
from tests.infra import code
from tests.infra.telemetry import CHECKS, lost, names, patterns, queries, reserved, rows, watched, words

INFRA = code.ROOT / "infra"
ALERTS, WORKBOOK = "alerts.json", "workbook.json"
Check = Callable[[pathlib.Path], list[str]]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_shipped_queries_hold(check: Check) -> None:
    assert check(INFRA) == []


MISTAKES: list[tuple[Check, str, str, str, str]] = [
    (words, ALERTS, "dead_letter ", "dead_leter ", "there is no event dead_leter"),
    (words, ALERTS, "tag_drifted ", "tag_drifted", "lacks its space"),
    (words, ALERTS, "state=(", "outcome=(", "finds nothing in what its events log"),
    (words, ALERTS, "mode=enforce", "modus=enforce", "its events are not logged with modus"),
    (words, ALERTS, "{SYNC_STALE_MINUTES}", "{STALE}", "nobody fills in {STALE}"),
    (
        words,
        WORKBOOK,
        "blocked=(",
        "refused=(",
        r"workbook, Devices at the last sync: \brefused",
    ),
    (names, ALERTS, "max(timestamp)", "max(timestmp)", "nobody knows timestmp"),
    (names, ALERTS, "isnull(read_at)", "isnull(newest)", "alert feed-lag: nobody knows newest"),
    (
        names,
        WORKBOOK,
        "| project timestamp, ok",
        "| proyect timestamp, ok",
        "nobody knows proyect",
    ),
    (names, ALERTS, "| distinct stop;", "| union traces;", "mass-change-stop: nobody knows union"),
    (rows, ALERTS, "ago(1h)", "ago(12h)", "alert pending-tags: asks for more than PT6H"),
    (watched, ALERTS, "tag_foreign ", "tag_written ", "no alert looks for tag_foreign"),
    (
        watched,
        ALERTS,
        "mass_change_stopped ",
        "mass_change_approved ",
        "no alert looks for mass_change_stopped",
    ),
    (rows, ALERTS, '"name": "tag-drift"', '"name": "drift"', "docs/runbook.md has no such section"),
    (rows, ALERTS, '"name": "tag-drift"', '"name": "drift"', "there is no alert tag-drift"),
    (rows, ALERTS, '"severity": 3', '"severity": 7', "severity 7 is not 0 to 4"),
    (rows, ALERTS, '"over": "PT15M"', '"over": "PT5M"', "looks over PT5M every PT15M"),
    (rows, ALERTS, '"resolves": true,', "", "alert mass-change-stop: has ["),
    (patterns, ALERTS, r"\\bdevice=", "device=", "device=(\\S+) does not begin at a word"),
    (patterns, ALERTS, r"\\bdevice=", "device=", "catches no_device= of devices_counted"),
    (patterns, WORKBOOK, r"\\bblocked=", r"\\w*de\\w*=", "catches undecided= of devices_counted"),
    (
        reserved,
        ALERTS,
        "summarize last_at = ",
        "summarize latest = ",
        "mass-change-stop: latest is a reserved name",
    ),
    (reserved, ALERTS, "failed = extract", "kind = extract", "dead-letters: kind is a reserved name"),
    (
        reserved,
        WORKBOOK,
        "sum(unknown), last_at",
        "sum(unknown), first",
        "Partners: first is a reserved name",
    ),
]


@pytest.mark.parametrize(("check", "file", "right", "wrong", "finding"), MISTAKES)
def test_a_seeded_mistake_is_found(
    tmp_path: pathlib.Path, check: Check, file: str, right: str, wrong: str, finding: str
) -> None:
    for name in (ALERTS, WORKBOOK):
        shutil.copy(INFRA / name, tmp_path)
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert right in text, "the mistake can no longer be made: seed another one"
    (tmp_path / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    assert any(finding in found for found in check(tmp_path)), check(tmp_path)


def test_every_check_has_a_mistake_that_it_finds() -> None:
    assert {check for check, *_ in MISTAKES} == {*CHECKS}


def test_what_stays_wrong_in_silence_is_looked_for_as_long_as_azure_looks_back() -> None:
    """A feed that stands still, syncs that stopped, a stop nobody approved: none of them logs any more."""
    over = {row["name"]: row["over"] for row in json.loads((INFRA / ALERTS).read_text())}
    assert {over[name] for name in ("feed-lag", "sync-late", "mass-change-stop")} == {"P2D"}


def test_figures_of_the_last_syncs_are_compared_however_seldom_it_runs() -> None:
    counted = [q.text for q in queries(INFRA) if q.name.startswith("alert") and "devices_counted" in q.text]
    assert len(counted) == 2
    assert all('"devices_counted "\n| top 2 by timestamp desc\n' in text for text in counted)


def _logging() -> dict[str, Any]:
    logging: dict[str, Any] = json.loads((code.ROOT / "host.json").read_text())["logging"]
    return logging


def test_no_line_an_alert_could_look_for_is_sampled_away_or_below_the_log_level() -> None:
    assert lost(_logging()) == []


@pytest.mark.parametrize(
    ("right", "wrong", "finding"),
    [
        ("Exception;Trace", "Exception;Request", "Trace is sampled"),
        ("Exception;Trace", "Trace", "Exception is sampled"),
        ('"Function": "Information"', '"Function": "Warning"', "below the log level"),
        ('"Function": "Information"', '"Functions": "Information"', "below the log level"),
    ],
)
def test_a_line_that_would_be_lost_is_found(right: str, wrong: str, finding: str) -> None:
    text = json.dumps(_logging())
    assert right in text
    assert any(finding in found for found in lost(json.loads(text.replace(right, wrong))))


def test_the_alert_of_a_late_sync_looks_back_as_far_as_a_sync_may_be_late() -> None:
    [late] = [alert for alert in json.loads((INFRA / ALERTS).read_text()) if alert["name"] == "sync-late"]
    days = re.fullmatch(r"P(\d)D", late["over"])
    assert days is not None
    assert recorded("parameters")["syncStaleMinutes"]["maxValue"] <= int(days[1]) * 24 * 60
