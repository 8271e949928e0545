"""The one list of ids that name nobody."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.nobody import is_placeholder, names_nobody


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "-", "0", "0000", "000000000000000", "00000000-0000-0000-0000-000000000000"),
        *("{00000000-0000-0000-0000-000000000000}", "00:00:00:00:00:00", "02:00:00:00:00:00"),
        *("unknown", "UNKNOWN", "Unknown ", "null", "None", "N/A", "n.a.", "(none)", "<null>", "[redacted]"),
        *("Not Available", "NOT_APPLICABLE", "not-set", "No Data", "undefined", "Default string"),
        *("To Be Filled By O.E.M.", "System Serial Number", "Serial Number", "SERIALNUMBER"),
        *("0123456789ABCDEF", "123456789ABCDEF", "0123456789", "1234567890", "1234567890123456", "1234"),
        *("fedcba9876543210", "9876543210", "abcdefgh", "ABCD-EFGH"),
        *("1111111111", "FFFFFFFFFFFFFFFF", "ffffffff-ffff-ffff-ffff-ffffffffffff", "xxxx-xxxx", "????"),
        *("12345678-1234-1234-1234-123456789012", "01234567-89ab-cdef-0123-456789abcdef"),
        *("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "11111111-1111-1111-1111-111111111111"),
        *("aaaaaaaaaaaaaaaa", "9774d56d682e549c", "0x0", "00112233445566", "AABBCCDD", "998877665544"),
        *("NotYetAvailable", "Not yet known", "SERIAL_UNKNOWN", "Unknown Serial", "Chassis Serial Number"),
        *("None Specified", "Not reported yet", "no serial number", "MDM device id", "unknown device id"),
        *(
            "{{aaddeviceid}}",
            "${device.serial}",
            "%SerialNumber%",
            "unknown unknown",
            "None/None",
            "nullnull",
        ),
        *("12121212", "123123123", "no value", "Unidentified"),
        *("C02XXXXXXXXX", "xxxxx-1", "unmanaged", "Not enrolled", "{external_id}", "<serial number>"),
    ],
)
def test_a_placeholder_names_nobody(text: str) -> None:
    assert names_nobody(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "F2LX40ABCDEF",
            "R58M123ABCD",
            "DMPVQ1ABJF88",
            "C39K1234FAKE",
            "ZY22G1234X",
            "S14",
            "1",
            "7",
            "abc",
        ),
        *("00008030-001A35E40C38802E", "7b1f0c11-0000-4000-8000-000000000014", "1001", "2803", "1112"),
        *("aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "00000000-0000-0000-0000-000000000001"),
        *("11223", "serial-not-7", "Anna's serial", "112234556677", "notebook-4"),
        *("unknown-7", "nobody", "serial-7", "agent-zimp-3", "{7b1f0c11}", "managed"),
    ],
)
def test_an_id_names_somebody(text: str) -> None:
    assert not names_nobody(text)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        *((each, True) for each in ("XXXXXXXXXXXX", "zzzzzzzz", "{{deviceid}}")),
        *((each, False) for each in ("1111", "2222222222222222222222", "1234567890", "12121212")),
        ("aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", False),
    ],
)
def test_an_agent_may_be_a_count_but_not_one_letter_again_and_again(text: str, is_one: bool) -> None:
    assert is_placeholder(text) is is_one


@given(st.uuids(version=4))
def test_no_random_id_is_a_placeholder(made: uuid.UUID) -> None:
    assert not names_nobody(str(made))


@given(st.text(max_size=30))
def test_the_spelling_makes_no_difference(text: str) -> None:
    assert names_nobody(f" {text} ") == names_nobody(text)
