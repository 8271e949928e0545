"""The threat types all partners' words become: category, default severity, ATT&CK for Mobile technique.

The default severity counts only where a message gives none. No technique where none fits honestly: exposure
and policy are no attack. The table's category wins over a partner's own.
"""

import re
from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

from ingest_threat.partners._fields import plain_word
from ingest_threat.partners._no_verdict import is_no_verdict
from shared.domain.level import Level
from shared.domain.record import Category, Status


class ThreatType(NamedTuple):
    """What holds for a type of threat, whichever partner reports it."""

    category: Category
    severity: Level
    technique: str | None = None


_APP, _DEVICE, _NETWORK = Category.APP, Category.DEVICE, Category.NETWORK
_SECURED, _LOW, _MEDIUM, _HIGH = Level.SECURED, Level.LOW, Level.MEDIUM, Level.HIGH

UNKNOWN = "unknown"
"""The type of a threat no table names: its category is that of the partner's family, its default severity
medium."""

TYPES: Mapping[str, ThreatType] = {
    "malware": ThreatType(_APP, _HIGH),
    "trojan": ThreatType(_APP, _HIGH, "T1655"),
    "spyware": ThreatType(_APP, _HIGH, "T1636"),
    "ransomware": ThreatType(_APP, _HIGH, "T1471"),
    "sms_malware": ThreatType(_APP, _HIGH, "T1582"),
    "adware": ThreatType(_APP, _LOW, "T1643"),
    "dropper": ThreatType(_APP, _HIGH, "T1407"),
    "root_enabler": ThreatType(_APP, _HIGH, "T1404"),
    "remote_access": ThreatType(_APP, _HIGH, "T1663"),
    "suspicious_app": ThreatType(_APP, _MEDIUM),
    "riskware": ThreatType(_APP, _LOW),
    "potentially_unwanted_app": ThreatType(_APP, _MEDIUM),
    "denylisted_app": ThreatType(_APP, _MEDIUM),
    "sideloaded_app": ThreatType(_APP, _MEDIUM, "T1632.001"),
    "third_party_store": ThreatType(_APP, _LOW),
    "vulnerable_app": ThreatType(_APP, _LOW, "T1658"),
    "data_leak": ThreatType(_APP, _MEDIUM, "T1639.001"),
    "device_admin_app": ThreatType(_APP, _MEDIUM, "T1626.001"),
    "non_compliant_app": ThreatType(_APP, _MEDIUM),
    "jailbreak_root": ThreatType(_DEVICE, _HIGH, "T1404"),
    "system_tampering": ThreatType(_DEVICE, _HIGH, "T1645"),
    "app_tampering": ThreatType(_DEVICE, _HIGH, "T1629.003"),
    "vulnerable_os": ThreatType(_DEVICE, _MEDIUM, "T1664"),
    "developer_mode": ThreatType(_DEVICE, _LOW),
    "usb_debugging": ThreatType(_DEVICE, _MEDIUM, "T1458"),
    "unknown_sources": ThreatType(_DEVICE, _MEDIUM, "T1632.001"),
    "screen_lock_off": ThreatType(_DEVICE, _MEDIUM, "T1461"),
    "encryption_off": ThreatType(_DEVICE, _MEDIUM),
    "malicious_profile": ThreatType(_DEVICE, _HIGH, "T1632"),
    "protection_disabled": ThreatType(_DEVICE, _MEDIUM, "T1629.003"),
    "vpn_or_network_protection_off": ThreatType(_DEVICE, _LOW, "T1629.003"),
    "agent_inactive": ThreatType(_DEVICE, _MEDIUM),
    "agent_outdated": ThreatType(_DEVICE, _LOW),
    "mitm": ThreatType(_NETWORK, _HIGH, "T1638"),
    "mitm_arp": ThreatType(_NETWORK, _HIGH, "T1638"),
    "ssl_strip": ThreatType(_NETWORK, _HIGH, "T1638"),
    "untrusted_certificate": ThreatType(_NETWORK, _HIGH, "T1632"),
    "rogue_wifi": ThreatType(_NETWORK, _MEDIUM, "T1638"),
    "insecure_wifi": ThreatType(_NETWORK, _LOW),
    "captive_portal": ThreatType(_NETWORK, _LOW),
    "rogue_cell_tower": ThreatType(_NETWORK, _HIGH, "T1638"),
    "port_scan": ThreatType(_NETWORK, _LOW, "T1423"),
    "phishing": ThreatType(_NETWORK, _MEDIUM, "T1660"),
    "malicious_site": ThreatType(_NETWORK, _HIGH, "T1456"),
    "cryptojacking": ThreatType(_NETWORK, _MEDIUM, "T1643"),
    "unwanted_content": ThreatType(_NETWORK, _LOW),
    # Radio exposure: four types, because each is switched on and off by itself.
    "bluetooth_on": ThreatType(_NETWORK, _SECURED),
    "nfc_on": ThreatType(_NETWORK, _SECURED),
    "location_on": ThreatType(_NETWORK, _SECURED),
    "vpn": ThreatType(_NETWORK, _SECURED),
}

