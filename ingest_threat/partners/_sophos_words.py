"""Sophos' words, and ours for them. Pure."""

from collections.abc import Mapping

from shared.domain.level import Level
from shared.domain.record import Category, Clears

SEVERITY = {
    # Events write lower case, alerts capitals; the vendor's script knows very_high above high.
    "NONE": Level.SECURED,
    "LOW": Level.LOW,
    "MEDIUM": Level.MEDIUM,
    "HIGH": Level.HIGH,
    "VERY_HIGH": Level.HIGH,
    "CRITICAL": Level.HIGH,
}
DEVICE_LEVEL = {
    "GREEN": Level.SECURED,
    "AMBER": Level.MEDIUM,
    "SUSPICIOUS": Level.MEDIUM,
    "RED": Level.HIGH,
}
CLEARS = {"GREEN": Clears.ALL}
"""What a state that is secured clears, where rules are kept and nobody set it by hand; any other nothing."""
COMPLIANCE = "compliance"
"""vendor_category of what NowCompliant clears."""
CLOSING = ("CLEANEDUP", "DISMISSED", "CLEAN")
"""How the types under `Threat`, and those that begin with `Core`, end that close; CleanupFailed and all
others leave it open."""
WEB = {
    "WEBFILTERINGBLOCKED": "malicious_site",
    "WEBCONTROLVIOLATION": "unwanted_content",
    "SMC_WEBFILTERING": "unwanted_content",
}
"""Pages: a visit is over when it is reported, and nothing the vendor sends would end it."""
VISIT = {"WARNED": "warned", "PROCEEDED": "the user went on"}
"""How the types of a page end that was not blocked, and the reason it has then."""
KEYWORD: Mapping[str, str] = {
    # In a NowNonCompliant event's suffix, or in the compliance rule its text names. The first that fits wins.
    "GENERAL_BLACKLISTED_APPS": "denylisted_app",
    "GENERAL_WHITELISTED_APPS": "denylisted_app",
    "GENERAL_MANDATORY_APPS": "non_compliant_app",
    "FORBIDDEN_APP": "denylisted_app",
    "MANDATORY_APP": "non_compliant_app",
    "MALWARE_APP": "malware",
    "SUSPICIOUS_APP": "suspicious_app",
    "LOW_REP": "suspicious_app",
    "PUA": "potentially_unwanted_app",
    "UNKNOWN_SOURCES": "unknown_sources",
    "THIRD_PARTY_PROFILE": "malicious_profile",
    "ADB": "usb_debugging",
    "PERMISSION": "protection_disabled",
    "WEB_FILTERING": "protection_disabled",
    "TAMPER": "protection_disabled",
    "MINIMUM_SOPHOS": "protection_disabled",
    "MIN_OS": "vulnerable_os",
    "MINIMUM_OS": "vulnerable_os",
    "OS_VERSION": "vulnerable_os",
    "SYNCHRONIZATION": "agent_inactive",
    "INTERVAL": "agent_inactive",
    "SCAN_INTERVAL": "agent_inactive",
    "MANAGED_REQUIRED": "agent_inactive",
    "NO_LONGER_MANAGED": "agent_inactive",
}
NO_REASON = frozenset({"", "0", "UNKNOWN"})
"""Suffixes that give no reason: then the text does."""
GROUP = {"MALWARE": Category.APP, "PUA": Category.APP}
"""Category of an unknown type; any other group is about the device."""
NO_THREAT = frozenset(
    {"ADDED", "ENROLLED", "ENROLLEDNEWAPP", "ACTION", "EASDATAMISSING", "PLACEHOLDERMISSING"}
)
UNENROLLED = frozenset({"UNENROLLED", "UNENROLLEDBYUSER"})
GONE = frozenset({"UNENROLLED", "DELETED", "WIPED", "RETIRED"})
"""States of management of a device that was managed. Inferred: `managed` and `notManaged` were seen."""
MANAGED = "MANAGED"
"""The only state in which its being well counts; so it does where none is given."""
UNMANAGED = frozenset({"UNMANAGED", "NOTMANAGED", "NOTENROLLED"})
"""States in which its being well says nothing, and in which it may never have been managed."""
