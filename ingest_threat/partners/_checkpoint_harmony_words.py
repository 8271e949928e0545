"""Check Point's words, and ours for them. Pure."""

from collections.abc import Mapping

from shared.domain.level import Level
from shared.domain.record import Category, Status

SEVERITY = {
    "CRITICAL": Level.HIGH,
    "HIGH": Level.HIGH,
    "WARNING": Level.MEDIUM,
    "WARN": Level.MEDIUM,
    "MEDIUM": Level.MEDIUM,
    "LOW": Level.LOW,
    # "No further action is required": mostly of what was removed. The vendor's ArcSight format has it as low.
    "INFORMATION": Level.LOW,
    "INFO": Level.LOW,
    "NONE": Level.SECURED,
}
INFORMATIVE = frozenset({"INFORMATION", "INFO"})
"""The words that say nothing against the device where the row closes."""
DEVICE_LEVEL = {
    # Of a device row, as number or as text; counted only where the agent is active.
    "0": Level.SECURED,
    "1": Level.LOW,
    "2": Level.MEDIUM,
    "3": Level.HIGH,
    "NO_RISK": Level.SECURED,
    "LOW": Level.LOW,
    "MEDIUM": Level.MEDIUM,
    "HIGH": Level.HIGH,
}
ACTIVE = frozenset({"1", "ACTIVE"})
GONE = frozenset({"4", "INACTIVE"})
SILENT = frozenset({"-1", "0", "PROVISIONED"})
"""Statuses of a device row. -1 (processing), 0 (provisioned, the app not registered) and what nobody explains
say nothing of its risk; the latter is logged."""
STATUS = {
    # The documented list is not whole (`Info` was seen): every other event opens, and is logged.
    "NONCOMPLIANT": Status.OPEN,
    "DETECTED": Status.OPEN,
    "INSTALLED": Status.OPEN,
    "INACTIVE": Status.OPEN,
    "DISCONNECTED": Status.OPEN,
    "ENDED": Status.RESOLVED,
    "REMOVED": Status.RESOLVED,
    "COMPLIANT": Status.RESOLVED,
    "BLOCKED": Status.RESOLVED,
    "ACTIVE": Status.RESOLVED,
}
AGENT = frozenset({"ACTIVE", "INACTIVE", "DISCONNECTED"})
"""Events about the agent itself: one threat a device, whatever their vector and text."""
COMPLIANCE = frozenset({"COMPLIANT", "NONCOMPLIANT"})
"""Events about one setting or rule: the factors say which."""
AGENT_KEY = "agent"
"""Key of the threat that an agent's being away is."""
IGNORED = frozenset({"POLICYCHANGED"})
VECTOR = {
    # Without separators: "Network Security" is `NetworkSecurity` on the wire.
    "APPLICATION": Category.APP,
    "CELLULARNETWORK": Category.NETWORK,
    "DEVICE": Category.DEVICE,
    "NETWORKSECURITY": Category.NETWORK,
    "OSEXPLOITS": Category.DEVICE,
    "TEXTMESSAGE": Category.NETWORK,
    "WIFINETWORK": Category.NETWORK,
    "IOSPROFILES": Category.DEVICE,
}
TYPE: Mapping[str, str] = {
    # Of a vector: the type that counts where the threat factors say nothing.
    "CELLULARNETWORK": "rogue_cell_tower",
    "NETWORKSECURITY": "malicious_site",
    "OSEXPLOITS": "system_tampering",
    "TEXTMESSAGE": "phishing",
    "IOSPROFILES": "malicious_profile",
}
DECISIVE = frozenset({"CELLULARNETWORK", "TEXTMESSAGE", "IOSPROFILES"})
"""Vectors that are one type, whatever the factors say."""
ROOTABLE = frozenset({"DEVICE", "OSEXPLOITS"})
"""Vectors where `device_rooted` gives the type if the factors do not."""
BY_FACTORS = frozenset({"WIFINETWORK", "NETWORKSECURITY", "DEVICE"})
"""Vectors whose rows end by the factors, too: what ends an app names it."""
NETWORKS = frozenset({"WIFINETWORK", "CELLULARNETWORK"})
"""Vectors whose details name the network a person was in: they are not kept."""
KEYWORD: Mapping[str, str] = {
    # In the threat factors, before the keywords all partners share.
    "NETWORK_PROTECTION": "vpn_or_network_protection_off",
    "GLOBAL_PROXY": "vpn_or_network_protection_off",
    "MINIMUM_OS": "vulnerable_os",
    "BLUEBORNE": "vulnerable_os",
    "OPEN_WIFI": "insecure_wifi",
    "POLICY_VERIFICATION": "protection_disabled",
    "CLIENT_VERSION": "agent_outdated",
    "BOTNET": "malicious_site",
}
APP_KEYWORD: Mapping[str, str] = {
    # In the factors of an app: an app that roots is no rooted phone.
    "ROOTING_TOOL": "root_enabler",
    "DEBUG_CERTIFICATE": "sideloaded_app",
    "DANGEROUS_APP": "suspicious_app",
    "HACKING_TOOL": "suspicious_app",
    "BACKUP_TOOL": "data_leak",
    "LOCATION_TRACKING": "data_leak",
    "TRACKING_TOOL": "spyware",
}
NETWORK_KEYWORD: Mapping[str, str] = {
    # In the factors of the network's security: what a site is known for.
    "SPYWARE": "malicious_site",
    "MALICIOUS_SITE": "malicious_site",
    "SSL_INTERCEPTION": "mitm",
}
OWN_KEYWORDS = {
    "APPLICATION": APP_KEYWORD,
    "NETWORKSECURITY": NETWORK_KEYWORD,
    "WIFINETWORK": NETWORK_KEYWORD,
}
