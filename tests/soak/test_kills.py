"""A short part of `make soak`, and that it sees what is lost and what is doubled."""

import pathlib
import time
from datetime import UTC, datetime

from ingest_threat.partners import parse
from local.partners import zimperium
from local.partners.message import encoded
from shared.domain.model import Report
from shared.domain.record import ThreatRecord
from tests.soak.kills import PHONES, Toll, count, killed_often

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def test_after_a_kill_all_is_as_what_was_accepted_has_it(tmp_path: pathlib.Path) -> None:
    toll = await killed_often(tmp_path, 1, time.monotonic() + 120, lambda _line: None, at_most=1)
    assert toll.kills == 1
    assert toll.stored == len(toll.accepted) > len(PHONES)
    assert (toll.lost, toll.doubled, toll.wrong) == (0, 0, [])


def test_a_message_that_is_not_stored_is_lost_and_another_than_was_sent_is_doubled() -> None:
    sent, other = (_sent(key) for key in "ab")
    toll = Toll(accepted=[("zimperium", sent)])
    count(toll, [*_reports(sent), *_reports(other)])
    assert (toll.stored, toll.lost, toll.doubled) == (2, 0, 1)
    count(toll, _reports(other))
    assert (toll.stored, toll.lost, toll.doubled) == (1, 1, 1)


def _sent(key: str) -> bytes:
    return encoded(zimperium.detection(PHONES[1], key, NOW))


def _reports(body: bytes) -> list[Report]:
    records = parse("zimperium", body, received_at=NOW)
    return [
        Report.of(each, each.partner_device_id or "", NOW)
        for each in records
        if isinstance(each, ThreatRecord)
    ]
