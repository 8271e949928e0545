"""Faults of several kinds at once: a threat is read, or its item is named, and it takes nothing with it."""

import gzip
import json
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from ingest_threat.body import MAX_BYTES, JsonObject
from ingest_threat.encoding import unpacked
from ingest_threat.partners import parse, unknown_words
from shared.domain.level import Level
from shared.domain.model import Report
from shared.domain.record import (
    Clears,
    DeviceIdentityRecord,
    DeviceStateRecord,
    IgnoredRecord,
    Record,
    Status,
    ThreatRecord,
    UnreadableRecord,
)
from shared.headers import Headers
from tests.ingest_threat.partners.crossing import (
    LINES,
    MESSAGES,
    ODD,
    WHOLES,
    changed,
    paths,
    rewrapped,
    value_at,
    with_value,
)
from tests.ingest_threat.partners.endings import messages_file
from tests.ingest_threat.partners.reading import RECEIVED_AT, records

PARTNERS = sorted(ODD)
CLEARS = (Clears.NONE, Clears.COMPLIANCE, Clears.ALL)
thorough = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def _threats(read: Sequence[Record]) -> list[ThreatRecord]:
    waiting = [each.threat for each in read if isinstance(each, UnreadableRecord) and each.threat]
    return [each for each in read if isinstance(each, ThreatRecord)] + waiting


def _states(read: Sequence[Record]) -> list[DeviceStateRecord]:
    return [each for each in read if isinstance(each, DeviceStateRecord)]


def _same(one: ThreatRecord, other: ThreatRecord) -> bool:
    return (one.partner_device_id, one.threat_key) == (other.partner_device_id, other.threat_key)


def _stands_for(other: ThreatRecord, one: ThreatRecord) -> bool:
    """Whether `one` is still open by `other`, no milder; or of `other` it is logged that its word is none."""
    logged = {"status", "field"} & dict(unknown_words(other)).keys()
    if other.partner_device_id == one.partner_device_id and logged:
        return True
    return _same(one, other) and other.status is Status.OPEN and other.severity.rank >= one.severity.rank


def _decided(read: Sequence[Record]) -> list[tuple[object, ...]]:
    """What counts of the records of a message: which device, and how it stands."""
    return [
        (each.partner_device_id, each.threat_key, each.status, each.severity, each.threat_type)
        if isinstance(each, ThreatRecord)
        else (each.partner_device_id, each.severity, each.closed_keys)
        if isinstance(each, DeviceStateRecord)
        else (type(each),)
        for each in read
    ]


def _is_doubted(record: Record) -> bool:
    """Whether a device is named, and logged as one whose agent is in a state that nobody knows."""
    return isinstance(record, DeviceIdentityRecord) and bool(unknown_words(record))


def _lost(before: Sequence[Record], after: Sequence[Record]) -> Sequence[Record]:
    """The states and open threats of `before` that `after` has no more, or milder, without a word of it."""
    if any(isinstance(each, UnreadableRecord) for each in after) or any(map(_is_doubted, after)):
        return []
    worst = max((each.severity.rank for each in _states(after)), default=0)
    # A contact that nobody can read proves no scan: then that the agent is gone stands for its word.
    gone = [each for each in _threats(after) if each.threat_type == "agent_inactive"]
    worst = max([worst, *(each.severity.rank for each in gone if each.status is Status.OPEN)])
    milder: list[Record] = [each for each in _states(before) if each.severity.rank > worst]
    closed = [
        each
        for each in _threats(before)
        if each.status is Status.OPEN
        and not any(_stands_for(other, each) for other in _threats(after))
        # Where no word says any more that the agent is gone, an unknown one for its device is grave.
        and not (each.threat_type == "agent_inactive" and each.severity.rank <= worst)
    ]
    return [*milder, *closed]


def _cleared_anew(before: Sequence[Record], after: Sequence[Record]) -> list[object]:
    """What the records of a changed message clear or close that those of the unchanged one do not."""
    clears = max((CLEARS.index(each.clears) for each in _states(before)), default=0)
    closed = {key for each in _states(before) for key in each.closed_keys}
    over = [each for each in _threats(before) if each.status is Status.RESOLVED]
    found: list[object] = [each for each in _states(after) if CLEARS.index(each.clears) > clears]
    found += [key for each in _states(after) for key in each.closed_keys if key not in closed]
    resolved = [each for each in _threats(after) if each.status is Status.RESOLVED]
    return [*found, *(each for each in resolved if not any(_same(each, other) for other in over))]


@pytest.mark.parametrize("partner", sorted(MESSAGES))
def test_a_partner_says_what_may_be_odd_in_its_messages(partner: str) -> None:
    odd = ODD.get(partner)
    assert odd is not None, f"add ODD to {messages_file(partner)}: times, contacts, described, words"


