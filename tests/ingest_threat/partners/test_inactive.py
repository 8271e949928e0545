"""The threat that an agent is which is at work no more."""

from datetime import UTC, datetime

from ingest_threat.partners._adapter import Reported
from ingest_threat.partners._inactive import INACTIVE, inactive
from shared.domain.level import Level
from shared.domain.record import Category, Status

AT = datetime(2026, 2, 1, 8, tzinfo=UTC)
COMMON: Reported = {
    "partner": "lookout",
    "index": 3,
    "raw": None,
    "report_id": "r-1",
    "partner_device_id": "agent-1",
    "platform": None,
}


def test_an_agent_that_is_gone_is_an_open_threat_of_the_device_and_no_scan() -> None:
    gone = inactive(COMMON, "Device deleted", at=AT)
    assert (gone.index, gone.report_id, gone.partner_device_id) == (3, "r-1", "agent-1")
    assert (gone.threat_key, gone.threat_type, gone.threat_name) == (INACTIVE, INACTIVE, "Device deleted")
    assert (gone.category, gone.severity, gone.status) == (Category.DEVICE, Level.MEDIUM, Status.OPEN)
    assert (gone.detected_at, gone.resolved_at, gone.scanned) == (AT, None, False)


def test_an_agent_that_is_back_ends_it() -> None:
    back = inactive(COMMON, None, key="own", status=Status.RESOLVED, at=AT)
    assert (back.threat_key, back.status, back.detected_at, back.resolved_at) == (
        "own",
        Status.RESOLVED,
        None,
        AT,
    )


def test_without_a_time_it_counts_as_of_its_receipt() -> None:
    assert inactive(COMMON, None).event_at is None
    assert inactive(COMMON, None, status=Status.UNKNOWN, unknown_status="odd").unknown_status == "odd"
