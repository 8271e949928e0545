"""The rules in force as an admin sees them: whom each is for, and what of that is not as it seems."""

from pydantic import BaseModel

from shared.domain.level import Level
from shared.domain.model import EnrollmentType
from shared.domain.moment import Moment
from shared.domain.record import Category, Platform
from shared.domain.rule import Assignment, Rule, Rules, RuleSource
from shared.services import Services


class RuleRow(BaseModel):
    """One rule."""

    id: str
    name: str
    source: RuleSource
    platform: Platform
    allowed: Level
    grace_hours: float
    enrollment_types: list[EnrollmentType]
    category: Category | None
    assignment: Assignment
    """Groups by id; `unresolved` are those that could not be looked up; filters with what they ask for."""
    remarks: list[str]
    """Why it reaches nobody, and what of its assignment is not known."""


class RulesListed(BaseModel):
    """Intune's rules as the last sync that could read them had them, and the local ones."""

    rules: list[RuleRow]
    other_remarks: dict[str, list[str]]
    """By policy, of those that make no rule: policies that follow from a tag, used as they are not meant."""
    filters_read: bool
    """Whether Graph served the filters of assignments at that sync."""
    read_at: Moment | None
    """When Intune's last changed; null where no sync has read them yet."""


async def list_rules(services: Services) -> RulesListed:
    """Every rule in force, Intune's first."""
    found = await services.store.read(Rules, "rules")
    intunes = found.document if found else None
    remarks = intunes.remarks if intunes else {}
    rules: tuple[Rule, ...] = (*(intunes.rules if intunes else ()), *services.local_rules.rules)
    return RulesListed(
        rules=[_row(rule, remarks.get(rule.id, ())) for rule in rules],
        other_remarks={
            id_: list(said) for id_, said in remarks.items() if id_ not in {rule.id for rule in rules}
        },
        filters_read=intunes.filters_read if intunes else True,
        read_at=intunes.read_at if intunes else None,
    )


def _row(rule: Rule, remarks: tuple[str, ...]) -> RuleRow:
    fields = rule.model_dump(include=RuleRow.model_fields.keys() - {"remarks"})
    return RuleRow(**fields, remarks=list(remarks))
