"""What is taken out before a message is kept."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from ingest_threat.redaction import REDACTED, redacted

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
    ],
)
def test_secret_and_personal_keys_are_redacted_at_any_depth(key: str) -> None:
    assert redacted({"a": [{"b": {key: {"c": "private"}}}]}) == {"a": [{"b": {key: REDACTED}}]}
    assert redacted({key: None}) == {key: None}


@pytest.mark.parametrize(
    "key", ["timeInterval", "nameId", "iphone", "key", "threat_key", "device_id", "status"]
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
        (True, True),
    ],
)
def test_shapes_are_masked_wherever_they_stand(content: JsonValue, kept: JsonValue) -> None:
    assert redacted(content) == kept


def test_an_adapter_adds_names_without_regard_to_their_spelling() -> None:
    content: JsonValue = {"deviceOwner": "Anna", "Device_Owner": {"n": 1}, "device": "x"}
    kept = {"deviceOwner": REDACTED, "Device_Owner": REDACTED, "device": "x"}
    assert redacted(content, {"device_owner"}) == kept
    assert redacted(content) == content


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
    start = time.process_time()
    redacted("a" * 1_000_000 + "@")
    redacted("a@" * 500_000)
    assert time.process_time() - start < 5
