"""A repeat is the same word of the same time: what is said again later counts again, what is sent again does
not."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import product

import pytest

from evaluate_risk.risk import fold, new_agent
from ingest_threat.body import JsonObject
from ingest_threat.partners import parse
from shared.domain.model import Agent, Report
from shared.domain.record import DeviceStateRecord, ThreatRecord
from tests.ingest_threat.partners.crossing import is_named, paths, with_value
from tests.ingest_threat.partners.messages_better_mobile import device as better_device
from tests.ingest_threat.partners.messages_better_mobile import incident
from tests.ingest_threat.partners.messages_checkpoint_harmony import checkpoint_alert
from tests.ingest_threat.partners.messages_lookout import lookout_device, lookout_device_row, lookout_threat
from tests.ingest_threat.partners.messages_pradeo import correlation, device_verdict, status_record
from tests.ingest_threat.partners.messages_sophos import sophos_device, sophos_event
from tests.ingest_threat.partners.messages_symantec_sep_mobile import symantec_device, symantec_incident
from tests.ingest_threat.partners.messages_wandera_jamf import jamf_event, jamf_row
from tests.ingest_threat.partners.messages_zimperium import (
    zimperium_clean_device,
    zimperium_device,
    zimperium_threat,
)
from tests.ingest_threat.partners.reading import RECEIVED_AT, loaded

TIMES = (
    *("created_time", "updated_time", "checkin_time", "lastSeenAt", "LastReported", "last_connection"),
    *("lastSeen", "processedAt", "timestamp", "creationDate", "lastModificationDate", "when", "created_at"),
    *("lastStatusUpdateUtcMs", "lastDnsTraffic", "event_timestamp", "backend_last_updated", "device_time"),
    *("EventTimeStamp", "LogTimeStamp"),
)


def _checkpoint_device(risk: int) -> JsonObject:
    return loaded({"internal_id": 31, "status": 1, "risk": risk, "last_connection": "2026-02-01T08:00:00Z"})


def _symantec_state(word: str) -> JsonObject:
    return loaded({"timestamp": "2026-02-01T08:00:00Z", "device": symantec_device(health_status=word)})


SNAPSHOTS: Mapping[str, tuple[JsonObject, JsonObject]] = {
    # By kind of snapshot, one that is well and one that is not.
    "better_mobile": (better_device(ThreatLevel="Low"), better_device(ThreatLevel="High")),
    "checkpoint_harmony": (_checkpoint_device(0), _checkpoint_device(3)),
    "lookout": (lookout_device_row(), lookout_device_row(security_status="THREATS_HIGH")),
    "lookout event": (lookout_device(), lookout_device(security_status="THREATS_HIGH")),
    "pradeo": (device_verdict("Approved"), device_verdict("Disapproved")),
    "pradeo levels": (correlation(systemThreatLevel="Green"), correlation(systemThreatLevel="Red")),
    "sophos": (sophos_device(), sophos_device(healthState={"mode": "automatic", "state": "red"})),
    "symantec_sep_mobile": (_symantec_state("Secured"), _symantec_state("Compromised")),
    "wandera_jamf": (jamf_row(), jamf_row(riskCategory="HIGH")),
    "zimperium": (zimperium_clean_device(), zimperium_device()),
}
STORIES: Mapping[str, tuple[JsonObject, JsonObject]] = {
    # A detection, and what resolves it.
    "better_mobile": (incident(), incident(Status="Resolved")),
    "checkpoint_harmony": (checkpoint_alert(), checkpoint_alert(event="Removed", severity="Information")),
    "lookout": (lookout_threat(), {**lookout_threat(status="RESOLVED"), "change_type": "UPDATED"}),
    "pradeo": (status_record("System", "Root", 1), status_record("System", "Root", 0)),
    "sophos": (sophos_event(), sophos_event("Threat::CleanedUp")),
    "symantec_sep_mobile": (symantec_incident(), symantec_incident(event_type="Incident Ended")),
    "wandera_jamf": (jamf_event(), jamf_event(action="Resolved")),
    "zimperium": (zimperium_threat(), zimperium_threat(threat_status="Resolved")),
}
OWN_TIME: Mapping[str, Callable[[int], str | None]] = {
    # Each delivery with a later time of its own, with none, or with one that nobody can read.
    "own": lambda minute: f"2026-02-02T08:{minute:02}:00Z",
    "none": lambda minute: None,
    "unreadable": lambda minute: "2026-02-02",
}
NEVER_SEEN = {"better_mobile", "checkpoint_harmony", "wandera_jamf", "zimperium"}
"""Partners whose devices without a time are ones that nobody has scanned: they have no state."""


def _at(message: JsonObject, time: str | None) -> JsonObject:
    """`message` with another time in each of its places."""
    for path in list(paths(message)):
        if is_named(path, TIMES):
            message = with_value(message, path, time)
    return message


def _delivered(partner: str, messages: Sequence[JsonObject], deliveries: Sequence[str]) -> list[Report]:
    """The reports of messages that come some minutes apart; what is stored already is not stored again."""
    stored: dict[str, Report] = {}
    for place, (message, delivery) in enumerate(zip(messages, deliveries, strict=True)):
        at = RECEIVED_AT + timedelta(minutes=3 * place)
        for record in parse(partner, json.dumps(message).encode(), received_at=at, delivery=delivery):
            assert isinstance(record, ThreatRecord | DeviceStateRecord), record
            report = Report.of(record, record.partner_device_id or "", at)
            stored.setdefault(report.id, report)
    return list(stored.values())


def _folded(reports: Sequence[Report]) -> Agent:
    now = RECEIVED_AT + timedelta(hours=1)
    return fold(new_agent(reports[0], "agent"), reports, now).agent


@pytest.mark.parametrize("deliveries", [("", "", ""), ("d-1", "d-2", "d-3")])
@pytest.mark.parametrize(
    ("kind", "time"),
    [each for each in product(SNAPSHOTS, OWN_TIME) if each[1] == "own" or each[0] not in NEVER_SEEN],
)
def test_a_state_that_comes_back_is_the_state(kind: str, time: str, deliveries: Sequence[str]) -> None:
    partner = kind.split()[0]
    for first, second in (SNAPSHOTS[kind], SNAPSHOTS[kind][::-1]):
        said = [_at(each, OWN_TIME[time](place)) for place, each in enumerate((first, second, first))]
        [alone] = [each.record for each in _delivered(partner, [first], ["x"]) if _is_state(each)]
        assert isinstance(alone, DeviceStateRecord)
        ended = _folded(_delivered(partner, said, deliveries))
        assert ended.snapshot is not None
        assert ended.snapshot.severity is alone.severity


def _is_state(report: Report) -> bool:
    return isinstance(report.record, DeviceStateRecord)


@pytest.mark.parametrize("time", list(OWN_TIME))
@pytest.mark.parametrize("kind", [*SNAPSHOTS, *(f"{partner} story" for partner in STORIES)])
def test_the_same_delivery_sent_twice_is_one_report(kind: str, time: str) -> None:
    partner = kind.split()[0]
    for message in SNAPSHOTS[kind] if kind in SNAPSHOTS else STORIES[partner]:
        body = json.dumps(_at(message, OWN_TIME[time](0))).encode()
        later = RECEIVED_AT + timedelta(hours=3)
        for delivery, again_at in (("d-1", later), ("", RECEIVED_AT + timedelta(seconds=20))):
            first = parse(partner, body, received_at=RECEIVED_AT, delivery=delivery)
            assert parse(partner, body, received_at=again_at, delivery=delivery) == first


@pytest.mark.parametrize("with_id", [True, False])
@pytest.mark.parametrize("time", list(OWN_TIME))
@pytest.mark.parametrize("partner", list(STORIES))
def test_a_threat_detected_again_is_open_again(partner: str, time: str, with_id: bool) -> None:
    detection, resolution = STORIES[partner]
    said = [_at(each, OWN_TIME[time](place)) for place, each in enumerate((detection, resolution, detection))]
    agent = _folded(_delivered(partner, said, ["d-1", "d-2", "d-3"] if with_id else ["", "", ""]))
    assert [key for key, threat in agent.threats.items() if threat.detection]
