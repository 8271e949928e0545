"""What is secret or personal by its shape in a text, and what only looks alike."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from ingest_threat.redaction import redacted
from ingest_threat.shapes import MAX_JUDGED, REDACTED, beginning, holds_secret, is_personal, masked


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("IMEI 49/015420/323751/8 lost", f"IMEI {REDACTED} lost"),
        ("IMEI: 49.015420.323751.8.", f"IMEI: {REDACTED}."),
        ("490154/203237/518, 4901.5420.3237.518", f"{REDACTED}, {REDACTED}"),
        ("at 02%3A1b%3A44%3A11%3A3a%3Ab7", f"at {REDACTED}"),
        ("?station%3D02%3A1B%3A44%3A11%3A3A%3AB7%26a", f"?station%3D{REDACTED}%26a"),
        ("02%253A1b%253A44%253A11%253A3a%253Ab7", REDACTED),
        ("02%2D1b%2D44%2D11%2D3a%2Db7", REDACTED),
        ("wifi mac: 021b44113ab7", f"wifi mac: {REDACTED}"),
        ("Bluetooth address 021B44-113AB7", f"Bluetooth address {REDACTED}"),
        ('"bt_addr":"021b44113ab7"', f'"bt_addr":"{REDACTED}"'),
        ("seen at 48.85837 2.29448", f"seen at {REDACTED}"),
        ("48.85837;-2.29448 and +48.85837-002.29448/", f"{REDACTED} and {REDACTED}/"),
        ("ll=48.85837%2C2.29448", f"ll={REDACTED}"),
        ("lat: 48.85, lon: 2.29", f"lat: {REDACTED}, lon: {REDACTED}"),
        ("Latitude 48.85 longitude = -2.29", f"Latitude {REDACTED} longitude = {REDACTED}"),
        ('x {"lat":"48.8","long":2.3', f'x {{"lat":"{REDACTED}","long":{REDACTED}'),
        ("geo:48.8,2.3;u=35 and geo:48.85837,2.29448,30", f"{REDACTED} and {REDACTED}"),
        ("48.85837\u00b0 N, 2.29448\u00b0 E", f"{REDACTED}, {REDACTED}"),
        ("48\u00b051'30\"N 2\u00b0 17' 40.1\" E", f"{REDACTED} {REDACTED}"),
        ("anna\uff20example.org", REDACTED),
        ("anna\uff20example\uff0eorg now", f"{REDACTED} now"),
        ("password: hunter2", f"password: {REDACTED}"),
        ("Wifi Password : 'hunter two' now", f"Wifi Password : {REDACTED} now"),
        ("login with db_passwd=hunter2, please", f"login with db_passwd={REDACTED} please"),
        ("pwd = hunter2", f"pwd = {REDACTED}"),
        ("PIN: 4711", f"PIN: {REDACTED}"),
        ("token: hunter2; Secret = hunter2", f"token: {REDACTED} Secret = {REDACTED}"),
        ("glpat-hunter2hunter2hunter2 sk-hunter2hunter2hunter2", f"{REDACTED} {REDACTED}"),
        ("location: 48.85, 2.29; gps 48.85 2.29", f"location: {REDACTED}; gps {REDACTED}"),
        ('ssid="Anna Home", SSID: Anna Home, x', f"ssid={REDACTED}, SSID: {REDACTED}, x"),
        ("passphrase: correct", f"passphrase: {REDACTED}"),
        ("client secret: hunter2; api-key=hunter2", f"client secret: {REDACTED} api-key={REDACTED}"),
        ('x {"password":"hunter two"}', f'x {{"password":{REDACTED}}}'),
        ('x {\\"password\\": \\"hunter2\\"}', f'x {{\\"password\\": {REDACTED}\\"}}'),
        ("to%3Ftoken%3Dhunter2%26a%3D1", f"to%3Ftoken%3D{REDACTED}%26a%3D1"),
        ("u=https%253A%252F%252Fx%253Fsig%253Dhunter2", f"u=https%253A%252F%252Fx%253Fsig%253D{REDACTED}"),
        (
            "a -----BEGIN RSA PRIVATE KEY-----\nMIIhunter2\n-----END RSA PRIVATE KEY----- b",
            f"a {REDACTED} b",
        ),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaC1rZXk", REDACTED),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nx\n-----END PGP PRIVATE KEY BLOCK-----.", f"{REDACTED}."),
    ],
)
def test_secret_and_personal_shapes_are_masked(text: str, kept: str) -> None:
    assert masked(text) == kept
    assert masked(kept) == kept


@pytest.mark.parametrize("text", ["4901.5420.3237.518", "password: hunter2", "a%3Ftoken%3Dx", "geo:48.8,2.3"])
def test_ids_that_hold_such_a_shape_are_known(text: str) -> None:
    assert holds_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4, build 120.0.6099.230",
        "iOS 17.2.1 (21C66), 2026.11.28.1, 24.051500.204817",
        "4901.5420.3237.517",  # its last digit does not check the others
        "28/11/2026 08:18:00, 2026/11/28 08.18.00",
        "com.example.torch 1.2345 to 1.2346",
        "CVE-2026-12345, CVE-2025-6554",
        "SHA-256 b1c2d3e4a490154203237518b1c2d3e4a490154203237518b1c2d3e4a4901542",
        "021b44113ab7 is a file's name",
        "machine 021b44113ab7",
        "a lattice of 12.5, long 3.5 seconds",
        "geo: DE",
        "36.6\u00b0 C",
        "Password: not set; passcode: disabled",
        "PIN: required, password policy: weak",
        "password is weak",
        "/v1/12/345678/901234/index",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "a%3Ftokens%3D1%26b%3D2",
        "me \uff20 home",
        "tokens: 3, task-force-of-the-very-long-name",
        "location: device settings 1.5",
    ],
)
def test_what_says_what_a_threat_is_stays(text: str) -> None:
    assert masked(text) == text
    assert not is_personal(text)


@pytest.mark.parametrize(
    "key", ["wifi_id", "wlanAdapter", "bluetoothAddr1", "deviceMacs", "Wi-Fi station", "BT", "btAddr2"]
)
def test_twelve_hex_digits_under_a_network_adapters_key_are_its_address(key: str) -> None:
    content: JsonValue = {key: [{"id": "021b44113ab7", "b": "021B44-113AB7", "state": "paired"}]}
    kept = json.dumps(redacted(content))
    assert "021" not in kept
    assert redacted({"id": "021b44113ab7"}) == {"id": "021b44113ab7"}


def test_other_values_under_such_a_key_stay() -> None:
    content: JsonValue = {
        "wifiProfile": "00000000-0000-4000-8000-000000000014",
        "bluetoothState": "paired",
        "machine_id": "021b44113ab7",
        "macro": "021b44113ab7",
    }
    assert redacted(content) == content


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "password:",
                    "pin=",
                    '"pwd": "',
                    "lat:",
                    "48.85837",
                    "2.3",
                    " ",
                    ", ",
                    "-",
                    "/",
                    ".",
                    "\u2026",
                ),
                *(
                    "mac ",
                    "021b44113ab7",
                    "02%3A1b%3A44%3A11%3A3a%3Ab7",
                    "%3Ftoken%3D",
                    "%26",
                    "geo:1,2",
                    "'",
                ),
                *(
                    "-----BEGIN KEY-----",
                    "-----END KEY-----",
                    "490154203237518",
                    "49.015420.323751.8",
                    "a@b.c",
                ),
                *(
                    "[redacted]",
                    "ssid: ",
                    "location: ",
                    "token=",
                    "Bearer ",
                    "hunter2hunter2",
                    "10.9.8.7",
                    "+49 151 12345678",
                    "48\u00b0 N",
                    "\\",
                ),
            ]
        ),
        max_size=8,
    )
)
def test_masking_twice_changes_nothing(parts: list[str]) -> None:
    once = masked(" ".join(parts))
    assert masked(once) == once


@pytest.mark.parametrize(
    "unit", ["word ", "1 ", "a@", "password:x ", "lat:1.2 ", "48.85837 ", "10.9.8.7 ", "[re"]
)
def test_of_a_long_text_the_beginning_is_judged_and_kept_with_its_length(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    start = time.process_time()
    kept = masked(text)
    assert time.process_time() - start < 0.2
    assert kept.endswith(f" \u2026 ({len(text)} characters)")
    assert len(kept) <= MAX_JUDGED
    assert masked(kept) == kept
    assert holds_secret(text) == holds_secret(text[:MAX_JUDGED])


def test_a_secret_at_the_end_of_what_is_kept_is_kept_in_no_part() -> None:
    for length in range(MAX_JUDGED // 2 - 40, MAX_JUDGED // 2 + 10):
        text = "x " * (length // 2) + " " * (length % 2) + "anna@example.org " + "y" * 1000
        assert "anna" not in masked(text)


@pytest.mark.parametrize(
    ("text", "length", "kept"),
    [
        ("from 10.9.8.71234 on", 13, f"from {REDACTED}"),
        ("from 10.9.8.71234 on", 17, "from 10.9.8.71234"),
        (f"from {REDACTED} on", 9, "from "),
        ("021b44113ab7021b44113ab7", 12, "021b44113ab7"),
    ],
)
def test_the_beginning_of_a_masked_text_is_masked_by_what_is_left_of_it(
    text: str, length: int, kept: str
) -> None:
    assert beginning(text, length) == kept


def test_of_a_long_text_of_versions_or_of_an_adapter_the_beginning_is_masked_as_such() -> None:
    versions = "10.9.8.7, " * 900
    assert masked(versions, is_version=True).startswith(versions[:4000])
    assert "10.9.8.7" not in masked(versions)
    cut = "x " * 1994 + "021b44113ab7021b44113ab7" + " x" * 2100
    assert "021b44113ab7" in masked(cut)
    assert "021b44113ab7" not in masked(cut, is_adapter=True)


def test_a_text_of_the_longest_length_is_kept_whole() -> None:
    text = "x" * MAX_JUDGED
    assert masked(text) == text
    assert masked(f"{text}x") == "x" * 4000 + f" \u2026 ({MAX_JUDGED + 1} characters)"


def test_a_long_text_of_json_is_redacted_and_not_cut() -> None:
    content: JsonValue = [{"pin": "x", "n": index} for index in range(2000)]
    kept = redacted({"a": json.dumps(content)})
    assert isinstance(kept, dict)
    assert json.loads(str(kept["a"])) == [{"pin": REDACTED, "n": index} for index in range(2000)]
    assert redacted(kept) == kept
