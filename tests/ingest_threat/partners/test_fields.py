"""The typed readers."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest
from pydantic import JsonValue

from ingest_threat.partners import _fields as fields
from ingest_threat.partners import device_id
from ingest_threat.partners._no_verdict import is_no_verdict
from ingest_threat.partners._oddities import collected

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


@pytest.mark.parametrize("value", [[], {}, ["x"]])
def test_a_list_is_no_text_and_is_noted_by_the_field_alone(value: JsonValue) -> None:
    with collected() as odd:
        assert fields.text({"colour": value, "hue": "red"}, "colour", "hue") == "red"
        assert fields.word({"colour": value}, "colour") is None
        assert not fields.boolean({"colour": value}, "colour")
    assert list(odd.fields) == ["colour"]
    with pytest.raises(fields.FieldError, match=r"^no colour$"):
        fields.required_identifier({"colour": value}, "colour")


@pytest.mark.parametrize("name", ["severity", "threat_severity", "riskLevel", "ThreatLevel", "level"])
def test_an_odd_grade_is_a_word_no_table_knows(name: str) -> None:
    assert fields.written({name: ["LOW"]}, name) == fields.ODD_GRADE
    assert fields.written({name: ["LOW"], "severityName": "HIGH"}, name, "severityName") == "HIGH"
    assert not is_no_verdict(fields.word({name: {}}, name))
    assert fields.written({name: None}, name) is None


@pytest.mark.parametrize(
    "secret", ["https://x.example/?token=abc", "Bearer abcdefghijkl", "02:1b:44:11:3a:b7", "+49 151 12345678"]
)
def test_of_an_id_or_a_word_that_holds_a_secret_its_hash_is_kept(secret: str) -> None:
    hashed = sha256(secret.encode()).hexdigest()
    assert fields.identifier({"a": secret}, "a") == hashed
    assert fields.word({"a": secret}, "a") == hashed.upper()
    assert fields.identifier({"a": "1" * 20}, "a") == "1" * 20


@pytest.mark.parametrize(
    ("value", "said"), [(True, True), ("Yes", True), (1.0, True), ("0", False), ("no", False), (None, None)]
)
def test_what_an_all_clear_depends_on_is_yes_or_no(value: JsonValue, said: bool | None) -> None:
    assert fields.decided({"a": value}, "a") is said


@pytest.mark.parametrize("value", ["perhaps", {}, [True], 7])
def test_what_is_neither_yes_nor_no_is_not_guessed_at(value: JsonValue) -> None:
    with pytest.raises(fields.FieldError, match=r"^a is neither yes nor no$"):
        fields.decided({"a": value}, "a")


def test_an_unreadable_time_that_is_an_object_is_kept_without_who_is_named_in_it() -> None:
    with collected() as odd:
        assert fields.moment({"at": {"user": "Anna", "day": "soon"}}, "at") is None
    assert list(odd.times) == ['{"user": "[redacted]", "day": "soon"}']


@pytest.mark.parametrize("value", ["00000000-0000-0000-0000-000000000000", "0" * 32, "null"])
def test_the_zero_uuid_identifies_nothing(value: str) -> None:
    assert fields.identifier({"a": value}, "a") is None
    assert fields.device_id({"a": f"{{{value}}}" if "-" in value else value}, "a") is None
    with pytest.raises(fields.FieldError, match="no a"):
        fields.required_identifier({"a": value}, "a")


@pytest.mark.parametrize(
    "value",
    [
        352099001761481,
        "A1B2C3D4E5F607",
        "ac12f4e56b7a890",
        "35-209900-176148",
        "35-209900-176148-1",
        "anna@example.org",
        "phone of anna@example.org",
        "7cf2-1@push.example.net",
        "imei:352099001761481",
    ],
)
def test_of_an_id_that_looks_personal_the_hash_is_kept(value: str | int) -> None:
    hashed = sha256(str(value).encode()).hexdigest()
    assert fields.identifier({"a": value}, "a") == hashed
    assert fields.required_identifier({"a": value}, "a") == hashed
    assert fields.device_id({"a": value}, "a") == hashed
    assert device_id("lookout", f" {value} ") == hashed, "as an admin writes it"
    assert device_id("lookout", hashed) == hashed
    assert fields.identifier({"a": value, "b": "x"}, "a", "b") == "x"
    assert fields.linking_id({"a": value}, "a") is None, "nothing is found by a hash"


@pytest.mark.parametrize(
    "value", ["0123456789ABCDEF", "f" * 32, "0", "0000", "Not Available", "n/a", "undefined"]
)
def test_a_placeholder_is_no_device_and_may_be_another_id(value: str) -> None:
    assert fields.identifier({"a": value}, "a") == value
    assert fields.device_id({"a": value, "b": "x"}, "a", "b") == "x"
    assert fields.linking_id({"a": value, "b": "x"}, "a", "b") == "x"


@pytest.mark.parametrize("value", ["1234567890", "1111"])
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


def test_a_time_that_cannot_be_read_is_none_and_noted() -> None:
    assert fields.moment({"a": "Mon, 02 Feb 2026 02:40:00 GMT"}, "a") == AT
    with collected() as odd:
        assert fields.moment({"a": "soon"}, "a") is None
        assert fields.moment({"a": "soon", "b": 1770000000}, "a", "b") == AT
    assert list(odd.times) == ["soon"]
    assert fields.happened({"a": "soon"}, "a")
    assert fields.is_unreadable_time({"a": "soon"}, "a")
    assert not fields.is_unreadable_time({"a": 1770000000}, "a")


@pytest.mark.parametrize("value", ["never", "N/A", "---", "Not yet", "null", 0, None, "0001-01-01T00:00:00"])
def test_what_never_happened_has_no_time(value: JsonValue) -> None:
    with collected() as odd:
        assert fields.moment({"a": value}, "a") is None
    assert not odd.times
    assert not fields.happened({"a": value}, "a")
    assert not fields.is_unreadable_time({"a": value}, "a")


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
    with collected() as odd:
        assert fields.inner({"a": [1]}, "a") == {}
        assert fields.inner_list({"b": 5}, "b", at_most=1) == []
        assert fields.inner({"c": []}, "c") == {}
        assert fields.inner_list({"d": "[cut"}, "d", at_most=1) == []
        assert fields.inner_list({"c": ""}, "c", at_most=1) == []
    assert list(odd.fields) == ["a", "b", "d"]
    assert fields.inner({"a": [{"b": 1}]}, "a") == {"b": 1}
    assert fields.inner_list({"a": {"b": 1}}, "a", at_most=1) == [{"b": 1}]
    with pytest.raises(fields.FieldError, match="more than 1"):
        fields.inner_list({"a": [1, 2]}, "a", at_most=1)


def test_a_time_is_part_of_an_id_as_it_is_written_also_as_an_object() -> None:
    assert fields.time_written({"a": None, "b": 1770000000000}, "a", "b") == "1770000000000"
    assert fields.time_written({"a": {"$date": 1}}, "a") == '{"$date": 1}'
    assert fields.time_written({"a": "null"}, "a", "b") is None


@pytest.mark.parametrize(
    ("value", "read"), [(2, "2"), ("2", "2"), (2.0, "2"), ("2.50", "2.5"), ("No risk", "NO_RISK"), ("", None)]
)
def test_a_number_and_a_word_of_a_table_are_written_alike(value: JsonValue, read: str | None) -> None:
    assert fields.code({"a": value}, "a") == read


@pytest.mark.parametrize(
    ("value", "read"),
    [([{"b": 1}], {"b": 1}), ([], []), ([1, 2], [1, 2]), ({"b": 1}, {"b": 1}), (None, None)],
)
def test_a_list_of_one_is_what_is_in_it(value: JsonValue, read: JsonValue) -> None:
    assert fields.only(value) == read


@pytest.mark.parametrize("text", ['[{"a": NaN}]', '[{"a": 1, "a": 2}]', "[" * 70 + "]" * 70])
def test_a_list_in_a_text_is_held_to_what_holds_for_the_message(text: str) -> None:
    with collected() as odd:
        assert fields.inner_list({"list": text}, "list", at_most=5) == []
    assert list(odd.fields) == ["list"]


def test_what_is_longer_than_any_is_known_by_its_hash_alone() -> None:
    long = "anna@example.org " * 40
    hashed = sha256(long.strip().encode()).hexdigest()
    assert fields.identifier({"id": long}, "id") == hashed
    assert fields.word({"severity": long}, "severity") == hashed.upper()
    assert fields.platform("x" * 500 + " ios") == "other"
    assert fields.happened({"at": "never " * 100}, "at")
