"""A text of a mebibyte: it is read whole, costs little, and little of it is kept."""

import json
import time
from contextlib import suppress

import pytest

from ingest_threat.partners import known, parse
from ingest_threat.shapes import MAX_JUDGED
from shared.domain.record import BLOCKED, Record, Status
from shared.errors import UnreadableReport
from tests.ingest_threat.partners.crossing import MESSAGES, paths, value_at, with_value
from tests.ingest_threat.partners.messages_sophos import sophos_event
from tests.ingest_threat.partners.reading import RECEIVED_AT, threat

LONG = "1 word " * 140_000
SECONDS = 2.5
"""Of CPU; whole, the patterns took up to thirteen."""


@pytest.mark.parametrize("partner", sorted(known()))
def test_it_costs_little_and_little_of_it_is_kept(partner: str) -> None:
    sample = MESSAGES[partner][0]
    texts = [path for path in paths(sample) if isinstance(value_at(sample, path), str)]
    for path in texts[:5]:
        body = json.dumps(with_value(sample, path, LONG)).encode()
        start = time.process_time()
        records: list[Record] = []
        with suppress(UnreadableReport):  # by a type that is none
            records = parse(partner, body, received_at=RECEIVED_AT)
        assert time.process_time() - start < SECONDS, path
        assert all(len(each.model_dump_json()) < 4 * MAX_JUDGED for each in records)


def test_what_stands_at_its_end_counts() -> None:
    name = f"{LONG} was blocked"
    record = threat("sophos", sophos_event("Threat::IPSInbound", name=name))
    assert (record.status, record.reason) == (Status.RESOLVED, BLOCKED)
