"""What an admin should know of a rule: why it reaches nobody, what of its assignment is not known. Pure."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from shared.domain.assignment_filter import read_filter, unanswered
from shared.domain.device_rule import FilterError
from shared.domain.rule import CONSEQUENCE, Assignment, Rule, TargetFilter

NO_USERS = "no user is in it (devices in it do not count, and members that are hidden are not shown)"

ASKS_FOR_A_LEVEL = (
    f"it makes no rule, though it asks for a threat level: {CONSEQUENCE} stands in its description"
)
FOR_EVERYBODY = f"it is assigned to everybody, and no phone meets a policy marked {CONSEQUENCE}"


def on_consequence(of: Assignment, *, asks_for_a_level: bool) -> tuple[str, ...]:
    """Remarks on a policy that follows from a tag: what its template never does."""
    found = {ASKS_FOR_A_LEVEL: asks_for_a_level, FOR_EVERYBODY: of.all_users or of.all_devices}
    return tuple(remark for remark, holds in found.items() if holds)


def remarks_on(
    rules: Sequence[Rule], empty: AbstractSet[str], gone: AbstractSet[str]
) -> dict[str, tuple[str, ...]]:
    """Remarks by rule, where there are any; `empty` are groups without a user, `gone` those of them that are
    deleted."""
    found = {rule.id: tuple(_on(rule.assignment, empty, gone)) for rule in rules}
    return {id_: remarks for id_, remarks in found.items() if remarks}


def _on(of: Assignment, empty: AbstractSet[str], gone: AbstractSet[str]) -> Iterator[str]:
    everybody = of.all_users or of.all_devices
    if not everybody and not of.groups:
        yield "it reaches nobody: it is assigned to nobody"
    elif not everybody and {*of.groups} <= empty:
        yield "it reaches nobody: " + "; ".join(f"{group}: {_why(group, gone)}" for group in of.groups)
    for group in sorted({*of.groups, *of.excluded} & gone):
        yield f"group {group} is deleted: its assignment counts again when it is restored"
    for group in of.unresolved:
        yield f"whom it is for is not known: {group} could not be looked up"
    for each in of.filters.values():
        trouble = _trouble(each)
        if trouble:
            yield f"its filter {each.name} {trouble}"


def _why(group: str, gone: AbstractSet[str]) -> str:
    return "the group is deleted" if group in gone else NO_USERS


def _trouble(each: TargetFilter) -> str | None:
    """Why a filter leaves devices undecided; None where it does not."""
    if each.rule is None:
        return "could not be read"
    try:
        read_filter(each.rule)
    except FilterError as error:
        return f"cannot be evaluated: {error}"
    asked = unanswered(each.rule)
    return f"asks for what is not mirrored: {', '.join(asked)}" if asked else None
