"""The table of threat types, and the keywords that give them."""

import re

import pytest

from ingest_threat.partners._taxonomy import (
    KEYWORDS,
    NO_STATUS,
    TYPES,
    by_keyword,
    category_of,
    device_level,
    severity_of,
    unknown_status,
)
from shared.domain.level import Level
from shared.domain.record import Category, Status


def test_every_keyword_stands_for_a_type_and_can_match() -> None:
    for keyword, threat_type in KEYWORDS:
        assert threat_type in TYPES
        assert by_keyword(keyword) == threat_type, f"{keyword} is hidden by one before it"


def test_techniques_are_attack_ids() -> None:
    assert all(t.technique is None or re.fullmatch(r"T\d{4}(\.\d{3})?", t.technique) for t in TYPES.values())
    assert TYPES["malware"].technique is None


@pytest.mark.parametrize(
    ("name", "threat_type"),
    [
        ("Device rooted", "jailbreak_root"),
        ("root certificate added", "untrusted_certificate"),
        ("ARP scan", "port_scan"),
        ("arp poisoning", "mitm_arp"),
        ("Device PIN", "screen_lock_off"),
        ("Remote access trojan", "remote_access"),
        ("RogueAccessPoint", "rogue_wifi"),
        ("unsecuredWi-Fi", "insecure_wifi"),
        ("Unencrypted Wi-Fi", "insecure_wifi"),
        ("Unencrypted storage", "encryption_off"),
        ("PUA", "potentially_unwanted_app"),
        ("Potentially unwanted", "potentially_unwanted_app"),
        ("App on a black list", "denylisted_app"),
        ("OS vulnerability", "vulnerable_os"),
    ],
)
def test_a_keyword_counts_where_a_word_begins(name: str, threat_type: str) -> None:
    assert by_keyword(None, name) == threat_type


@pytest.mark.parametrize(
    ("name", "family", "threat_type"),
    [
        ("Suspicious", Category.APP, "suspicious_app"),
        ("Suspicious", None, "suspicious_app"),
        ("Suspicious network", Category.NETWORK, None),
        ("Suspicious setting", Category.DEVICE, None),
        ("Suspicious app", Category.DEVICE, "suspicious_app"),
    ],
)
def test_suspicion_gives_the_type_of_an_app_only(
    name: str, family: Category | None, threat_type: str | None
) -> None:
    assert by_keyword(name, family=family) == threat_type


def test_a_partners_own_keywords_go_first() -> None:
    own = {"NETWORK_GUARD": "vpn_or_network_protection_off"}
    assert by_keyword("rogue network guard", own=own) == "vpn_or_network_protection_off"
    assert by_keyword("rogue network guard") == "rogue_wifi"


@pytest.mark.parametrize(
    "name", ["CONTENT_BLOCKED", "SPINNING", "BUSBAR", "SHARP", "GRASSROOTS", "Scan port", "", "高"]
)
def test_a_keyword_inside_a_word_counts_for_nothing(name: str) -> None:
    assert by_keyword(name) is None


def test_only_an_unknown_type_takes_the_partners_family() -> None:
    assert category_of("malicious_profile", Category.NETWORK) is Category.DEVICE
    assert category_of("unknown", Category.NETWORK) is Category.NETWORK


def test_a_missing_severity_is_the_default_and_an_unknown_one_high() -> None:
    table = {"MINOR": Level.LOW}
    assert severity_of("MINOR", table, "malware") is Level.LOW
    assert severity_of(None, table, "developer_mode") is Level.LOW
    assert severity_of(None, table, "unknown") is Level.MEDIUM
    assert severity_of("DIRE", table, "developer_mode") is Level.HIGH


@pytest.mark.parametrize(
    ("word", "level"),
    [("FINE", Level.SECURED), ("BROKEN", Level.HIGH), ("NEVER_SEEN", None), ("UNKNOWN", None), (None, None)],
)
def test_a_word_on_a_device_is_of_the_table_or_high_and_no_verdict_is_no_level(
    word: str | None, level: Level | None
) -> None:
    assert device_level(word, {"FINE": Level.SECURED}) is level


@pytest.mark.parametrize(
    ("status", "written", "logged"),
    [
        (Status.UNKNOWN, "waived", "waived"),
        (Status.OPEN, None, NO_STATUS),
        (Status.OPEN, "open", None),
        (Status.RESOLVED, None, None),
    ],
)
def test_a_status_is_logged_where_no_table_knows_it_or_an_open_threat_has_none(
    status: Status, written: str | None, logged: str | None
) -> None:
    assert unknown_status(status, written) == logged
