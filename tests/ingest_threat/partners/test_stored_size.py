"""What is stored of a message grows with the message, and not with its square."""

import json
from collections.abc import Sequence

import pytest

from ingest_threat.body import MAX_BYTES, JsonObject
from ingest_threat.partners import parse
from shared.domain.model import Report
from shared.domain.record import IgnoredRecord, Record, UnreadableRecord
from tests.ingest_threat.partners.crossing import MESSAGES
from tests.ingest_threat.partners.messages_pradeo import correlation, graded
from tests.ingest_threat.partners.messages_zimperium import zimperium_incident
from tests.ingest_threat.partners.reading import RECEIVED_AT

TIMES = 3
"""What is stored may be so many times as large as what came,"""
OF_A_RECORD = 4_000
"""beside so many bytes for each record, whose own texts are bounded."""
LONG = "long text " * 500
MANY = 100


def _wide(message: JsonObject) -> JsonObject:
    """`message` with much that no table knows."""
    return {
        **message,
        "remarks": LONG,
        "history": [{"remark": "x" * 100, "number": each} for each in range(50)],
    }


RELATED = [
    {"threat_id": f"threat-{each}", "threat_name": "Sideloaded App(s)", "timestamp": 1770000000000}
    for each in range(MANY)
]
BIGGEST: Sequence[tuple[str, JsonObject]] = (
    (
        "pradeo",
        correlation(
            matchedSystemStatusLevels=[
                graded("System", f"Status{each}", "Red", 1) for each in range(2 * MANY)
            ],
            matchedNetworkStatusLevels=[
                graded("Network", f"Network{each}", "Red", 1) for each in range(2 * MANY)
            ],
        ),
    ),
    ("zimperium", zimperium_incident(related_threats=RELATED)),
    ("zimperium", zimperium_incident(related_threats=json.dumps(RELATED))),
)
"""Messages of which one item becomes many records."""


@pytest.mark.parametrize(
    ("partner", "message"),
    [
        *((partner, message) for partner, found in MESSAGES.items() for message in found[::2]),
        *BIGGEST,
    ],
)
def test_what_is_stored_grows_with_the_message_only(partner: str, message: JsonObject) -> None:
    contents = [[message], [_wide(message)]]
    if (partner, message) not in BIGGEST:
        contents += [[message] * 10, [_wide(message)] * 5]
    for content in contents:
        body = json.dumps(content).encode()
        if len(body) > MAX_BYTES:  # refused whole
            continue
        read = parse(partner, body, received_at=RECEIVED_AT)
        assert sum(map(_stored, read)) <= TIMES * len(body) + OF_A_RECORD * len(read)


def _stored(record: Record) -> int:
    """Bytes of the document that a record becomes."""
    if isinstance(record, IgnoredRecord):
        return 0
    if isinstance(record, UnreadableRecord):
        return len(record.model_dump_json())
    return len(Report.of(record, record.partner_device_id or "", RECEIVED_AT).model_dump_json())
