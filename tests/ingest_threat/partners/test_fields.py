"""The typed readers."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest
from pydantic import JsonValue

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields

AT = datetime(2026, 2, 2, 2, 40, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "", "  ", "null", "NULL", "No data", "unknown"])
def test_what_says_nothing_is_absent(value: JsonValue) -> None:
    assert fields.text({"a": value}, "a") is None
    assert fields.text({"a": value, "b": "x"}, "a", "b") == "x"
    assert fields.moment({"a": value}, "a") is None


def test_unknown_is_no_text_and_a_word_like_any_other() -> None:
    assert fields.text({"a": "Unknown"}, "a") is None
    assert fields.written({"a": " Unknown "}, "a") == "Unknown"
    assert fields.word({"a": "Unknown"}, "a") == "UNKNOWN"
    assert fields.written({"a": "No data"}, "a") is None


@pytest.mark.parametrize(("value", "read"), [(5, "5"), (1.5, "1.5"), (True, "true"), (" x ", "x")])
def test_numbers_and_booleans_are_texts_too(value: JsonValue, read: str) -> None:
    assert fields.text({"a": value}, "a") == read


@pytest.mark.parametrize("value", [[], {}, ["x", "y"], {"x": "y"}, [["x"]], [{}]])
def test_a_list_or_an_object_is_no_text_and_the_error_names_the_field_only(value: JsonValue) -> None:
    assert fields.text({"colour": value, "hue": "red"}, "colour", "hue") == "red"
    assert fields.identifier({"colour": value}, "colour") is None
    for reader in (fields.key_text, fields.word, fields.boolean):
        with pytest.raises(fields.FieldError, match=r"^colour is not a text$"):
            reader({"colour": value}, "colour")


@pytest.mark.parametrize(
    "secret", ["https://x.example/?token=abc", "Bearer abcdefghijkl", "02:1b:44:11:3a:b7", "+49 151 12345678"]
)
def test_of_an_id_or_a_word_that_holds_a_secret_its_hash_is_kept(secret: str) -> None:
    content: JsonObject = {"a": secret, "b": "x"}
    assert fields.identifier(content, "a") == sha256(secret.encode()).hexdigest()
    assert fields.word(content, "a") == sha256(secret.encode()).hexdigest().upper()
    assert fields.identifier({"a": "1" * 20}, "a") == "1" * 20


def test_a_list_of_one_is_what_is_in_it() -> None:
    content: JsonObject = {"a": ["High"], "b": [True], "c": [None]}
    assert fields.text(content, "a") == fields.key_text(content, "a") == "High"
    assert fields.grade(content, "a") == fields.word(content, "a") == "HIGH"
    assert fields.boolean(content, "b")
    assert fields.text(content, "c") is None


def test_of_how_grave_a_list_or_an_object_is_a_word_no_table_knows() -> None:
    assert fields.grade({"a": {"x": "LOW"}}, "a") == "AN_OBJECT"
    assert fields.written({"a": ["LOW", "HIGH"]}, "a") == "a list"
    assert fields.grade({"a": None}, "a") is None


def test_an_object_that_only_describes_is_empty_where_something_else_stands() -> None:
    assert fields.part({"a": "iOS"}, "a") == fields.part({}, "a") == {}
    assert fields.part({"a": [{"x": 1}]}, "a") == {"x": 1}


def test_the_zero_uuid_and_an_imei_identify_nothing() -> None:
    assert fields.identifier({"a": "00000000-0000-0000-0000-000000000000"}, "a") is None
    assert fields.identifier({"a": 352099001761481, "b": "x"}, "a", "b") == "x"
    with pytest.raises(fields.FieldError, match="no a"):
        fields.required_identifier({"a": "null"}, "a")


@pytest.mark.parametrize(
    "value",
    [
        "0" * 32,
        "{00000000-0000-0000-0000-000000000000}",
        "anna@example.org",
        "phone of anna@example.org",
        "imei:352099001761481",
    ],
)
def test_no_zeros_and_nothing_personal_is_an_id(value: str) -> None:
    assert fields.identifier({"a": value}, "a") is None
    assert fields.device_id({"a": value}, "a") is None


@pytest.mark.parametrize("value", ["0", "0000", "Not Available", "n/a", "undefined"])
def test_a_placeholder_is_no_device_and_may_be_another_id(value: str) -> None:
    assert fields.identifier({"a": value}, "a") == value
    assert fields.device_id({"a": value, "b": "x"}, "a", "b") == "x"
    assert fields.linking_id({"a": value, "b": "x"}, "a", "b") == "x"


@pytest.mark.parametrize("value", ["1234567890", "1111", "0123456789ABCDEF"])
def test_vendors_count_and_nobody_is_found_by_a_count(value: str) -> None:
    assert fields.device_id({"a": value}, "a") == value
    assert fields.linking_id({"a": value}, "a") is None


def test_long_ids_stay_apart() -> None:
    one, two = fields.joined("d", "x" * 600 + "1"), fields.joined("d", "x" * 600 + "2")
    assert one != two
    assert len(one) < 100
    assert fields.joined("a", None, "b") == "a::b"
    three, four = (fields.joined("d" * 200, "e" * 200, "x" * 150 + last) for last in "12")
    assert three != four
    assert len(three) < 100


@pytest.mark.parametrize("value", ["http://bad.example/?to=anna@example.org", "352099001761481"])
def test_a_key_shows_nothing_personal_and_stays_the_same(value: str) -> None:
    key = fields.joined("d", value)
    assert key == fields.joined("d", value) != fields.joined("d", value + "x")
    assert value not in key
    assert "example" not in key


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("Marked\nFixed", "MARKED_FIXED"),
        ("host.pin", "HOST_PIN"),
        ("UNKNOWN", "UNKNOWN"),
        ("高", "高"),
        ("!", "!"),
    ],
)
def test_a_word_is_in_capitals_with_one_separator(value: str, read: str) -> None:
    assert fields.word({"a": value}, "a") == read


def test_a_time_that_cannot_be_read_names_its_field_and_not_its_value() -> None:
    assert fields.moment({"a": "Mon, 02 Feb 2026 02:40:00 GMT"}, "a") == AT
    with pytest.raises(fields.UnreadableTime, match=r"^a is not a time from 2000 to 2099$") as error:
        fields.moment({"a": "soon"}, "a")
    assert (error.value.name, error.value.value) == ("a", "soon")


def test_zero_is_no_time() -> None:
    assert fields.moment({"a": 0, "b": 1770000000}, "a", "b") == AT
    assert fields.moment({"a": "0"}, "a") is None


@pytest.mark.parametrize(("value", "read"), [(8, 8.0), ("8", 8.0), ("8.5", 8.5), ("x", None), (True, None)])
def test_text_may_be_a_number(value: JsonValue, read: float | None) -> None:
    assert fields.number({"a": value}, "a") == read


@pytest.mark.parametrize(
    ("value", "read"), [(True, True), ("True", True), (1, True), (False, False), (None, False)]
)
def test_flags(value: JsonValue, read: bool) -> None:
    assert fields.boolean({"a": value}, "a") is read


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "//a.example", "https://", "https://u:p@a.example/x", "http://a b"]
)
def test_only_http_addresses_without_credentials_are_links(url: str) -> None:
    assert fields.url({"a": url}, "a") is None
    assert fields.url({"a": "HTTPS://a.example/x?y=1"}, "a") == "HTTPS://a.example/x?y=1"
    assert fields.url({"a": "https://a.example/" + "x" * 600}, "a") is None


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("iOS", "ios"),
        ("iPadOS", "ios"),
        ("Apple iPhone 11", "ios"),
        ("ANDROID", "android"),
        ("MAC_OS", "other"),
    ],
)
def test_platforms(name: str, read: str) -> None:
    assert fields.platform(name) == read
    assert fields.platform(None) is None


def test_inner_objects_and_lists() -> None:
    assert fields.inner({"a": {"b": 1}}, "a") == {"b": 1}
    assert fields.inner({"a": None}, "a") == fields.inner({}, "a") == {}
    assert fields.inner_list({"a": [1]}, "a", at_most=1) == [1]
    assert fields.inner_list({}, "a", at_most=1) == []
    with pytest.raises(fields.FieldError, match="not an object"):
        fields.inner({"a": [1]}, "a")
    assert fields.inner({"a": [{"b": 1}]}, "a") == {"b": 1}
    assert fields.inner_list({"a": {"b": 1}}, "a", at_most=1) == [{"b": 1}]
    with pytest.raises(fields.FieldError, match="not a list"):
        fields.inner_list({"a": 5}, "a", at_most=1)
    with pytest.raises(fields.FieldError, match="more than 1"):
        fields.inner_list({"a": [1, 2]}, "a", at_most=1)


def test_a_time_is_part_of_an_id_as_it_is_written_also_as_an_object() -> None:
    assert fields.time_written({"a": None, "b": 1770000000000}, "a", "b") == "1770000000000"
    assert fields.time_written({"a": {"$date": 1}}, "a") == '{"$date": 1}'
    assert fields.time_written({"a": "null"}, "a", "b") is None
