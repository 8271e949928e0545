"""Rules: the most a platform's devices may risk. From Intune's compliance policies, and from the local
file. Pure."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from shared.domain.level import Level
from shared.domain.model import Document, EnrollmentType, Ownership, Part
from shared.domain.moment import Moment
from shared.domain.record import Category, Platform


class RuleSource(StrEnum):
    """Where a rule comes from."""

    INTUNE = "intune"
    LOCAL = "local"


ALL_USERS, ALL_DEVICES, EXCLUDED = "all_users", "all_devices", "not:"
"""Targets of an assignment that a filter may narrow."""


class TargetFilter(Part):
    """The assignment filter of one target of an assignment."""

    id: str
    name: str
    include: bool
    """Whether the devices that meet it are in, or out (Intune's modes include and exclude)."""
    rule: str | None = None
    """What it asks of a device; None where that is not known."""


class Assignment(Part):
    """Whom a rule is for, as Intune assigns compliance policies: groups are of users, by id in lower case.

    Intune evaluates the threat level by user groups only (memdocs: create-compliance-policy), so none of its
    rules reaches a device without a user, one for all devices included; a local rule does.
    """

    all_users: bool = False
    all_devices: bool = False
    groups: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
    """Those of both lists that could not be looked up, and targets of a kind nobody knows."""
    filters: dict[str, TargetFilter] = Field(default_factory=dict)
    """By target: ALL_USERS, ALL_DEVICES, a group's id, or EXCLUDED and the id of an excluded group."""


CONSEQUENCE = "[mtd-consequence]"
"""Stands in the description of a compliance policy that follows from a tag (docs/consequences.md): no phone
meets it, so it is never read as a rule."""


class Rule(Part):
    """The most that may be risked by the devices it reaches."""

    id: str
    name: str
    source: RuleSource = RuleSource.INTUNE
    platform: Platform
    allowed: Level
    grace_hours: float = 0.0
    """Hours over the line before access is refused (scheduledActionsForRule, action block)."""
    assignment: Assignment = Field(default_factory=Assignment)
    enrollment_types: tuple[EnrollmentType, ...] = ()
    """Ways of Android enrollment it is for; every one where none is named."""
    ownership: Ownership | None = None
    """Whose devices it is for; everybody's where none is named. Local rules only."""
    category: Category | None = None
    """The only category of threats it looks at; all where none is named. Local rules only."""


class Rules(Document):
    """Every rule Intune gave at the last sync that could read them."""

    container: ClassVar[str] = "settings"
    id: str = "rules"
    rules: tuple[Rule, ...] = ()
    missing_groups: tuple[str, ...] = ()
    """Groups the policies name that Entra did not know then; what is missing twice in a row is empty."""
    remarks: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What an admin should know of a rule, by its id: why it reaches nobody, what of it is not known."""
    filters_read: bool = True
    """Whether Graph served the filters of assignments: v1.0 does not have them."""
    read_at: Moment