SUSPICIOUS = "SUSPICIOUS"
"""The keyword that gives the type of an app only: a suspicious network or device may be anything."""

KEYWORDS: tuple[tuple[str, str], ...] = (
    # For partners without a public list of names. A keyword matches where a word begins; with a final `_`
    # it is the whole word. The first that matches wins, so the narrow ones stand before the wide ones.
    ("REMOTE_ACCESS", "remote_access"),
    ("ROOT_ENABLER", "root_enabler"),
    ("ROOTKIT", "root_enabler"),
    ("RANSOM", "ransomware"),
    ("SPY", "spyware"),
    ("SURVEIL", "spyware"),
    ("STALKER", "spyware"),
    ("TROJAN", "trojan"),
    ("BANKER", "trojan"),
    ("ADWARE", "adware"),
    ("RISKWARE", "riskware"),
    ("SIDELOAD", "sideloaded_app"),
    ("SIDE_LOAD", "sideloaded_app"),
    ("DENYLIST", "denylisted_app"),
    ("DENY_LIST", "denylisted_app"),
    ("BLACKLIST", "denylisted_app"),
    ("BLACK_LIST", "denylisted_app"),
    ("BLOCKLIST", "denylisted_app"),
    ("POTENTIALLY_UNWANTED", "potentially_unwanted_app"),
    ("UNWANTED_APP", "potentially_unwanted_app"),
    ("PUA_", "potentially_unwanted_app"),
    ("VULNERABLE_APP", "vulnerable_app"),
    ("DATA_LEAK", "data_leak"),
    ("APP_TAMPER", "app_tampering"),
    ("SYSTEM_TAMPER", "system_tampering"),
    ("SELINUX", "system_tampering"),
    ("CERTIFICATE", "untrusted_certificate"),
    ("ROOT_CA_", "untrusted_certificate"),
    ("JAILBR", "jailbreak_root"),
    ("ROOT", "jailbreak_root"),
    ("CELL_TOWER", "rogue_cell_tower"),
    ("ROGUE_CELL", "rogue_cell_tower"),
    ("CAPTIVE_PORTAL", "captive_portal"),
    ("UNSECURED_WIFI", "insecure_wifi"),
    ("INSECURE_WIFI", "insecure_wifi"),
    ("UNENCRYPTED_WIFI", "insecure_wifi"),
    ("UNENCRYPTED_NETWORK", "insecure_wifi"),
    ("PORT_SCAN", "port_scan"),
    ("TCP_SCAN", "port_scan"),
    ("UDP_SCAN", "port_scan"),
    ("IP_SCAN", "port_scan"),
    ("ARP_SCAN", "port_scan"),
    ("ARP", "mitm_arp"),
    ("SSL", "ssl_strip"),
    ("MITM", "mitm"),
    ("MAN_IN_THE_MIDDLE", "mitm"),
    ("ROGUE", "rogue_wifi"),
    ("DANGERZONE", "rogue_wifi"),
    ("DANGER_ZONE", "rogue_wifi"),
    ("PHISH", "phishing"),
    ("SMISH", "phishing"),
    ("CRYPTOJACK", "cryptojacking"),
    ("MALICIOUS_SITE", "malicious_site"),
    ("MALICIOUS_WEBSITE", "malicious_site"),
    ("MALICIOUS_URL", "malicious_site"),
    ("MALICIOUS_PROFILE", "malicious_profile"),
    ("SUSPICIOUS_PROFILE", "malicious_profile"),
    ("UNTRUSTED_PROFILE", "malicious_profile"),
    ("MALWARE", "malware"),
    ("MALICIOUS_APP", "malware"),
    ("SUSPICIOUS_APP", "suspicious_app"),
    ("SUSPICIOUS_ANDROID", "suspicious_app"),
    ("SUSPICIOUS_IOS", "suspicious_app"),
    (SUSPICIOUS, "suspicious_app"),
    ("DEVELOPER", "developer_mode"),
    ("USB", "usb_debugging"),
    ("UNKNOWN_SOURCE", "unknown_sources"),
    ("PASSCODE", "screen_lock_off"),
    ("PIN_", "screen_lock_off"),
    ("LOCK", "screen_lock_off"),
    ("SCREENLOCK", "screen_lock_off"),
    ("ENCRYPT", "encryption_off"),
    ("UNENCRYPTED", "encryption_off"),
    ("PLAY_PROTECT", "protection_disabled"),
    ("OUT_OF_DATE", "vulnerable_os"),
    ("OUTDATED", "vulnerable_os"),
    ("VULNERAB", "vulnerable_os"),
    ("SECURITY_PATCH", "vulnerable_os"),
)
_OF_APPS = KEYWORDS
_OF_OTHERS = tuple((keyword, threat_type) for keyword, threat_type in KEYWORDS if keyword != SUSPICIOUS)
"""Without the word that means an app only where an app is meant."""


