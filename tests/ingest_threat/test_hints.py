"""What is spared by hints and by memory is work, and nothing else: the same is redacted as without them."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from ingest_threat import redaction, shapes
from ingest_threat.redaction import REMEMBERED, redacted
from ingest_threat.shapes import REDACTED, holds_secret, is_personal, masked
from tests.ingest_threat.partners.messages import samples

NAMES = frozenset({"device_owner", "device.name", "tenant"})
PIECES = [
    *(
        "password",
        "passcode",
        "passphrase",
        "pwd",
        "PIN",
        "pin code",
        "otp",
        "Token",
        "client secret",
        "api-key",
    ),
    *(
        "enrolment code",
        "K\u212aey",
        "\u017fsid",
        "SSID",
        "essid",
        "wifi mac",
        "bt_addr",
        "wlan",
        "bluetooth id",
    ),
    *("lat", "Latitude", "lng", "longitude", "long", "gps", "location", "coords", "geo:", "mac", "version "),
    *("whsec_", "whsec_MfKQ9", "eyJhbGciOi.eyJzdWIiOi", "AKIAIOSFODNN7EXAMPLE", "gho_0123456789abcdefghij"),
    *(
        "Bearer abcdefghij",
        "BEARER ",
        "SharedKey abcdefgh",
        "\u017fhared\u212aey abcdefgh",
        "Basic dXNlcjpwYXNz",
    ),
    *("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "xoxb-1234567890", "sk-", "glpat-"),
    *(
        "https://",
        "anna:secret@",
        "anna@example.org",
        "anna%40example.org",
        "anna\uff20example\uff0eorg",
        "@",
        "?",
    ),
    *(
        "token=",
        "&sig=",
        "%3Ftoken%3D",
        "%2526key%253D",
        "%25",
        "%3A",
        "=",
        ": ",
        ":",
        "::",
        " = ",
        ";",
        ",",
        ", ",
    ),
    *(
        "00:1A:2b:3C:4d:5E",
        "00-1a-2b-3c-4d-5e",
        "021b.4411.3ab7",
        "021b44113ab7",
        "aabbccddeeff",
        "ABCDEF",
        "aa:",
    ),
    *(
        "02%3A1b%3A44%3A11%3A3a%3Ab7",
        "352099001761481",
        "35-209900-176148-1",
        "49/015420/323751/8",
        "A0000000123456",
    ),
    *(
        "4901.5420.3237.518",
        "48.85837",
        "2.29448",
        "-2.29",
        "16,4",
        "48\u00b051'30\"N",
        "+442079460958",
        "+44 20 7946",
    ),
    *(
        "0958",
        "192.168.10.20",
        "fe80::1",
        "2001:db8:0:0:0:0:0:1",
        "fd00:",
        "17.2.1",
        "1769940000000",
        "2026-02-01",
    ),
    *(
        "T08:00:00.250+01:00",
        "08:00:00Z",
        "0f8b1c2d-1234-4000-8000-00000000abcd",
        "d41d8cd98f00b204e9800998ecf8427e",
    ),
    *(
        "agent-1",
        "NOT_COMPLIANT",
        "com.example.torch",
        "CVE-2026-12345",
        "a",
        "7",
        "-",
        ".",
        "/",
        " ",
        "_",
        "\n",
        '"',
    ),
    *("'", "\\", "(", "[redacted]", "\u2026", "\u00e4", "{", "}"),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=7).map("".join)
KEYS = st.sampled_from(
    [
        "name",
        "value",
        "type",
        "deviceName",
        "device",
        "tenant",
        "owner.name",
        "mac",
        "osVersion",
        "wifi",
        "id",
    ]
)
JSON: st.SearchStrategy[JsonValue] = st.recursive(
    TEXTS | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | TEXTS, inner, max_size=4),
    max_leaves=8,
)


class Unspared:
    """Within, every pattern looks at every text, and no judgement is remembered."""

    def __enter__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(shapes._Shape, "hint", re.compile(""))
        self.patch.setattr(shapes, "_PLAIN", re.compile(r"(?!)"))
        redaction._judged.cache_clear()

    def __exit__(self, *_: object) -> None:
        self.patch.undo()
        redaction._judged.cache_clear()


@given(TEXTS, st.booleans(), st.booleans())
@settings(max_examples=500, deadline=None)
def test_a_text_is_masked_as_if_every_pattern_had_looked(
    text: str, is_version: bool, is_adapter: bool
) -> None:
    spared = masked(text, is_version=is_version, is_adapter=is_adapter), holds_secret(text), is_personal(text)
    with Unspared():
        whole = (
            masked(text, is_version=is_version, is_adapter=is_adapter),
            holds_secret(text),
            is_personal(text),
        )
    assert spared == whole


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_a_message_is_redacted_as_if_every_pattern_had_looked(content: JsonValue) -> None:
    spared = redacted(content, NAMES, {"type"})
    with Unspared():
        assert redacted(content, NAMES, {"type"}) == spared


@pytest.mark.parametrize("partner", samples())
def test_a_partners_messages_are_redacted_as_if_every_pattern_had_looked(partner: str) -> None:
    for message in samples()[partner]:
        for content in (message, json.dumps(message)):
            spared = redacted(content)
            with Unspared():
                assert redacted(content) == spared


@pytest.mark.parametrize("text", PIECES)
def test_each_piece_alone_and_named_is_masked_as_if_every_pattern_had_looked(text: str) -> None:
    for each in (
        text,
        f"mac {text}",
        f"SSID: {text}",
        f"{text}: x1",
        f"x {text} y",
        f"lat {text}",
        f"{text}={text}",
    ):
        spared = masked(each), masked(each, is_adapter=True), holds_secret(each)
        with Unspared():
            assert (masked(each), masked(each, is_adapter=True), holds_secret(each)) == spared


def test_what_is_remembered_of_keys_is_bounded() -> None:
    for number in range(2 * REMEMBERED):
        redacted({f"key {number}": 1})
    assert redaction._judged.cache_info().currsize == REMEMBERED


def test_a_key_is_remembered_for_the_place_and_the_names_it_was_judged_by() -> None:
    content: JsonValue = {"device": {"name": "x"}, "app": {"name": "x"}}
    for _ in range(2):
        assert redacted(content) == content
        assert redacted(content, NAMES) == {"device": {"name": REDACTED}, "app": {"name": "x"}}
        assert redacted({"tenant": 1}, NAMES, {"tenant"}) == {"tenant": REDACTED}
        assert redacted({"ssid": "x"}, (), {"ssid"}) == {"ssid": "x"}


def test_a_long_key_is_not_remembered() -> None:
    redaction._judged.cache_clear()
    redacted({"k" * 201: 1})
    assert redaction._judged.cache_info().currsize == 0
