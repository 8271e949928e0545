"""What log shippers make of an item: it is read as if it had come by itself."""

import json
from collections.abc import Callable, Mapping

import pytest

from ingest_threat.body import JsonObject
from ingest_threat.partners import known, parse
from shared.domain.record import IgnoredRecord, UnreadableRecord
from shared.errors import UnreadableReport
from tests.ingest_threat.partners.crossing import MESSAGES
from tests.ingest_threat.partners.messages_zimperium import zimperium_search
from tests.ingest_threat.partners.reading import RECEIVED_AT, records, threat

SHIPPERS: Mapping[str, Callable[[JsonObject], object]] = {
    "CloudEvents": lambda item: {"specversion": "1.0", "type": "t", "source": "/s", "id": "1", "data": item},
    "Event Grid": lambda item: {"id": "1", "subject": "s", "eventTime": "2026-02-01T07:00:00Z", "data": item},
    "Splunk HEC": lambda item: {"time": 1769929200, "sourcetype": "mtd", "event": item},
    "Logstash": lambda item: {"@timestamp": "2026-02-01T07:00:00Z", "message": json.dumps(item)},
    "Fluent Bit": lambda item: {"date": 1769929200.1, "log": json.dumps(item)},
    "of a list of one": lambda item: {"date": 1769929200.1, "log": [item]},
}


@pytest.mark.parametrize("shipper", SHIPPERS)
@pytest.mark.parametrize("partner", sorted(known()))
def test_what_a_shipper_carries_is_read_as_if_it_came_by_itself(partner: str, shipper: str) -> None:
    item = MESSAGES[partner][0]
    read = records(partner, SHIPPERS[shipper](item))
    assert read == records(partner, item)
    assert not any(isinstance(each, IgnoredRecord | UnreadableRecord) for each in read)


@pytest.mark.parametrize(
    "content", [{"data": {"a": 1}}, {"message": "a text"}, {"log": "{broken"}, {"event": []}]
)
def test_what_carries_nothing_of_the_partners_is_foreign(content: JsonObject) -> None:
    with pytest.raises(UnreadableReport):
        parse("lookout", json.dumps(content).encode(), received_at=RECEIVED_AT)


@pytest.mark.parametrize("written", ["{%s}", "(%s)", "urn:uuid:%s", "%s"])
def test_a_uuid_in_braces_is_the_devices(written: str) -> None:
    id_ = "6a1f0c11-2b3c-4d5e-8f60-718293a4b5c6"
    row = zimperium_search()
    device = row["device"]
    assert isinstance(device, dict)
    record = threat("zimperium", {**row, "device": {**device, "mdmDeviceId": written % id_}})
    assert record.mdm_device_id == id_
