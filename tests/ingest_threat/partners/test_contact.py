"""Levels of rows that give an agent's last contact: they follow each reading and clear no further."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from json import dumps

import pytest

from evaluate_risk.risk import fold, new_agent
from evaluate_risk.slots import slot
from ingest_threat.body import JsonObject
from ingest_threat.partners import parse
from shared.domain.level import Level
from shared.domain.model import Agent, Report
from shared.domain.record import DeviceStateRecord, IgnoredRecord, UnreadableRecord
from tests.ingest_threat.partners import messages_better_mobile as better
from tests.ingest_threat.partners.messages_lookout import lookout_device_row
from tests.ingest_threat.partners.messages_sophos import sophos_device, sophos_event
from tests.ingest_threat.partners.messages_wandera_jamf import jamf_row
from tests.ingest_threat.partners.messages_zimperium import zimperium_clean_device
from tests.ingest_threat.partners.reading import RECEIVED_AT, loaded, records

CONTACT = "2026-02-01T08:00:00Z"


def checkpoint_row(**fields: object) -> JsonObject:
    row = {"internal_id": "31", "status": "1", "risk": "0", "last_connection": CONTACT, "os_type": "iOS"}
    return loaded({**row, **fields})


def pradeo_row(**fields: object) -> JsonObject:
    row = {"id": "agent-1", "platform": "ios", "lastSyncAt": CONTACT, "agentStatus": "online"}
    return loaded({**row, "riskLevel": "low", "securityStatus": "secured", **fields})


GOOD: Mapping[str, JsonObject] = {
    "better_mobile": better.device(ThreatLevel="Low"),
    "checkpoint_harmony": checkpoint_row(),
    "lookout": lookout_device_row(checkin_time=CONTACT),
    "pradeo": pradeo_row(),
    "sophos": sophos_device(ixmAppLastSeenAt=CONTACT),
    "wandera_jamf": jamf_row(riskCategory="LOW"),
    "zimperium": zimperium_clean_device(processedAt="2026-02-01T08:00:00Z"),
}
BAD: Mapping[str, JsonObject] = {
    "better_mobile": better.device(ThreatLevel="High"),
    "checkpoint_harmony": checkpoint_row(risk="3"),
    "lookout": lookout_device_row(
        checkin_time=CONTACT, security_status="THREATS_HIGH", updated_time="2026-02-01T10:05:00Z"
    ),
    "pradeo": pradeo_row(riskLevel="high"),
    "sophos": sophos_device(ixmAppLastSeenAt=CONTACT, healthState={"state": "red"}),
    "wandera_jamf": jamf_row(riskCategory="HIGH"),
    "zimperium": zimperium_clean_device(riskPostureName="CRITICAL", riskPosture=3),
}
CONTACT_FIELD = {
    "better_mobile": "LastReported",
    "checkpoint_harmony": "last_connection",
    "lookout": "checkin_time",
    "pradeo": "lastSyncAt",
    "sophos": "ixmAppLastSeenAt",
    "zimperium": "lastSeen",
}


def read_hourly(partner: str, *rows: JsonObject, start: datetime = RECEIVED_AT) -> Agent:
    """The agent after `rows`, of which each is the answer an hour after the last."""
    found: dict[str, Report] = {}
    for hours, row in enumerate(rows):
        at = start + timedelta(hours=hours)
        for record in parse(partner, dumps([row]).encode(), received_at=at):
            assert not isinstance(record, IgnoredRecord | UnreadableRecord)
            report = Report.of(record, record.partner_device_id or "", at)
            found.setdefault(report.id, report)
    reports = list(found.values())
    return fold(new_agent(reports[0], "agent"), reports, start + timedelta(days=1)).agent


def own(agent: Agent) -> Level | None:
    return agent.snapshot.severity if agent.snapshot else None


@pytest.mark.parametrize("partner", GOOD)
def test_the_level_follows_each_reading_though_the_contact_stays(partner: str) -> None:
    good, bad = GOOD[partner], BAD[partner]
    later = {"updated_time": "2026-02-01T10:10:00Z"} if partner == "lookout" else {}
    assert own(read_hourly(partner, good, bad)) is Level.HIGH
    assert own(read_hourly(partner, good, bad, {**good, **later})) is own(read_hourly(partner, good))


def test_a_level_clears_no_further_than_the_last_contact() -> None:
    found = sophos_event(when="2026-02-01T07:00:00Z", id="e-1")
    since = sophos_event(when="2026-02-01T09:00:00Z", id="e-2")
    assert not slot(read_hourly("sophos", found, GOOD["sophos"])).findings
    agent = read_hourly("sophos", since, GOOD["sophos"])
    assert slot(agent).findings
    assert own(agent) is Level.SECURED


@pytest.mark.parametrize("written", ["never", "N/A", "---", "not yet", "2026-13-45", "the other day"])
@pytest.mark.parametrize("partner", CONTACT_FIELD)
def test_a_contact_that_nobody_can_read_proves_no_scan_and_clears_nothing(partner: str, written: str) -> None:
    field = CONTACT_FIELD[partner]
    assert read_hourly(partner, GOOD[partner]).scanned
    for row in (GOOD[partner], BAD[partner]):
        agent = read_hourly(partner, {**row, field: written})
        assert (agent.scanned, agent.cleared_all) == (None, None)


@pytest.mark.parametrize("partner", CONTACT_FIELD)
def test_a_level_counts_where_the_contact_may_be_one_and_not_where_there_was_none(partner: str) -> None:
    field = CONTACT_FIELD[partner]
    assert own(read_hourly(partner, {**BAD[partner], field: "the day before yesterday"})) is Level.HIGH
    assert own(read_hourly(partner, {**GOOD[partner], field: "never"})) is None


def test_an_unenrolled_phone_has_lost_its_agent_though_the_check_in_is_the_same() -> None:
    enrolled = jamf_row(riskCategory="SECURE")
    gone = loaded(enrolled)
    gone["statusUpdate"]["connector"]["payload"]["isEnrolled"] = False  # type: ignore[index,call-overload]
    lost = slot(read_hourly("wandera_jamf", enrolled, gone)).findings
    assert [finding.threat_type for finding in lost] == ["agent_inactive"]
    assert not slot(read_hourly("wandera_jamf", enrolled, gone, enrolled)).findings


def test_a_deleted_phone_of_zimperiums_has_lost_its_agent_though_its_row_was_computed_before() -> None:
    row = GOOD["zimperium"]
    lost = slot(read_hourly("zimperium", row, {**row, "deleted": True})).findings
    assert [finding.threat_type for finding in lost] == ["agent_inactive"]


def test_a_contact_that_is_an_object_is_read() -> None:
    [record] = records("checkpoint_harmony", checkpoint_row(last_connection={"$date": 1769936400250}))
    assert isinstance(record, DeviceStateRecord)
    assert record.scanned
