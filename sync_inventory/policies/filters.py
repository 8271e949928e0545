"""The rules of the assignment filters that policies use: what each asks of a device."""

from collections.abc import Sequence

from shared.domain.record import Platform
from shared.domain.rule import ALL_DEVICES, ALL_USERS, EXCLUDED, Rule, TargetFilter
from shared.errors import GraphNotFound, GraphRefused
from shared.graph.wire import AssignmentFilterAnswer
from shared.log import LogEvent, log_event
from shared.services import Services

_PLATFORMS = {Platform.IOS: "ios", Platform.ANDROID: "android"}
"""How the platform of a filter begins, in lower case (devicePlatformType: iOS, android, androidForWork)."""


async def with_filters(services: Services, rules: Sequence[Rule]) -> list[Rule]:
    """`rules` with what their filters ask for; asked of Graph only where one has a filter.

    A filter that is not listed, or whose list is refused, stays unknown: what it may concern stays undecided.
    """
    if not any(rule.assignment.filters for rule in rules):
        return list(rules)
    try:
        listed = {each.id.lower(): each for each in await services.graph.assignment_filters()}
    except (GraphNotFound, GraphRefused) as error:
        log_event(LogEvent.FILTERS_UNREAD, why=error)
        listed = {}
    return [
        _with(rule, {t: _filter(rule, f, listed.get(f.id)) for t, f in rule.assignment.filters.items()})
        for rule in rules
    ]


def with_filters_of(rule: Rule, before: Rule | None) -> Rule:
    """A rule from a list without filters: those it had before hold for the targets it still has."""
    of, known = rule.assignment, before.assignment.filters if before else {}
    targets = {*of.groups, *(f"{EXCLUDED}{group}" for group in of.excluded)}
    targets |= {name for name, there in ((ALL_USERS, of.all_users), (ALL_DEVICES, of.all_devices)) if there}
    return _with(rule, {target: each for target, each in known.items() if target in targets})


def _with(rule: Rule, filters: dict[str, TargetFilter]) -> Rule:
    return rule.model_copy(update={"assignment": rule.assignment.model_copy(update={"filters": filters})})


def _filter(rule: Rule, used: TargetFilter, listed: AssignmentFilterAnswer | None) -> TargetFilter:
    """What a filter asks for; nothing where it is none for the managed devices of the rule's platform."""
    if listed is None:
        return used
    fits = listed.platform.lower().startswith(_PLATFORMS.get(rule.platform, "?"))
    usable = fits and listed.management == "devices"
    return used.model_copy(update={"name": listed.name or used.name, "rule": listed.rule if usable else None})
