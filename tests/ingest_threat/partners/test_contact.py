"""Levels of rows that give an agent's last contact: they follow each reading and clear no further."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from json import dumps

import pytest

from evaluate_risk.risk import fold, new_agent
from evaluate_risk.slots import slot
from ingest_threat.body import JsonObject
from ingest_threat.partners import parse
from shared.domain.level import Level
from shared.domain.model import Agent, Report
from shared.domain.record import DeviceStateRecord, IgnoredRecord, Status, UnreadableRecord
from tests.ingest_threat.partners import messages_better_mobile as better
from tests.ingest_threat.partners.messages_lookout import lookout_device_row
from tests.ingest_threat.partners.messages_sophos import sophos_device, sophos_event
from tests.ingest_threat.partners.messages_wandera_jamf import jamf_row
from tests.ingest_threat.partners.messages_zimperium import zimperium_clean_device
from tests.ingest_threat.partners.reading import RECEIVED_AT, loaded, records, said, state, threat

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


GONE_BY: Mapping[str, JsonObject] = {
    "checkpoint_harmony": {"status": "4"},
    "pradeo": {"agentStatus": "unenrolled"},
    "wandera_jamf": {"statusUpdate": {"connector": {"payload": {"isEnrolled": False}}}},
    "zimperium": {"deleted": True},
}
LISTED = sorted(CONTACT_FIELD.keys() - {"better_mobile", "lookout"} | {"wandera_jamf"})
"""Partners whose rows have no time of their own, where they are polled."""
AS_OF = datetime(2026, 2, 3, 9, 45, tzinfo=UTC)


def polled(row: JsonObject, as_of: datetime = AS_OF) -> JsonObject:
    """A row as a poll writes when its list was computed."""
    return {**row, "as_of": as_of.isoformat()}


@pytest.mark.parametrize("partner", LISTED)
@pytest.mark.parametrize("rows", [GOOD, BAD], ids=["good", "bad"])
def test_a_row_of_a_list_counts_as_of_when_the_list_was_computed(
    partner: str, rows: Mapping[str, JsonObject]
) -> None:
    assert state(partner, polled(rows[partner])).detected_at == AS_OF
    assert state(partner, rows[partner]).detected_at is None


@pytest.mark.parametrize("partner", GONE_BY)
def test_an_agent_that_a_list_calls_gone_is_so_as_of_the_list(partner: str) -> None:
    row = {**GOOD[partner], **GONE_BY[partner]}
    gone = threat(partner, polled(row))
    assert (gone.threat_type, gone.status, gone.detected_at) == ("agent_inactive", Status.OPEN, AS_OF)
    assert threat(partner, row).detected_at is None


@pytest.mark.parametrize(
    ("partner", "day"), [("pradeo", 1), ("sophos", 1), ("wandera_jamf", 1), ("zimperium", 2)]
)
def test_a_contact_of_more_than_seven_days_before_the_list_proves_no_scan(partner: str, day: int) -> None:
    last = datetime(2026, 2, day + 7, 23, 59, tzinfo=UTC)
    assert state(partner, polled(GOOD[partner], last)).scanned
    assert not state(partner, polled(GOOD[partner], last + timedelta(minutes=1))).scanned
    assert state(partner, GOOD[partner]).scanned


@pytest.mark.parametrize("field", ["id", "lastSeen", "processedAt", "riskPostureName"])
def test_rows_of_zimperiums_list_that_differ_in_what_they_say_are_reports_of_their_own(field: str) -> None:
    row, other = zimperium_clean_device(), zimperium_clean_device(**{field: "1770000120000"})
    assert state("zimperium", row).report_id == state("zimperium", {**row, "apps": []}).report_id
    ids = {said(record)["report_id"] for each in (row, other) for record in records("zimperium", each)}
    assert len(ids) == 2


def test_a_phone_that_zimperiums_list_calls_gone_twice_is_gone_once_for_each_contact() -> None:
    def id_of(**fields: object) -> str:
        return threat("zimperium", polled(zimperium_clean_device(deleted=True, **fields))).report_id

    assert id_of() == id_of(processedAt=1770000120000)
    assert len({id_of(), id_of(lastSeen=1770000120000), id_of(id="agent-4")}) == 3
    assert id_of() != state("zimperium", polled(zimperium_clean_device(processedAt=None))).report_id
