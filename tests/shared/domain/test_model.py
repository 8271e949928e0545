"""Ids: built in one place, the same for the same thing, taken by Cosmos whatever a partner sends."""

import hashlib
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.domain.connector import connector_document_id
from shared.domain.model import (
    MAX_HISTORY,
    DeadLetter,
    HistoryEntry,
    Report,
    agent_id,
    device_id,
    digest,
    id_part,
    is_manual,
    link_id,
)
from shared.domain.runs import Run, StepRun
from tests.world import ENTRA_ID, START, a_device, a_threat

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4))
def test_a_digest_does_not_depend_on_the_order_of_keys(value: dict[str, Any]) -> None:
    assert digest(dict(reversed(value.items()))) == digest(value)


def test_a_digest_is_of_one_way_to_write_json_so_that_ids_outlive_a_new_version() -> None:
    text = b'{"a":[1,null],"b":"\\u00e9"}'
    assert digest({"b": "é", "a": [1, None]}) == hashlib.sha256(text).hexdigest()


def test_different_values_have_different_digests() -> None:
    values = [{}, [], "", 0, None, {"a": 1}, {"a": "1"}, ["a", 1], "ä", "\ud800"]
    assert len({digest(value) for value in values}) == len(values)
    assert all(len(digest(value)) == 64 for value in values)


@given(st.text(max_size=300))
def test_any_text_becomes_a_part_of_an_id_cosmos_takes(text: str) -> None:
    part = id_part(text)
    assert 1 <= len(part) <= 200
    assert not set(part) & set("/\\?#\n ")
    assert part not in {".", ".."}
    assert id_part(part) == part


@pytest.mark.parametrize("plain", ["a", "A-b_c.d:e", "9" * 200])
def test_a_plain_text_stays_readable(plain: str) -> None:
    assert id_part(plain) == plain


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a/b", "a\\b", "a?b", "a#b", "a b", "9" * 201, "é", "a\n", "\0", "half \ud800"]
)
def test_any_other_is_hashed(text: str) -> None:
    assert len(id_part(text)) == 64
    assert agent_id("lookout", text) == f"lookout:{id_part(text)}"


def test_links_are_compared_without_regard_to_case() -> None:
    assert link_id("serial", "SN-1") == link_id("serial", "sn-1") == "serial:sn-1"
    assert link_id("serial", "A B") == link_id("serial", "a b")
    assert connector_document_id("ABC") == "connector:abc"


def test_a_device_is_known_by_its_entra_id_in_lower_case_and_else_by_intunes() -> None:
    facts = a_device().facts
    assert device_id(facts.model_copy(update={"entra_id": ENTRA_ID.upper()})) == ENTRA_ID
    for missing in (None, ""):
        lacking = facts.model_copy(update={"entra_id": missing, "intune_id": "ABC"})
        assert device_id(lacking) == "intune:abc"


def test_the_same_report_has_the_same_id_wherever_it_stood_and_whenever_it_came() -> None:
    once = a_threat()
    again = a_threat(index=7, raw={"sent": 2}, received=START + timedelta(hours=1))
    assert again.id == once.id
    assert again.record != once.record


def test_the_platform_makes_no_other_report_as_it_may_come_from_another_item() -> None:
    assert a_threat(platform="ios").id == a_threat(platform="android").id == a_threat().id


@pytest.mark.parametrize(
    "fields",
    [
        {"threat_name": "other"},
        {"report_id": "other"},
        {"partner": "zimperium"},
        {"mdm_device_id": "other"},
        {"minutes": 1},
    ],
)
def test_any_other_difference_makes_another_report(fields: dict[str, Any]) -> None:
    assert a_threat(**fields).id != a_threat().id


def test_a_report_is_named_after_what_it_says_so_that_a_field_added_later_leaves_its_id_alone() -> None:
    report = a_threat(raw={"sent": 1})
    said = {name: value for name, value in report.record.model_dump(mode="json").items() if value is not None}
    assert "udid" not in said
    assert report.id == digest({name: said[name] for name in said.keys() - {"raw", "index", "platform"}})


def test_the_same_moment_in_another_zone_is_the_same_report() -> None:
    elsewhere = START.astimezone(timezone(timedelta(hours=5)))
    assert a_threat(detected_at=elsewhere).id == a_threat(detected_at=START).id


def test_documents_lie_where_they_are_read() -> None:
    report = a_threat()
    assert report.partition == report.agent == "lookout:agent-1"
    assert a_device().partition == ENTRA_ID
    letter = DeadLetter(
        id="x", partner="lookout", reason="", kind="body", received_at=START, size=0, sha256=""
    )
    assert letter.partition == "lookout"


def test_documents_survive_the_store_and_fields_of_later_versions() -> None:
    stored = a_threat().model_dump(mode="json") | {"_etag": "x", "added_later": 1}
    assert Report.model_validate(stored) == a_threat()


def test_a_document_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        a_device().id = "other"  # type: ignore[misc]


def test_a_device_notes_what_happened_newest_first_each_thing_once_and_only_the_latest() -> None:
    device = a_device()
    for number in range(MAX_HISTORY + 1):
        device = device.noting(START, f"change {number}")
    assert [entry.what for entry in device.history] == [f"change {n}" for n in range(MAX_HISTORY, 0, -1)]
    assert device.noting(START, "change 7") == device
    later = START + timedelta(minutes=1)
    assert device.noting(later, "change 7").history[0] == HistoryEntry(at=later, what="change 7")


@pytest.mark.parametrize(
    ("linked_by", "manual"),
    [(None, False), ("agent:lookout:1", True), ("serial:sn-1", False), ("udid:agent:1", False)],
)
def test_a_link_is_an_admins_where_the_agents_own_record_made_it(linked_by: str | None, manual: bool) -> None:
    assert is_manual(linked_by) is manual


def test_a_run_went_well_when_every_step_did() -> None:
    good, bad = (StepRun(step="rules", ok=ok, seconds=1) for ok in (True, False))
    assert Run(started_at=START, seconds=1, steps=(good, good)).ok
    assert not Run(started_at=START, seconds=1, steps=(good, bad)).ok
