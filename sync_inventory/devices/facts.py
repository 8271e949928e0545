"""Graph's managedDevice, read as the facts that are mirrored. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from shared.domain.model import DeviceFacts, EnrollmentType, Ownership
from shared.domain.nobody import names_nobody
from shared.domain.record import Platform
from shared.graph.wire import ManagedDeviceAnswer

_USABLE = re.compile(r"[0-9a-z_.-]{1,100}")
_DEVICE_OWNER = frozenset(
    {
        "androidenterprisefullymanaged",
        "androidenterprisededicateddevice",
        "androidenterprisecorporateworkprofile",
    }
)


@dataclass(frozen=True)
class Record:
    """One Intune record: its facts, and when the device last checked in."""

    facts: DeviceFacts
    last_sync: datetime | None


def record(answer: ManagedDeviceAnswer) -> Record:
    """What is mirrored of a managedDevice. What changes at each check-in is not among the facts."""
    return Record(
        DeviceFacts(
            intune_id=answer.id,
            entra_id=entra_id(answer.entra_id),
            serial=serial(answer.serial),
            name=answer.name,
            user_id=answer.user_id or None,
            platform=platform(answer.operating_system),
            os_version=answer.os_version,
            manufacturer=answer.manufacturer or None,
            model=answer.model or None,
            category=answer.category or None,
            enrollment_profile=answer.enrollment_profile or None,
            ownership=ownership(answer.owner),
            enrollment_type=enrollment_type(answer.operating_system, answer.enrollment_type),
            compliance_state=answer.compliance or "unknown",
            enrolled_at=answer.enrolled,
            grace_until=answer.grace_until,
            partner_reported_threat_state=answer.threat_state or "unknown",
            registration_state=answer.registration or "unknown",
            management_state=answer.management,
        ),
        answer.last_sync,
    )


def entra_id(text: str | None) -> str | None:
    """The Entra device id in lower case; None where it is empty, the zero GUID, or no id at all."""
    text = (text or "").strip().lower()
    return None if not _USABLE.fullmatch(text) or names_nobody(text) else text


def serial(text: str | None) -> str | None:
    """The serial number; None for a placeholder."""
    text = (text or "").strip()
    return None if names_nobody(text) else text


def udid(text: str) -> str:
    """The UDID; empty for a placeholder."""
    return serial(text) or ""


def platform(operating_system: str | None) -> Platform:
    """The platform Intune's operatingSystem stands for: iOS, iPadOS; Android and its kinds; else other."""
    word = (operating_system or "").strip().lower()
    if word in {"ios", "ipados"}:
        return Platform.IOS
    return Platform.ANDROID if word.startswith("android") else Platform.OTHER


def enrollment_type(operating_system: str | None, kind: str | None) -> EnrollmentType:
    """How an Android device is enrolled, from deviceEnrollmentType where that says, else operatingSystem.

    Inferred: v1.0 documents no Android word of deviceEnrollmentType (beta has `androidEnterprise…`), and
    Intune's consoles show `AndroidForWork` and `AndroidEnterprise` as systems. What neither says stays
    unknown.
    """
    system = (operating_system or "").strip().lower()
    if not system.startswith("android"):
        return EnrollmentType.UNKNOWN
    word = (kind or "").strip().lower()
    if word in _DEVICE_OWNER or system.startswith("androidenterprise"):
        return EnrollmentType.DEVICE_OWNER
    if system.startswith("androidforwork"):
        return EnrollmentType.WORK_PROFILE
    return EnrollmentType.UNKNOWN


def ownership(word: str | None) -> Ownership:
    """managedDeviceOwnerType; a word nobody knows is `unknown`."""
    try:
        return Ownership(word or "unknown")
    except ValueError:
        return Ownership.UNKNOWN
