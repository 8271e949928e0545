"""What holds for every partner there is an adapter for."""

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from types import ModuleType
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from ingest_threat.body import JsonObject
from ingest_threat.partners import FREE_TEXTS, check_known, known, parse, unknown_words
from ingest_threat.partners._adapter import Adapter
from ingest_threat.partners._taxonomy import TYPES, UNKNOWN
from shared.domain.level import Level
from shared.domain.record import (
    AppInventoryRecord,
    DeviceIdentityRecord,
    DeviceStateRecord,
    Record,
    Status,
    ThreatRecord,
    UnreadableRecord,
)
from shared.errors import UnknownPartner, Unreadable, UnreadableReport
from tests.ingest_threat.partners import messages, messages_lookout
from tests.ingest_threat.partners.endings import (
    has_word,
    messages_file,
    open_threats,
    resolved_by_name,
    without_end,
)
from tests.ingest_threat.partners.messages import samples
from tests.ingest_threat.partners.messages_lookout import lookout_device, lookout_threat
from tests.ingest_threat.partners.messages_wandera_jamf import jamf_event
from tests.ingest_threat.partners.reading import RECEIVED_AT, records
from tests.ingest_threat.partners.tables import modules, tables

SAMPLES = samples()
PARTNERS = sorted(known() & SAMPLES.keys())
CASES = [(partner, place) for partner in PARTNERS for place in range(len(SAMPLES[partner]))]


def test_the_adapters_of_this_table_are_found() -> None:
    assert {"lookout", "zimperium", "wandera_jamf"} <= known()
    assert not any(name.startswith("_") for name in known())


@pytest.mark.parametrize("partner", sorted(known() | SAMPLES.keys()))
def test_a_partner_is_an_adapter_and_its_messages(partner: str) -> None:
    assert partner in known(), f"no adapter ingest_threat/partners/{partner}.py"
    assert SAMPLES.get(partner), f"add MESSAGES to {messages_file(partner)}: a detection and what ends it"


