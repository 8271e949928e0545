"""Grace for data that are missing: until when a device is let in that a partner must scan and has not. Pure.

Two things grant it, and the longer holds: the policy, as for a device over the line, from the moment the data
are missing; and enrollment, because nobody's agent can have scanned a phone that enrolled a minute ago.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.moment import in_words
from shared.domain.rule import Rule, RuleSource

AHEAD = timedelta(minutes=10)
"""How far Intune's clock may be ahead of ours: a later enrollment is none to count from."""


@dataclass(frozen=True)
class Grace:
    """Until when missing data are overlooked, and why, in words."""

    until: datetime
    why: str


def for_missing_data(
    rules: Sequence[Rule],
    since: datetime,
    enrolled_at: datetime | None,
    enrollment_grace: timedelta,
    now: datetime,
) -> Grace:
    """The grace of a device whose data have been missing since `since`; it may be over.

    Of Intune's policies the least patient decides, each grants its own. A local rule is about threats, and is
    asked only where there is no policy.
    """
    asking = [rule for rule in rules if rule.source is RuleSource.INTUNE] or rules
    rule = min(asking, key=lambda rule: (rule.grace_hours, rule.id))
    granted = [Grace(since + timedelta(hours=rule.grace_hours), f"the grace period of {rule.name!r}")]
    if enrolled_at is not None and enrolled_at <= now + AHEAD:
        enrolled = f"it was enrolled {in_words(enrolled_at)}: the grace of newcomers"
        granted.append(Grace(enrolled_at + enrollment_grace, enrolled))
    return max(granted, key=lambda grace: grace.until)
