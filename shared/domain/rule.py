"""Rules: the most a platform's devices may risk. From Intune's compliance policies, and from the local
file. Pure."""

from enum import StrEnum
from typing import ClassVar

from shared.domain.level import Level
from shared.domain.model import Document, EnrollmentType, Ownership, Part
from shared.domain.moment import Moment
from shared.domain.record import Category, Platform


class RuleSource(StrEnum):
    """Where a rule comes from."""

    INTUNE = "intune"
    LOCAL = "local"


class Assignment(Part):
    """Whom a rule is for, as Intune assigns compliance policies: groups are of users, by id in lower case.

    Intune evaluates the threat level by user groups only (memdocs: create-compliance-policy), so a device
    without a user is reached by an assignment to all devices, or by a local rule, and by nothing else.
    """

    all_users: bool = False
    all_devices: bool = False
    groups: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
    """Those of both lists that could not be looked up, and targets of a kind nobody knows."""


class Rule(Part):
    """The most that may be risked by the devices it reaches."""

    id: str
    name: str
    source: RuleSource = RuleSource.INTUNE
    platform: Platform
    allowed: Level
    grace_hours: float = 0.0
    """Hours over the line before access is refused (scheduledActionsForRule, action block)."""
    assignment: Assignment = Assignment()
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
    read_at: Moment