def test_a_module_without_messages_does_not_keep_the_others_from_being_tested(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of_modules = [("example", ModuleType("messages_example")), ("lookout", messages_lookout)]
    monkeypatch.setattr(messages, "_modules", lambda: iter(of_modules))
    assert samples() == {"lookout": messages_lookout.MESSAGES}


KEYS = frozenset(
    [
        *("report_id", "threat_key", "alias", "closed_keys", "app_id"),
        *("partner_device_id", "mdm_device_id", "serial", "udid"),
    ]
)
OURS = frozenset({"partner", "threat_type", "odd_fields"})
"""Of the code's own words: the slug, the taxonomy's types, names of fields that are read."""


def test_every_text_of_a_record_is_a_key_or_is_masked() -> None:
    models = (ThreatRecord, DeviceStateRecord, DeviceIdentityRecord, AppInventoryRecord)
    fields = [each for model in models for each in model.model_fields.items()]
    texts = {name for name, field in fields if str in _types(field.annotation)}
    assert texts == {*KEYS, *OURS, *FREE_TEXTS}


def _types(annotation: object) -> set[object]:
    """The type, and those it is a union or a tuple of, without what is said beside them."""
    return {annotation, *(getattr(each, "__origin__", each) for each in get_args(annotation))}


@pytest.mark.parametrize("name", ["", "nobody", "_taxonomy", "_fields", "../lookout", "lookout.x", "Lookout"])
def test_an_unknown_partner_is_refused(name: str) -> None:
    with pytest.raises(UnknownPartner):
        parse(name, b"{}", received_at=RECEIVED_AT)
    with pytest.raises(UnknownPartner):
        check_known(name)


def test_one_adapter_is_imported_at_a_time_and_no_cloud_sdk() -> None:
    code = (
        "import sys, datetime, ingest_threat.partners as p\n"
        "p.known(); p.parse('lookout', b'[]', received_at=datetime.datetime.now(datetime.UTC))\n"
        "print([m for m in sys.modules if m.startswith(('azure', 'msgraph', 'aiohttp'))"
        " or 'zimperium' in m or 'wandera_jamf' in m])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("partner", sorted(known()))
def test_tables_of_one_kind_have_one_name(partner: str) -> None:
    mappings = {
        name: table for name, table in tables(partner).items() if isinstance(table, Mapping) and table
    }
    for name, table in mappings.items():
        if all(isinstance(value, Level) for value in table.values()):
            assert name in {"SEVERITY", "DEVICE_LEVEL"}, f"call {name} SEVERITY (of threats) or DEVICE_LEVEL"
        if all(isinstance(value, Status) for value in table.values()):
            assert name == "STATUS", f"call {name} STATUS"
    unknown = set(mappings.get("TYPE", {}).values()) - TYPES.keys()
    assert not unknown, f"TYPE gives {unknown}, which the taxonomy does not have"


@pytest.mark.parametrize("partner", sorted(known()))
def test_an_adapter_takes_nothing_from_another_partner(partner: str) -> None:
    others = {
        module.__name__.rpartition(".")[2] for other in known() - {partner} for module in modules(other)
    }
    for module in modules(partner):
        assert others.isdisjoint(re.findall(r"\w+", inspect.getsource(module))), module.__name__


@pytest.mark.parametrize("partner", PARTNERS)
def test_every_threat_that_a_message_opens_ends(partner: str) -> None:
    lacking = without_end(partner, SAMPLES[partner], _adapter(partner).never_resolves)
    assert not lacking, "\n".join(lacking)


def test_a_partner_whose_threats_do_not_end_is_shown_what_to_add() -> None:
    [nothing_opens] = without_end("wandera_jamf", [jamf_event(action="Blocked")], {})
    assert "add a detection" in nothing_opens
    [nothing_ends] = without_end("wandera_jamf", [jamf_event(), jamf_event(action="Blocked")], {})
    assert "never_resolves" in nothing_ends
    assert "messages_wandera_jamf.py" in nothing_ends
    assert not without_end("wandera_jamf", [jamf_event()], {"detected": "nothing"})
    assert not without_end("wandera_jamf", [jamf_event(), jamf_event(action="Resolved")], {})


@pytest.mark.parametrize("partner", PARTNERS)
def test_what_never_resolves_is_opened_by_a_message_and_resolved_by_none(partner: str) -> None:
    resolved = resolved_by_name(records(partner, *SAMPLES[partner]))
    for kind, end in _adapter(partner).never_resolves.items():
        assert end.strip(), f"never_resolves: say what ends {kind}"
        named = [message for message in SAMPLES[partner] if has_word(message, kind)]
        opened = {threat for message in named for threat in open_threats(partner, message)}
        assert opened, f"never_resolves: add a message to {messages_file(partner)} that has the word {kind}"
        assert not opened & resolved, f"never_resolves: a message resolves {kind}, so it has no place there"


def _adapter(partner: str) -> Adapter:
    adapter = import_module(f"ingest_threat.partners.{partner}").ADAPTER
    assert isinstance(adapter, Adapter)
    return adapter


@pytest.mark.parametrize("partner", PARTNERS)
def test_a_partner_that_says_clean_has_a_message_that_says_it(partner: str) -> None:
    assert not _adapter(partner).says_clean or _shows_clean(partner, SAMPLES[partner]), (
        f"{partner}: no message says that a phone is clean. Add what the vendor sends of a healthy phone to "
        f"{messages_file(partner)}, read as a DeviceStateRecord of severity SECURED; where it never sends "
        "any such thing, declare says_clean=False on the ADAPTER"
    )


def test_neither_a_threat_nor_its_resolution_nor_a_device_at_risk_says_clean() -> None:
    threats = [lookout_threat(), lookout_threat(status="RESOLVED")]
    assert not _shows_clean("lookout", [*threats, lookout_device(security_status="THREATS_LOW")])
    assert _shows_clean("lookout", [*threats, lookout_device()])


def _shows_clean(partner: str, messages: Sequence[JsonObject]) -> bool:
    return any(
        isinstance(each, DeviceStateRecord) and each.severity is Level.SECURED
        for each in records(partner, *messages)
    )


@pytest.mark.parametrize("partner", PARTNERS)
def test_an_empty_list_is_nothing_to_do(partner: str) -> None:
    assert parse(partner, b"[]", received_at=RECEIVED_AT) == []


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize(
    "body", [b'{"hello": 1}', b"[1, null]", b'"text"', b"5", b'{"a": 1}\n{"b": 2}', b"[[]]"]
)
def test_what_is_not_the_partners_format_is_refused_whole(partner: str, body: bytes) -> None:
    with pytest.raises(UnreadableReport) as refused:
        parse(partner, body, received_at=RECEIVED_AT)
    assert refused.value.kind is Unreadable.NOT_THIS_FORMAT


@pytest.mark.parametrize(("partner", "place"), CASES)
def test_every_sample_is_read_and_names_its_agent(partner: str, place: int) -> None:
    for record in records(partner, SAMPLES[partner][place]):
        assert isinstance(record, ThreatRecord | DeviceStateRecord)
        assert record.partner == partner
        assert record.partner_device_id
        # A device's level has no time of its own in a row that gives the agent's last contact.
        assert record.event_at or (isinstance(record, DeviceStateRecord) and record.clears_until)


@pytest.mark.parametrize(("partner", "place"), CASES)
def test_no_severity_of_a_sample_is_a_word_no_table_knows(partner: str, place: int) -> None:
    for record in records(partner, SAMPLES[partner][place]):
        assert isinstance(record, ThreatRecord | DeviceStateRecord)
        assert "severity" not in dict(unknown_words(record))


@pytest.mark.parametrize(("partner", "place"), CASES)
def test_foreign_items_are_named_and_harm_no_neighbour(partner: str, place: int) -> None:
    sample = SAMPLES[partner][place]
    alone = records(partner, sample)
    mixed = records(partner, {"hello": "world"}, sample, 7)
    assert [record.index for record in mixed if isinstance(record, UnreadableRecord)] == [0, 2]
    kept = [r.model_copy(update={"index": 0}) for r in mixed if not isinstance(r, UnreadableRecord)]
    assert kept == alone


@pytest.mark.parametrize("partner", PARTNERS)
def test_a_report_gives_the_same_record_whenever_it_is_received(partner: str) -> None:
    body = json.dumps(SAMPLES[partner]).encode()
    later = RECEIVED_AT + timedelta(days=4000)
    once, again = (parse(partner, body, received_at=at) for at in (RECEIVED_AT, later))
    timed = [(record, repeat) for record, repeat in zip(once, again, strict=True) if _has_time(record)]
    assert timed
    assert all(record == repeat for record, repeat in timed)


def _has_time(record: Record) -> bool:
    return isinstance(record, ThreatRecord | DeviceStateRecord) and record.event_at is not None


@pytest.mark.parametrize("partner", PARTNERS)
def test_lines_and_a_list_read_alike(partner: str) -> None:
    lines = "\r\n\r\n".join(json.dumps(sample) for sample in SAMPLES[partner]).encode()
    assert parse(partner, lines, received_at=RECEIVED_AT) == records(partner, *SAMPLES[partner])


@pytest.mark.parametrize("partner", PARTNERS)
def test_one_bad_line_is_one_unreadable_item(partner: str) -> None:
    good = json.dumps(SAMPLES[partner][0])
    read = parse(partner, f'{good}\n{{"cut": \n{good}'.encode(), received_at=RECEIVED_AT)
    assert [r.index for r in read if isinstance(r, UnreadableRecord)] == [1]
    assert {r.index for r in read} == {0, 1, 2}


@pytest.mark.parametrize(("partner", "place"), CASES)
def test_no_personal_value_is_kept(partner: str, place: int) -> None:
    kept = json.dumps(
        [record.model_dump(mode="json") for record in records(partner, SAMPLES[partner][place])]
    )
    assert "anna@example.org" not in kept
    assert "Anna" not in kept


@pytest.mark.parametrize(("partner", "place"), CASES)
def test_a_record_keeps_what_it_was_read_from(partner: str, place: int) -> None:
    assert all(record.raw for record in records(partner, SAMPLES[partner][place]))


@pytest.mark.parametrize(("partner", "place"), CASES)
def test_what_has_a_type_of_ours_is_not_called_unknown(partner: str, place: int) -> None:
    for record in records(partner, SAMPLES[partner][place]):
        if isinstance(record, ThreatRecord):
            assert record.threat_type == UNKNOWN or record.unknown_type is None


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 30, "9" * 5000])
def test_a_number_beyond_measure_harms_no_neighbour(partner: str, number: str) -> None:
    good = json.dumps(SAMPLES[partner][0])
    read = parse(partner, f'[{{"odd": {number}}}, {good}]'.encode(), received_at=RECEIVED_AT)
    assert {record.index for record in read if not isinstance(record, UnreadableRecord)} == {1}


