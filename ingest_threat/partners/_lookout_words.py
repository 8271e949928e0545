"""Lookout's words, and ours for them. Pure."""

from collections.abc import Mapping

from shared.domain.level import Level
from shared.domain.record import Category, Status

SEVERITY = {
    "HIGH": Level.HIGH,
    "MEDIUM": Level.MEDIUM,
    "LOW": Level.LOW,
    "ADVISORY": Level.SECURED,
    "NONE": Level.SECURED,
}
DEVICE_LEVEL = {
    "SECURE": Level.SECURED,
    "THREATS_LOW": Level.LOW,
    "THREATS_MEDIUM": Level.MEDIUM,
    "THREATS_HIGH": Level.HIGH,
    # The v1 documentation writes the singular.
    "THREAT_LOW": Level.LOW,
    "THREAT_MEDIUM": Level.MEDIUM,
    "THREAT_HIGH": Level.HIGH,
}
STATUS = {
    "OPEN": Status.OPEN,
    "DETECTED": Status.OPEN,
    "RESOLVED": Status.RESOLVED,
    # An admin's word that the threat no longer counts.
    "IGNORED": Status.RESOLVED,
}
FAMILY = {
    "APPLICATION": Category.APP,
    "FILE": Category.APP,
    "MALWARE": Category.APP,
    "NETWORK": Category.NETWORK,
    "WEB_CONTENT": Category.NETWORK,
    "SMISHING_ALERT": Category.NETWORK,
    "OS": Category.DEVICE,
    "CONFIGURATION": Category.DEVICE,
}
TYPE: Mapping[str, str] = {
    **dict.fromkeys(("BACKDOOR", "BOT", "VIRUS", "WORM", "TOLL_FRAUD", "CHARGEWARE"), "malware"),
    "TROJAN": "trojan",
    # v1 writes SPY and SURVEILLANCE.
    **dict.fromkeys(("SPYWARE", "SURVEILLANCEWARE", "SPY", "SURVEILLANCE"), "spyware"),
    "SPAM": "sms_malware",
    **dict.fromkeys(("ADWARE", "CLICK_FRAUD"), "adware"),
    "APP_DROPPER": "dropper",
    **dict.fromkeys(("ROOT_ENABLER", "EXPLOIT"), "root_enabler"),
    "RISKWARE": "riskware",
    # v1 writes BLACKLISTED_APP.
    **dict.fromkeys(("DENYLISTED_APP", "BLACKLISTED_APP"), "denylisted_app"),
    **dict.fromkeys(("SIDELOADED_APP", "NON_APP_STORE_SIGNER"), "sideloaded_app"),
    "VULNERABILITY": "vulnerable_app",
    "DATA_LEAK": "data_leak",
    "ROOT_JAILBREAK": "jailbreak_root",
    "ACCESS_CONTROL_VIOLATION": "system_tampering",
    **dict.fromkeys(("OUT_OF_DATE_OS", "OUT_OF_DATE_ASPL"), "vulnerable_os"),
    "AGENT_OUTDATED": "agent_outdated",
    "NO_DEVICE_LOCK": "screen_lock_off",
    "UNENCRYPTED": "encryption_off",
    "DEVELOPER_MODE_ENABLED": "developer_mode",
    "USB_DEBUGGING_ENABLED": "usb_debugging",
    "UNKNOWN_SOURCES_ENABLED": "unknown_sources",
    # PCP is the vendor's phishing and content protection; the others are settings of its agent, too.
    **dict.fromkeys(("PCP_PAUSED", "PCP_DISABLED", "DEVICE_ADMIN_NOT_ACTIVATED"), "protection_disabled"),
    "STORAGE_PERMISSION_NOT_ACCEPTED": "protection_disabled",
    "NOTIFICATION_PERMISSION_NOT_ACCEPTED": "protection_disabled",
    "SMISHING_PERMISSIONS_NOT_ACCEPTED": "protection_disabled",
    **dict.fromkeys(("VPN_NOT_ENABLED", "SECURE_DNS_NOT_ENABLED"), "vpn_or_network_protection_off"),
    "ACTIVE_MITM": "mitm",
    "ROGUE_WIFI": "rogue_wifi",
    "GATEWAY_ADDRESS_CHANGE": "mitm_arp",
    "PORT_SCAN": "port_scan",
    "MALICIOUS_CONTENT": "malicious_site",
    "PHISHING_CONTENT": "phishing",
    **dict.fromkeys(("UNAUTHORIZED_CONTENT", "DENYLISTED_CONTENT"), "unwanted_content"),
}
TYPE_IN_FAMILY: Mapping[str, Mapping[Category, str]] = {
    "CONNECTIVITY": {Category.APP: "riskware"},
    "UNKNOWN": {Category.APP: "suspicious_app"},
}
"""Classifications that say something of an app only."""
WEB_REASON = {
    "PHISHING": "phishing",
    "MALICIOUS": "malicious_site",
    **dict.fromkeys(("DENYLISTED", "BLACKLISTED", "OBJECTIONABLE_CONTENT"), "unwanted_content"),
}
"""Why web content is a threat, where no classification says it."""
ACTIVE = frozenset({None, "ACTIVATED", "ACTIVE"})
"""Activation of an agent whose word that all is well can be taken."""
INVITED = "PENDING"
"""Activation of an agent that has never been at work: it says nothing of its device."""
DEACTIVATED = frozenset({"DEACTIVATED", "DELETED", "INACTIVE", "PURGED", "REMOVED", "WIPED"})
"""Activation of an agent that was at work and is not any more."""
GONE = frozenset({"DELETED", "PURGED", "DELETE", "PURGE"})
"""Changes by which the vendor's own copy is gone. That is no good news of a device or a threat."""
DEVICE_GONE = GONE | {"ARCHIVED", "ARCHIVE", "REMOVED", "REMOVE"}
"""The same of a device. Nobody documents the others: a threat may be archived because it is over."""
CREATED = frozenset({"CREATED", "CREATE"})
PROTECTED = frozenset({None, "PROTECTED"})
"""Protection of a device whose SECURE clears its threats; one that has lost touch is merely called so."""
DISCONNECTED = "DISCONNECTED"
"""The only documented protection beside PROTECTED."""
