"""Graph's managedDevice, read as the facts that are mirrored. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from shared.graph import ManagedDeviceAnswer
from shared.model import DeviceFacts, Ownership
from shared.record import Platform

_USABLE = re.compile(r"[0-9a-z_.-]{1,100}")
JUNK_SERIALS = frozenset({"unknown", "null", "none", "n/a"})
"""Serial numbers (lower case) that name no device: placeholders of vendors and of unsupervised phones."""


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
            ownership=ownership(answer.owner),
            compliance_state=answer.compliance or "unknown",
            partner_reported_threat_state=answer.threat_state or "unknown",
            management_state=answer.management,
        ),
        answer.last_sync,
    )


def entra_id(text: str | None) -> str | None:
    """The Entra device id in lower case; None where it is empty, the zero GUID, or no id at all."""
    text = (text or "").strip().lower()
    if not _USABLE.fullmatch(text) or set(text) <= {"0", "-"}:
        return None
    return text


def serial(text: str | None) -> str | None:
    """The serial number; None for a placeholder."""
    text = (text or "").strip()
    if not text or text.lower() in JUNK_SERIALS or not any(letter.isalnum() for letter in text):
        return None
    return None if set(text) <= set("0-: .") else text


def platform(operating_system: str | None) -> Platform:
    """The platform Intune's operatingSystem stands for: iOS, iPadOS; Android and its kinds; else other."""
    word = (operating_system or "").strip().lower()
    if word in {"ios", "ipados"}:
        return Platform.IOS
    return Platform.ANDROID if word.startswith("android") else Platform.OTHER


def ownership(word: str | None) -> Ownership:
    """managedDeviceOwnerType; a word nobody knows is `unknown`."""
    try:
        return Ownership(word or "unknown")
    except ValueError:
        return Ownership.UNKNOWN