ODD: st.SearchStrategy[JsonValue] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 5, 10**19, 1e300, -1e300, 0.1, 352099001761481, 99999999999999999999]),
    st.sampled_from(
        ["", "null", "No data", "Ω\u0000\ud800", "9" * 600, "2026-13-01T00:00:00Z", "0001-01-01"]
    ),
    st.sampled_from(["2026-02-30T00:00:00+99:99", "http://[", "IOS ", "_D_1", "\n", "🙂" * 300]),
    st.sampled_from([[], {}, [None], [[[[]]]], {"a": {"b": {}}}, [{}], ["x", 1]]),
    st.text(max_size=20),
)


@st.composite
def mutated(draw: st.DrawFn, content: JsonValue) -> JsonValue:
    """`content` with odd values, or nothing, in some of its places."""
    action = draw(st.integers(0, 9))
    if action == 0:
        return draw(ODD)
    if isinstance(content, dict):
        return {key: draw(mutated(value)) for key, value in content.items() if draw(st.integers(0, 9))}
    if isinstance(content, list):
        return [draw(mutated(value)) for value in content]
    return content


MANY = 3 * settings().max_examples
"""Examples of what anybody may send."""


@pytest.mark.parametrize("partner", PARTNERS)
@settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_an_item_holds_its_neighbour_is_read(partner: str, data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(SAMPLES[partner]))
    bad = data.draw(mutated(data.draw(st.sampled_from(SAMPLES[partner]))))
    body = json.dumps([bad, good]).encode()
    read = parse(partner, body, received_at=RECEIVED_AT)
    # The neighbour may gain a platform from a device event in the same message, never lose anything.
    replaced = {"index": 0, "platform": None}
    last = [record.model_copy(update=replaced) for record in read if record.index == 1]
    assert last == [record.model_copy(update=replaced) for record in records(partner, good)]
    assert {record.index for record in read} == {0, 1}
    assert json.dumps([record.model_dump(mode="json") for record in read]).encode()
    assert parse(partner, body, received_at=RECEIVED_AT) == read


@pytest.mark.parametrize("partner", PARTNERS)
@settings(max_examples=MANY, deadline=None)
@given(
    body=st.one_of(st.binary(max_size=60), st.text(alphabet='{}[]":,0eN\n\\u d', max_size=40).map(str.encode))
)
def test_only_unreadable_report_escapes(partner: str, body: bytes) -> None:
    with suppress(UnreadableReport):
        assert isinstance(parse(partner, body, received_at=RECEIVED_AT), list)
