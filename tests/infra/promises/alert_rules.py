"""An alert rule is what its row of alerts.json says, and mails whom it should.

Each check returns its findings.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.preflight.deployment import INFRA
from infra.snapshot import EVERYTHING_ON
from tests.infra.promises.wired import COMPONENT
from tests.infra.snapshots import Environment, Resource, Snapshots

RULES, GROUPS = "Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/actionGroups"


def rules(snapshots: Snapshots) -> Iterator[str]:
    """One rule for each row: its query over the component, as often as it says, at any finding."""
    listed = json.loads((INFRA / "alerts.json").read_text(encoding="utf-8"))
    rows = {f"mtd-{row['name']}": row for row in listed}
    for environment in snapshots:
        made = {each.name: each for each in environment.of(RULES)}
        yield from (f"{environment.name}: no rule {name}" for name in sorted(rows.keys() - made))
        yield from (f"{environment.name}: {name} has no row" for name in sorted(made.keys() - rows))
        for name in sorted(rows.keys() & made.keys()):
            for path, right in _right(environment, rows[name]).items():
                if made[name].at(path) != right:
                    yield f"{made[name]}: {path} is {made[name].at(path)}, not {right}"


def _right(environment: Environment, row: Mapping[str, Any]) -> dict[str, object]:
    stale = environment.settings["SYNC_STALE_MINUTES"]
    condition = "properties.criteria.allOf.0"
    return {
        "properties.enabled": True,
        "properties.severity": row["severity"],
        "properties.evaluationFrequency": row["every"],
        "properties.windowSize": row["over"],
        "properties.autoMitigate": row["resolves"],
        "properties.scopes": [environment.one(COMPONENT).id],
        "properties.skipQueryValidation": None,  # a query that is none is refused
        f"{condition}.query": [line.replace("{SYNC_STALE_MINUTES}", stale) for line in row["query"]],
        f"{condition}.timeAggregation": "Count",
        f"{condition}.operator": "GreaterThan",
        f"{condition}.threshold": 0,
        f"{condition}.failingPeriods": {"minFailingPeriodsToAlert": 1, "numberOfEvaluationPeriods": 1},
    }


def mail(snapshots: Snapshots) -> Iterator[str]:
    """With an address every rule mails it; without, alerts show in the portal only."""
    for environment in snapshots:
        groups = environment.of(GROUPS)
        addresses = [
            each["emailAddress"] for group in groups for each in group.at("properties.emailReceivers")
        ]
        given = ["security-operations@example.com"] if environment.name == EVERYTHING_ON else []
        if addresses != given or not all(group.at("properties.enabled") for group in groups):
            yield f"{environment.name}: alerts are mailed to {addresses}"
        for rule in environment.of(RULES):
            yield from _mails(rule, [group.id for group in groups])


def _mails(rule: Resource, groups: list[str]) -> Iterator[str]:
    if (rule.at("properties.actions.actionGroups") or []) != groups:
        yield f"{rule} does not mail {groups}"


CHECKS = (rules, mail)
