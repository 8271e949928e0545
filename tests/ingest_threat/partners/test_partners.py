"""What is asked of a partner by its slug."""

import json

import pytest
from pydantic import JsonValue

from ingest_threat import partners
from ingest_threat.partners import (
    check_known,
    device_id,
    known,
    parse,
    redacted_body,
    says_clean,
    unknown_words,
)
from ingest_threat.partners._adapter import Adapter, Item
from ingest_threat.shapes import REDACTED
from shared.domain.poll_settings import PollSettings
from shared.domain.record import (
    DeviceIdentityRecord,
    DeviceStateRecord,
    Record,
    ThreatRecord,
    UnreadableRecord,
)
from shared.errors import UnknownPartner
from tests.ingest_threat.partners.messages_lookout import lookout_device, lookout_threat
from tests.ingest_threat.partners.messages_zimperium import zimperium_threat
from tests.ingest_threat.partners.reading import RECEIVED_AT, records, threat


@pytest.mark.parametrize("slug", ["nobody", "", "_fields", "LOOKOUT", "lookout.py"])
def test_a_slug_without_an_adapter_is_of_no_partner(slug: str) -> None:
    for ask in (check_known, says_clean, lambda unknown: device_id(unknown, "d")):
        with pytest.raises(UnknownPartner, match=r"^no partner of that name$"):
            ask(slug)


def test_some_partners_never_say_that_a_phone_is_clean() -> None:
    never = {slug for slug in known() if not says_clean(slug)}
    assert {"wandera_jamf", "checkpoint_harmony", "symantec_sep_mobile", "zimperium"} <= never
    assert never.isdisjoint({"lookout", "pradeo", "better_mobile", "sophos"})


@pytest.mark.parametrize("missing", ["url", "client_id", "secret"])
def test_a_list_says_that_a_phone_is_clean_where_it_is_polled_by_whole_settings(missing: str) -> None:
    whole = PollSettings(url="https://gateway.example", client_id="c-1", secret="s-1")
    assert says_clean("checkpoint_harmony", whole)
    assert not says_clean("checkpoint_harmony", whole.model_copy(update={missing: ""}))
    assert not says_clean("symantec_sep_mobile", whole)


@pytest.mark.parametrize(
    ("partner", "content", "kept"),
    [
        (
            "zimperium",
            {"customer_device_id": "c-7", "threat": {"display_name": "Rooted"}},
            {"customer_device_id": "c-7", "threat": {"display_name": "Rooted"}},
        ),
        (
            "lookout",
            {"customer_device_id": "c-7", "threat": {"display_name": "Anna"}},
            {"customer_device_id": REDACTED, "threat": {"display_name": REDACTED}},
        ),
        ("lookout", [{"password": "hunter2"}, 5], [{"password": REDACTED}, 5]),
    ],
)
def test_of_a_body_stays_what_is_neither_secret_nor_personal_in_the_partners_messages(
    partner: str, content: JsonValue, kept: JsonValue
) -> None:
    assert redacted_body(partner, content) == kept


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        (
            {"unknown_type": "NOVELTY", "threat_name": "Something new", "vendor_category": "NETWORK"},
            "NOVELTY",
        ),
        ({"threat_name": "Something new", "vendor_category": "NETWORK"}, "Something new"),
        ({"vendor_category": "NETWORK"}, "NETWORK"),
        ({"threat_name": "on anna@example.org"}, f"on {REDACTED}"),
        ({}, ""),
    ],
)
def test_a_threat_of_a_type_nobody_knows_is_named_by_the_best_there_is(
    fields: dict[str, str], word: str
) -> None:
    nothing = {"unknown_type": None, "threat_name": None, "vendor_category": None}
    known_threat: ThreatRecord = threat("lookout", lookout_threat())
    novel = known_threat.model_copy(update={**nothing, "threat_type": "unknown", **fields})
    assert unknown_words(novel) == [("type", word)]
    assert unknown_words(known_threat) == []


def test_of_what_an_adapter_makes_wrongly_the_field_is_named_and_no_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read(item: Item) -> list[Record]:
        wrong = {
            "partner_device_id": "d",
            "report_id": "r",
            "severity": "low",
            "closed_keys": ["k", ["Anna"]],
        }
        return [DeviceStateRecord.model_validate({"partner": item.partner, "index": item.index, **wrong})]

    monkeypatch.setattr(partners, "_adapter_of", lambda _: Adapter(read))
    [record] = records("lookout", {"a": 1})
    assert isinstance(record, UnreadableRecord)
    assert (record.reason, record.foreign) == ("closed_keys.1: string_type", False)


def test_of_an_item_that_cannot_be_read_what_is_neither_secret_nor_personal_is_kept() -> None:
    _, unread = records("zimperium", zimperium_threat(), {"colour": "blue", "device_owner": "Anna"})
    assert isinstance(unread, UnreadableRecord)
    assert (unread.foreign, unread.raw) == (True, {"colour": "blue", "device_owner": REDACTED})


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Torch", "Torch"),
        ("Torch of anna@example.org", f"Torch of {REDACTED}"),
        ("Torch at 10.11.12.13", f"Torch at {REDACTED}"),
    ],
)
def test_what_points_to_a_person_in_a_free_text_is_not_kept(written: str, kept: str) -> None:
    for details in ({"application_name": written}, {"file_name": written}):
        record = threat("lookout", lookout_threat(details=details))
        assert record.threat_name == kept


def test_the_four_numbers_of_a_version_are_no_address() -> None:
    event = {**lookout_device(), "software": None}
    event["device"] = {"guid": "agent-1", "software": {"os_version": "10.11.12.13"}}
    [record] = records("lookout", event)
    assert isinstance(record, DeviceIdentityRecord)
    assert record.os_version == "10.11.12.13"


def test_what_has_no_time_is_of_its_delivery_whether_it_names_its_device_or_not() -> None:
    named = {**zimperium_threat(), "device_time": None}
    [record] = parse("zimperium", json.dumps(named).encode(), received_at=RECEIVED_AT, delivery="d-1")
    assert isinstance(record, ThreatRecord)
    assert record.report_id.endswith(":d-1")
    [waiting] = parse(
        "zimperium",
        json.dumps({**named, "device_id": None, "zdevice_id": None}).encode(),
        received_at=RECEIVED_AT,
        delivery="d-1",
    )
    assert isinstance(waiting, UnreadableRecord)
    assert waiting.threat is not None
    assert waiting.threat.report_id == record.report_id