def by_keyword(
    *texts: str | None, family: Category | None = None, own: Mapping[str, str] = MappingProxyType({})
) -> str | None:
    """The threat type of the first keyword found, searching one text after the other; None where there is
    none.

    `family` is the category the partner itself gives; a partner's `own` keywords go before those all share.
    """
    shared = _OF_APPS if family in {None, Category.APP} else _OF_OTHERS
    for words in map(_words, texts):
        for keyword, threat_type in chain(own.items(), shared):
            if f"_{keyword}" in words:
                return threat_type
    return None


def _words(text: str | None) -> str:
    """A text's words between `_`: as separators part them, and as capitals do (`RogueHotspot`)."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text or "")
    return f"_{plain_word(text or '')}__{plain_word(apart)}_".replace("WI_FI", "WIFI")


def category_of(threat_type: str, family: Category) -> Category:
    """The category of a threat type, by the table; for an unknown type `family`, the partner's own."""
    return TYPES[threat_type].category if threat_type in TYPES else family


HARMLESS = frozenset({"NONE", "INFO", "INFORMATIONAL"})
"""Grades of a threat that is no risk, wherever a partner has no meaning of its own for them."""
OPEN = frozenset(
    {"ACTIVE", "DETECTED", "NEW", "ONGOING", "OPEN", "OPENED", "REOPENED", "UNMITIGATED", "UNRESOLVED"}
    | {"ACKNOWLEDGED", "ALERTED", "CONFIRMED", "CREATED", "FOUND", "INFECTED", "IN_PROGRESS", "INVESTIGATING"}
    | {"PRESENT", "RAISED", "TRIGGERED", "UNDER_INVESTIGATION", "UNFIXED", "UNHANDLED", "UNPATCHED"}
)
"""Words for a threat that is there, wherever a partner has no meaning of its own for them."""
NO_STATUS = "no status"
"""What is logged in place of the status of a threat that has none: it counts as open."""


def severity_of(word: str | None, levels: Mapping[str, Level], threat_type: str) -> Level:
    """The level of a partner's word for a threat's severity: by its table, else secured for what is harmless
    everywhere, the type's default where the threat is not graded, high for an unknown word."""
    if word is not None and word in levels:
        return levels[word]
    if word in HARMLESS:
        return Level.SECURED
    if is_no_verdict(word):
        return TYPES[threat_type].severity if threat_type in TYPES else Level.MEDIUM
    return Level.HIGH


def device_level(word: str | None, levels: Mapping[str, Level]) -> Level | None:
    """The level of a partner's word for a whole device, by its table: high for an unknown one, None where it
    is no verdict."""
    if word is None or is_no_verdict(word):
        return None
    return levels.get(word, Level.HIGH)


def status_of(word: str | None, statuses: Mapping[str, Status]) -> Status:
    """How a threat stands, by a partner's table, else open by what is open everywhere; so is one that does
    not say."""
    if word is None or (word in OPEN and word not in statuses):
        return Status.OPEN
    return statuses.get(word, Status.UNKNOWN)


def unknown_status(status: Status, written: str | None) -> str | None:
    """What is logged of a threat's status: the word that no table knows, or that an open threat has none."""
    if status is Status.UNKNOWN:
        return written
    return NO_STATUS if written is None and status is Status.OPEN else None
