"""The class of a device, for an admin: whether a tag can reach it; and Intune's own level of it. Pure."""

from enum import StrEnum

from shared.domain.level import Level
from shared.domain.model import Device, DeviceFacts

_LEVELS = {
    "secured": Level.SECURED,
    "activated": Level.SECURED,
    "lowSeverity": Level.LOW,
    "mediumSeverity": Level.MEDIUM,
    "highSeverity": Level.HIGH,
    "compromised": Level.HIGH,
}
"""managedDevicePartnerReportedHealthState, where it says a level; `activated` has not scanned yet."""
_REGISTERED = frozenset({"registered", "unknown"})


class EnrollmentClass(StrEnum):
    """Classes of devices an admin has to keep apart."""

    MANAGED = "managed"
    """A person's device, registered in Entra: rules reach it, and Conditional Access sees its tag."""
    USERLESS = "userless"
    """No user: kiosk, shared or dedicated. Rules for users do not reach it, and it has no sessions to
    revoke."""
    UNREGISTERED = "unregistered"
    """Not registered in Entra: no tag can be written, or Conditional Access does not see it."""
    GONE = "gone"
    """Intune says there is no such device."""


def enrollment_class(facts: DeviceFacts, *, gone: bool) -> EnrollmentClass:
    """The class of a device; the first that holds, from the end of the list."""
    if gone:
        return EnrollmentClass.GONE
    if facts.entra_id is None or facts.registration_state not in _REGISTERED:
        return EnrollmentClass.UNREGISTERED
    return EnrollmentClass.USERLESS if facts.user_id is None else EnrollmentClass.MANAGED


def intune_threat_level(facts: DeviceFacts) -> Level | None:
    """The level a vendor's own connector gives the device in Intune; None where it gives none."""
    return _LEVELS.get(facts.partner_reported_threat_state)


def intune_level_differs(device: Device) -> str | None:
    """Intune's level beside ours, in words, where they differ."""
    theirs = intune_threat_level(device.facts)
    if theirs is None or device.decision is None or theirs is device.decision.risk:
        return None
    state, ours = device.facts.partner_reported_threat_state, device.decision.risk
    return f"Intune has {state} from the vendor's own connector ({theirs}), and here the risk is {ours}"
