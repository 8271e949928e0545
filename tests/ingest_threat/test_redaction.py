"""What is taken out before a message is kept."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from ingest_threat.redaction import CUT, MAX_TEXTS, redacted
from ingest_threat.shapes import REDACTED, holds_secret, is_personal, masked

JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "access_token",
        "clientSecret",
        "PASSWORD",
        "Authorization",
        "imei",
        "imei2",
        "deviceIMEI",
        "meid",
        "enrolmentKey",
        "enrollment_key",
        "emailAddress",
        "phone-number",
        "userPhoneNumber",
        "iccid",
        "gps_latitude",
        "X-Api-Key",
        "set-cookie",
        "subscriberMsisdn",
        *("lat", "lng", "lon", "long", "latitude", "coordinates", "geoPoint", "geo_location", "locationInfo"),
        *(
            "pin",
            "devicePin",
            "passcode",
            "session",
            "sessionId",
            "sas",
            "sasToken",
            "otp",
            "connection_string_password",
        ),
        *(
            "user",
            "userName",
            "user_display_name",
            "owner",
            "deviceOwner",
            "owner_first_name",
            "employee",
            "upn",
        ),
        *("ssid", "BSSID", "wifi_ssid", "mac", "macAddress", "ip", "deviceIp", "ipAddress", "client_ips"),
        *(
            "gateway",
            "router_address",
            "localIpv4",
            "deviceName",
            "device_name",
            "hostname",
            "street",
            "city",
        ),
        *("displayName", "loginName", "assignedTo", "contact", "mobileNumber", "tel", "wifi", "apName"),
        *("accessPoint", "access_point_name", "contact_name"),
    ],
)
def test_secret_and_personal_keys_are_redacted_at_any_depth(key: str) -> None:
    assert redacted({"a": [{"b": {key: {"c": "private"}}}]}) == {"a": [{"b": {key: REDACTED}}]}
    assert redacted({key: None}) == {key: None}


@pytest.mark.parametrize(
    "key",
    [
        *(
            "timeInterval",
            "nameId",
            "iphone",
            "key",
            "threat_key",
            "device_id",
            "status",
            "pinning",
            "userId",
        ),
        *("mapping", "description", "classId", "processId", "platform", "ownership", "longDescription"),
        *(
            "intel",
            "wifiEnabled",
            "tip",
            "shipping",
            "latest",
            "version",
            "userGroup",
            "machine",
            "stipulation",
            "obsession",
        ),
    ],
)
def test_other_keys_are_kept(key: str) -> None:
    assert redacted({key: "x"}) == {key: "x"}


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("IMEI 352099001761481 lost", f"IMEI {REDACTED} lost"),
        (352099001761481, REDACTED),
        (1770000000000, 1770000000000),
        ("20260202024000", "20260202024000"),
        ("mail anna@example.org now", f"mail {REDACTED} now"),
        ({"352099001761481": 1}, {REDACTED: 1}),
        ("35-209900-176148-1 and 35 209900 176148 1", f"{REDACTED} and {REDACTED}"),
        ("35-209900-176148-23", REDACTED),
        ("IMEI 35209900 1761481", f"IMEI {REDACTED}"),
        ("3520-9900-1761-481", REDACTED),
        ("12345678901234", "12345678901234"),
        ("12345678901237", REDACTED),
        ("A0-000000-123456-C or A000000123456C", f"{REDACTED} or {REDACTED}"),
        ("mail anna%40example.org or anna%2540example.org", f"mail {REDACTED} or {REDACTED}"),
        ("https://x.example/?a=1&token=abc&b=2", f"https://x.example/?a=1&token={REDACTED}&b=2"),
        ({"https://x.example/?key=abc%3D": 1}, {f"https://x.example/?key={REDACTED}": 1}),
        ("https://anna:secret@x.example/a", f"https://{REDACTED}@x.example/a"),
        ("Authorization: Bearer abcdefghijkl", f"Authorization: {REDACTED}"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2ln", REDACTED),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", REDACTED),
        ("by 00:1A:2b:3C:4d:5E now", f"by {REDACTED} now"),
        ("00-1A-2B-3C-4D-5E", REDACTED),
        ("mac:00:1A:2b:3C:4d:5E: left", f"mac:{REDACTED}: left"),
        ("sha1 00:1A:2b:3C:4d:5E:6f:70", "sha1 00:1A:2b:3C:4d:5E:6f:70"),
        ("seen 1769940000000 02:1b:44:11:3a:b7", f"seen 1769940000000 {REDACTED}"),
        ("key AKIAIOSFODNN7EXAMPLE", f"key {REDACTED}"),
        ("Android Basic Integrity", "Android Basic Integrity"),
        ("Basic dXNlcjpwYXNz and Basic yyyyyyyyyyy=", f"{REDACTED} and {REDACTED}"),
        ({"owners": ["Anna"]}, {"owners": REDACTED}),
        ("call +442079460958", f"call {REDACTED}"),
        ("call +49 171 1234567 now", f"call {REDACTED} now"),
        ("+49 (0)171 123-4567, +1 (202) 555-0143.", f"{REDACTED}, {REDACTED}."),
        ("Jun 1 12:00:00 +1000 2026", "Jun 1 12:00:00 +1000 2026"),
        ("1.2 +1 3 of 4", "1.2 +1 3 of 4"),
        ("by aabb.cc0d.eeff.", f"by {REDACTED}."),
        ("host 10.9.8.7:80, 192.168.0.0/16", f"host {REDACTED}:80, {REDACTED}/16"),
        ("fe80::1 or 2001:db8:0:0:0:0:0:7", f"{REDACTED} or {REDACTED}"),
        ("http://10.9.8.7/login", "http://10.9.8.7/login"),
        ("version 1.2.3.4, v1.2.3.4, 120.0.6099.230", "version 1.2.3.4, v1.2.3.4, 120.0.6099.230"),
        ({"os_version": "1.2.3.4", "at": "1.2.3.4"}, {"os_version": "1.2.3.4", "at": REDACTED}),
        ("12:00:00 Event::Endpoint::Mobile", "12:00:00 Event::Endpoint::Mobile"),
        ("/a;jsessionid=0A1B", f"/a;jsessionid={REDACTED}"),
        ("/a?auth=x&ticket=y", f"/a?auth={REDACTED}&ticket={REDACTED}"),
        ("at 51.50740, -0.12780", f"at {REDACTED}"),
        ("2026-02-02T02:40:00+0000", "2026-02-02T02:40:00+0000"),
        ("26.1.2", "26.1.2"),
        ("00000000-0000-4000-8000-000000000014", "00000000-0000-4000-8000-000000000014"),
        (True, True),
    ],
)
def test_shapes_are_masked_wherever_they_stand(content: JsonValue, kept: JsonValue) -> None:
    assert redacted(content) == kept


def test_an_adapter_adds_names_without_regard_to_their_spelling() -> None:
    content: JsonValue = {"deviceNick": "Anna", "Device_Nick": {"n": 1}, "device": "x"}
    kept = {"deviceNick": REDACTED, "Device_Nick": REDACTED, "device": "x"}
    assert redacted(content, {"device_nick"}) == kept
    assert redacted(content) == content


def test_what_an_adapter_needs_is_judged_by_its_shape_alone() -> None:
    content: JsonValue = {"a": {"hostName": "shop.example", "ssid": "home"}, "host_name": "anna@example.org"}
    kept = {"a": {"hostName": "shop.example", "ssid": REDACTED}, "host_name": REDACTED}
    assert redacted(content, needed={"host_name"}) == kept
    assert redacted(content, {"a.hostname"}, {"host_name"}) == {
        "a": {"hostName": REDACTED, "ssid": REDACTED},
        "host_name": REDACTED,
    }


def test_keys_in_json_that_is_a_text_count_too() -> None:
    assert redacted({"a": '{"imei": "x", "n": [{"pin": 1}]}'}) == {
        "a": '{"imei": "[redacted]", "n": [{"pin": "[redacted]"}]}'
    }
    assert redacted({"a": '{"n":1}', "b": "{no json"}) == {"a": '{"n":1}', "b": "{no json"}


def test_json_in_a_text_that_nobody_can_read_to_its_end_is_redacted() -> None:
    twice = '{"pin": "x", "pin": "y"}'
    deep = "[" * 65 + '{"pin": "x"}' + "]" * 65
    assert redacted([twice, deep, "[" * 100_000]) == [REDACTED] * 3
    number = f'{{"pin": "x", "n": {"9" * 5000}}}'
    assert redacted(number) == f'{{"pin": "{REDACTED}", "n": "{REDACTED}"}}'


def test_texts_of_json_in_texts_are_opened_to_a_depth_and_redacted_below() -> None:
    content: JsonValue = {"pin": "x", "a": 1}
    for _ in range(MAX_TEXTS):
        content = [json.dumps(content)]
    hidden = str(redacted(content))
    assert f'"{REDACTED}' in hidden.replace("\\", "")
    assert '"a' in hidden.replace("\\", "")
    assert redacted([json.dumps(content)]) == [json.dumps([json.dumps([json.dumps([REDACTED])])])]


def test_a_key_is_judged_by_its_beginning_and_kept_as_that() -> None:
    secret, long = "password" + "x" * 193, "x" * 201
    assert redacted({secret: "a", long: "b"}) == {
        secret[:150] + CUT: REDACTED,
        long[:150] + CUT: "b",
    }
    assert redacted({"x" * 200: "b"}) == {"x" * 200: "b"}
    assert redacted({"x" * 192 + "password": 1, "x" * 193 + "password": 1}) == {
        "x" * 192 + "password": REDACTED,
        "x" * 150 + CUT: 1,
    }


def test_no_key_takes_the_place_of_another_that_looks_like_it_now() -> None:
    long = "x" * 300
    content: JsonValue = {f"{long}1": 1, f"{long}2": 2, f"x{long}": 3}
    kept = long[:150] + CUT
    assert redacted(content) == {kept: 1, f"{kept} (2)": 2, f"{kept} (3)": 3}
    mails: JsonValue = {"a@b.example": 1, f"{REDACTED} (2)": 2, "c@b.example": 3}
    assert redacted(mails) == {REDACTED: 1, f"{REDACTED} (2)": 2, f"{REDACTED} (3)": 3}


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "x" * 40,
                "a@b.example",
                "?token=ab",
                "0123456789012345",
                "[redacted]",
                "Bearer abcdefgh",
                "x" * 7,
            ]
        ),
        min_size=4,
        max_size=12,
    )
)
def test_a_key_that_was_cut_stays_as_it_is(parts: list[str]) -> None:
    key = " ".join(parts)
    once = redacted({key: 1, f"{key} 2": 2})
    assert redacted(once) == once
    assert isinstance(once, dict)
    assert sorted(map(str, once.values())) in (["1", "2"], [REDACTED, REDACTED])


def test_a_name_with_a_dot_is_the_one_right_under_another() -> None:
    content: JsonValue = {
        "Device": {"NAME": "Anna's", "group": {"name": "R"}},
        "devices": [{"device": [{"name": "Bo's"}]}],
        "name": "x",
    }
    assert redacted(content, {"device.name"}) == {
        "Device": {"NAME": REDACTED, "group": {"name": "R"}},
        "devices": [{"device": [{"name": REDACTED}]}],
        "name": "x",
    }


def test_a_key_that_is_a_path_is_each_of_its_parts() -> None:
    content: JsonValue = {"device.user.id": 7, "device.Name": "Anna's", "device.product_name": "Phone"}
    assert redacted(content, {"user", "name"}) == {
        "device.user.id": REDACTED,
        "device.Name": REDACTED,
        "device.product_name": "Phone",
    }


@given(JSON)
def test_redacting_twice_changes_nothing(content: JsonValue) -> None:
    once = redacted(content)
    assert redacted(once) == once


def test_a_large_text_is_searched_in_linear_time() -> None:
    for text in (
        "a",
        "a@",
        "a%40",
        "1 ",
        "A0-",
        "key=",
        "://",
        "+1",
        "1.23456, ",
        "eyJ",
        "00:",
        "+1 2 ",
        "2a::",
        "aa0b.",
        "1.",
        '{"a":',
    ):
        start = time.process_time()
        redacted(text * (200_000 // len(text)) + "@")
        assert time.process_time() - start < 2, text


@pytest.mark.parametrize(
    "id_", ["e6d7b9b7-080c-4267-7598-000000000003", "11111111-1111-4111-8111-000000000005"]
)
def test_digits_of_a_uuid_are_no_imei(id_: str) -> None:
    assert redacted({"threat_uuid": id_}) == {"threat_uuid": id_}


@pytest.mark.parametrize("length", [24, 28, 32, 40, 48, 56, 64, 96, 128])
@pytest.mark.parametrize("spelled", ["{}", "zid:{}", "{} again"])
def test_digits_of_a_hash_are_nobodys_number(length: int, spelled: str) -> None:
    id_ = spelled.format(("a490154203237518b1c2d3e4" * 6)[:length])
    assert masked(id_) == id_
    assert not is_personal(id_)
    assert not holds_secret(id_)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Device490154203237518", f"Device{REDACTED}"),
        ("face490154203237518", f"face{REDACTED}"),
        ("a490154203237518b1c2d3e4a4901542@example.com", REDACTED),
        ("a490154203237518b1c2d3e4a4901542-x@example.com", REDACTED),
        ("token=a490154203237518b1c2d3e4a4901542", f"token={REDACTED}"),
        ("49015420323751849015420323751840", REDACTED),  # digits alone are no hash
    ],
)
def test_what_only_looks_like_a_hash_is_masked(text: str, kept: str) -> None:
    assert masked(text) == kept


def test_a_number_of_fifteen_digits_is_an_imei_where_its_check_digit_is_right() -> None:
    assert is_personal("490154203237518")
    assert not is_personal("490154203237517")
    assert masked("490154203237517") == REDACTED, "in what is kept of a message it could be a slip"


@pytest.mark.parametrize(
    "text",
    [
        "https://x.example/?resetToken=hunter2hunter2",
        "https://x.example/?a=1&sas_token=hunter2hunter2",
        "https://x.example/?accessKey=hunter2hunter2",
        "https://x.example/?passwd=hunter2hunter2",
        "https://x.example/?latitude=hunter2hunter2",
        "authorization: bearer hunter2hunter2",
        "ghp_hunter2hunter2hunter2hunter2",
        "xoxb-hunter2hunter2",
        "AIzahunter2hunter2hunter2hunter2",
    ],
)
def test_secrets_are_known_by_more_names_and_shapes(text: str) -> None:
    assert "hunter2" not in masked(text)


@pytest.mark.parametrize(
    "key",
    ["coords", "lastLocation", "pass", "jwt", "authKey", "creds", "activationCode", "totp", "simSerial"],
)
def test_kin_of_secret_keys_are_redacted(key: str) -> None:
    assert redacted({key: {"x": "hunter2"}}) == {key: REDACTED}


@pytest.mark.parametrize("key", ["mobile", "mobileNo", "userMobile", "MSISDN", "cell", "macs", "homeAddress"])
def test_kin_of_personal_keys_are_redacted(key: str) -> None:
    assert redacted({key: "0151 1234"}) == {key: REDACTED}


@pytest.mark.parametrize(
    "pair",
    [
        {"name": "SSID", "val": "Anna's net"},
        {"Key": "wifi_bssid", "Value": "x"},
        {"field": "user.email", "value": {"n": "x"}},
        {"type": "IMEI", "value": 1},
        {"key": "5", "name": "Device PIN", "value": "4711"},
        {"name": "GPS", "values": [1, 2]},
    ],
)
def test_the_value_of_a_pair_is_judged_by_the_name_beside_it(pair: JsonValue) -> None:
    kept = redacted([pair])
    assert isinstance(kept, list)
    assert isinstance(pair, dict)
    assert kept == [{**pair, list(pair)[-1]: REDACTED}]


@pytest.mark.parametrize(
    "pair",
    [
        {"name": "Package", "value": "com.example.torch"},
        {"type": "threatLevelIs", "value": "Red"},
        {"name": "SSID", "state": "hidden"},
        {"key": "SSID", "value": None, "field": True, "type": 4},
        {"name": ["SSID"], "value": "x"},
    ],
)
def test_other_pairs_are_kept(pair: JsonValue) -> None:
    assert redacted([pair]) == [pair]


def test_the_names_of_an_adapter_count_in_pairs_too() -> None:
    content: JsonValue = {
        "a": [{"name": "nick", "value": "Anna"}, {"name": "host_name", "value": "x.example"}]
    }
    assert redacted(content, {"nick"}, {"hostname"}) == {
        "a": [{"name": "nick", "value": REDACTED}, {"name": "host_name", "value": "x.example"}]
    }
