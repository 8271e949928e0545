"""Jamf's words, and ours for them. Pure."""

import re
from collections.abc import Mapping

from shared.domain.level import Level
from shared.domain.record import Status

STATUS = {
    "DETECTED": Status.OPEN,
    # Not prevented. Inferred: neither is documented.
    "ALLOWED": Status.OPEN,
    "WARNED": Status.OPEN,
    "RESOLVED": Status.RESOLVED,
    # Prevented before it did anything: its own message closes it.
    "BLOCKED": Status.RESOLVED,
}
SEVERITY = {
    "HIGHEST": Level.HIGH,
    "HIGH": Level.HIGH,
    "MEDIUM": Level.MEDIUM,
    "LOW": Level.LOW,
    "LOWEST": Level.LOW,
    "INFO": Level.SECURED,
}
DEVICE_LEVEL = {
    "SECURE": Level.SECURED,
    "LOW": Level.LOW,
    "MEDIUM": Level.MEDIUM,
    "HIGH": Level.HIGH,
}
"""Of a device row. It is no maximum of the open threats, and an admin may have set it: it clears nothing."""
SEVERITY_FROM = ((8, Level.HIGH), (5, Level.MEDIUM), (1, Level.LOW), (0, Level.SECURED))
"""Numbers from this one on; what is below the last is unknown."""
SCALE = range(11)
"""Numbers that surprise nobody."""
TYPE: Mapping[str, str] = {
    # `..._APP_IN_INVENTORY` and `..._IN_INVENTORY` are both documented: neither ending counts.
    "MALICIOUS": "malware",
    "ADWARE": "adware",
    "BANKER_MALWARE": "trojan",
    "TROJAN_MALWARE": "trojan",
    "POTENTIALLY_UNWANTED": "potentially_unwanted_app",
    "RANSOMWARE": "ransomware",
    "ROOTING_MALWARE": "root_enabler",
    "SMS_MALWARE": "sms_malware",
    "SPYWARE": "spyware",
    "THIRD_PARTY_APP_STORES": "third_party_store",
    "RISKY_APP_DOWNLOAD": "third_party_store",
    "ADMIN": "device_admin_app",
    "SIDE_LOADED": "sideloaded_app",
    "VULNERABLE": "vulnerable_app",
    "JAILBREAK": "jailbreak_root",
    "IOS_PROFILE": "malicious_profile",
    **dict.fromkeys(("OUTDATED_OS", "OUTDATED_OS_LOW", "OUT_OF_DATE_OS"), "vulnerable_os"),
    "MISSING_ANDROID_SECURITY_PATCHES": "vulnerable_os",
    **dict.fromkeys(("LOCK_SCREEN_DISABLED", "USER_PASSWORD_DISABLED"), "screen_lock_off"),
    "STORAGE_ENCRYPTION_DISABLED": "encryption_off",
    "UNKNOWN_SOURCES_ENABLED": "unknown_sources",
    "DEVELOPER_MODE_ENABLED": "developer_mode",
    **dict.fromkeys(("USB_DEBUGGING_ENABLED", "USB_APP_VERIFICATION_DISABLED"), "usb_debugging"),
    **dict.fromkeys(("ANTIVIRUS_DISABLED", "FIREWALL_DISABLED"), "protection_disabled"),
    "APP_INACTIVITY": "agent_inactive",
    "SSL_TRUST_COMPROMISE": "untrusted_certificate",
    "SSL_STRIP_MITM": "ssl_strip",
    "SSL_MITM_TRUSTED_VALID_CERT": "mitm",
    "SSL_MITM_UNTRUSTED_VALID_CERT": "mitm",
    "SSL_MITM_UNTRUSTED_INVALID_CERT": "mitm",
    "SSL_MITM_TRUSTED_INVALID_CERT": "mitm",
    "RISKY_HOTSPOT": "rogue_wifi",
    "ACCESS_PHISHING_HOST": "phishing",
    "ACCESS_BAD_HOST": "malicious_site",
    "ACCESS_CRYPTOJACKING_HOST": "cryptojacking",
    "ACCESS_SPAM_HOST": "unwanted_content",
    **dict.fromkeys(("LEAK_CREDIT_CARD", "LEAK_PASSWORD", "LEAK_EMAIL"), "data_leak"),
    **dict.fromkeys(("LEAK_USERID", "LEAK_LOCATION"), "data_leak"),
}
BEGINNING = {"LEAK_": "data_leak", "SSL_MITM": "mitm", "OUTDATED_OS": "vulnerable_os"}
"""Of a name that is not documented, the families whose documented ones are all of one type."""
ENDINGS = ("_IN_INVENTORY", "_APP")
PREFIXES = ("NETWORK_ACCESS_POINT_", "CERTIFICATE_", "RESOURCE_", "DEVICE_", "APP_", "OS_")
"""The policy interface puts these before the same names."""
SIMULATION = re.compile(r"(?:^|_)(?:TEST|SIMULATED|SIMULATION)(?:_|$)")
"""In the name of an event that tries the connection, and is no threat."""
WORDS = {"clears": ("nothing",)}
"""Risk categories by which all threats of a device are over: none, as a score says nothing of each threat."""