@pytest.mark.parametrize("partner", PARTNERS)
@thorough
@given(data=st.data())
def test_a_field_that_only_describes_costs_nothing_but_itself(partner: str, data: st.DataObject) -> None:
    message = data.draw(st.sampled_from(MESSAGES[partner]))
    odd = data.draw(changed(partner, message, with_words=False))
    assert _decided(records(partner, odd)) == _decided(records(partner, message))


@pytest.mark.parametrize("partner", PARTNERS)
@thorough
@given(data=st.data())
def test_a_threat_with_odd_fields_is_read_or_named_and_clears_nothing_new(
    partner: str, data: st.DataObject
) -> None:
    message = data.draw(st.sampled_from(MESSAGES[partner]))
    good = data.draw(st.sampled_from(MESSAGES[partner]))
    odd = data.draw(changed(partner, message))
    before, after = records(partner, message), records(partner, odd, good)
    mine = [each for each in after if each.index == 0]
    assert not _lost(before, mine)
    assert not _cleared_anew(before, mine)
    assert mine
    ignored = [each for each in mine if isinstance(each, IgnoredRecord)]
    assert not ignored, "what is read where nothing is odd is not ignored where something is"


NOTHING: tuple[JsonValue, ...] = (None, [], "")
BROKEN = '{"cut": '
FOREIGN: JsonObject = {"hello": "world"}


@pytest.mark.parametrize("partner", PARTNERS)
@thorough
@given(data=st.data())
def test_whatever_tools_wrap_around_odd_items_each_is_read_or_named(
    partner: str, data: st.DataObject
) -> None:
    good = data.draw(st.lists(st.sampled_from(MESSAGES[partner]), min_size=1, max_size=2))
    odd = data.draw(changed(partner, data.draw(st.sampled_from(MESSAGES[partner]))))
    other = data.draw(st.sampled_from([*ODD[partner].beside, FOREIGN]))
    frames = data.draw(st.sampled_from([WHOLES, LINES]))
    broken = [BROKEN] if frames is LINES else []
    items = data.draw(st.permutations([*map(json.dumps, [*good, odd, other]), *broken]))
    body = frames[data.draw(st.sampled_from(sorted(frames)))](items).encode()
    if data.draw(st.booleans()):
        body = unpacked(Headers({"content-encoding": "gzip"}), gzip.compress(body), at_most=MAX_BYTES)
    read = parse(partner, body, received_at=RECEIVED_AT)
    assert {record.index for record in read} == set(range(len(items)))
    for index, item in enumerate(items):
        mine = [record for record in read if record.index == index]
        if item == BROKEN:
            assert [type(record) for record in mine] == [UnreadableRecord]
        else:
            assert _alone(mine) == _alone(
                parse(partner, _beside_good(partner, item), received_at=RECEIVED_AT)
            )
    again = parse(partner, body, received_at=RECEIVED_AT)
    assert _ids(again) == _ids(read)


def _beside_good(partner: str, item: str) -> bytes:
    """A message whose first item is `item`: a body that holds nothing of the partner's is refused whole."""
    return f"[{item}, {json.dumps(MESSAGES[partner][0])}]".encode()


def _alone(read: Sequence[Record]) -> list[object]:
    """Records of an item, without what other items of the message give them."""
    first = min((record.index for record in read), default=0)
    given = {"index", "platform", "threat"}
    return [(type(each), each.model_dump(exclude=given)) for each in read if each.index == first]


def _ids(read: Sequence[Record]) -> set[str]:
    """The reports that records are."""
    counted = [
        each for each in read if isinstance(each, ThreatRecord | DeviceStateRecord | DeviceIdentityRecord)
    ]
    return {Report.of(each, each.partner_device_id or "", RECEIVED_AT).id for each in counted}


@pytest.mark.parametrize("partner", PARTNERS)
@thorough
@given(data=st.data())
def test_lists_are_read_however_tools_write_them(partner: str, data: st.DataObject) -> None:
    message = data.draw(st.sampled_from(MESSAGES[partner]))
    before, after = records(partner, message), records(partner, data.draw(rewrapped(message)))
    assert _decided(after) == _decided(before)
    assert [each.clears for each in _states(after)] == [each.clears for each in _states(before)]


@pytest.mark.parametrize("partner", PARTNERS)
def test_a_list_that_is_missing_clears_nothing_and_loses_no_threat_beside_it(partner: str) -> None:
    for message in MESSAGES[partner]:
        before = records(partner, message)
        for path in paths(message):
            if not isinstance(value_at(message, path), list):
                continue
            for nothing in NOTHING:
                after = records(partner, with_value(message, path, nothing))
                assert not _cleared_anew(before, after), (path, nothing)
                for record in before:
                    if isinstance(record, DeviceStateRecord) and record.severity is not Level.SECURED:
                        assert _states(after) or any(isinstance(each, UnreadableRecord) for each in after)
