"""The threat that an agent is which was at work and is not any more. Pure."""

from datetime import datetime

from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Reported
from shared.domain.record import Category, Status, ThreatRecord

INACTIVE = "agent_inactive"
"""Type of that threat, and its key where the vendor has no other."""


def inactive(
    common: Reported,
    name: str | None,
    *,
    key: str = INACTIVE,
    status: Status = Status.OPEN,
    at: datetime | None = None,
    unknown_status: str | None = None,
) -> ThreatRecord:
    """The threat, named as the vendor has it: no agent has looked, so it is no scan.

    `at` is when the agent was found gone, or is back, and no last contact: at that moment it was there, and
    may have said that all was well. Without it, it counts as of its receipt.
    """
    resolved = status is Status.RESOLVED
    return ThreatRecord(
        **common,
        threat_key=key,
        category=taxonomy.category_of(INACTIVE, Category.DEVICE),
        threat_type=INACTIVE,
        threat_name=name,
        severity=taxonomy.severity_of(None, {}, INACTIVE),
        status=status,
        detected_at=None if resolved else at,
        resolved_at=at if resolved else None,
        scanned=False,
        unknown_status=unknown_status,
    )
