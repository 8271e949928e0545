"""Graph's words for a device, read into facts."""

from datetime import UTC, datetime

import pytest

from shared.domain.model import Ownership
from shared.domain.record import Platform
from shared.graph.wire import ManagedDeviceAnswer
from sync_inventory.devices.facts import entra_id, ownership, platform, record, serial
from tests.sync_inventory.tenant import ZERO


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("iOS", Platform.IOS),
        ("iPadOS", Platform.IOS),
        ("Android", Platform.ANDROID),
        ("AndroidForWork", Platform.ANDROID),
        ("Windows", Platform.OTHER),
        ("visionOS", Platform.OTHER),
        (None, Platform.OTHER),
    ],
)
def test_the_operating_system_gives_the_platform(word: str | None, expected: Platform) -> None:
    assert platform(word) is expected


@pytest.mark.parametrize("text", [None, "", "  ", ZERO, "not/an/id", "what?"])
def test_an_entra_id_that_is_none_is_not_taken_for_one(text: str | None) -> None:
    assert entra_id(text) is None


def test_an_entra_id_is_kept_in_lower_case() -> None:
    assert entra_id("ABCA-7") == "abca-7"


@pytest.mark.parametrize("text", [None, "", " ", "0", "000-000", "Unknown", "NULL", "---"])
def test_a_placeholder_is_no_serial_number(text: str | None) -> None:
    assert serial(text) is None


def test_a_serial_number_keeps_its_zeros() -> None:
    assert serial(" 00A0 ") == "00A0"


def test_ownership_words_nobody_knows_are_unknown() -> None:
    assert ownership("company") is Ownership.COMPANY
    assert ownership("unknownFutureValue") is Ownership.UNKNOWN
    assert ownership(None) is Ownership.UNKNOWN


@pytest.mark.parametrize(
    ("written", "enrolled_at"),
    [
        ("2026-06-01T10:00:00Z", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("2026-06-01T10:00:00", None),
        (None, None),
    ],
)
def test_when_a_device_enrolled_is_read_where_intune_says_it(
    written: str | None, enrolled_at: datetime | None
) -> None:
    answer = ManagedDeviceAnswer.model_validate({"id": "i", "enrolledDateTime": written})
    assert record(answer).facts.enrolled_at == enrolled_at


def test_a_check_in_alone_changes_no_fact() -> None:
    def at(hour: int) -> ManagedDeviceAnswer:
        return ManagedDeviceAnswer(id="i", last_sync=datetime(2026, 6, 1, hour, tzinfo=UTC))

    assert record(at(1)).facts == record(at(2)).facts
