"""One report of each kind: verified, read and made a document; and folded into an agent with many threats."""

import base64
import hmac
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any

from pydantic import JsonValue, TypeAdapter

from evaluate_risk.risk import fold, new_agent
from evaluate_risk.slots import same_for_device, slot
from ingest_threat import partners
from ingest_threat.schemes import webhook
from shared.domain.level import Level
from shared.domain.model import Agent, Report
from shared.domain.record import Category, IgnoredRecord, Status, ThreatRecord, UnreadableRecord
from shared.headers import Headers
from shared.standard_webhooks import signature

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
OPEN_THREATS = 800
MESSAGE: dict[str, JsonValue] = {
    "id": "event-1",
    "created_time": "2026-02-01T08:00:00.250+01:00",
    "type": "THREAT",
    "change_type": "CREATED",
    "threat": {
        "guid": "6f1f7c1e-5f0e-4d39-9a53-1d1f3c1f0a11",
        "status": "OPEN",
        "severity": "LOW",
        "type": "APPLICATION",
        "classifications": ["RISKWARE"],
        "details": {"application_name": "Torch", "package_name": "org.example.torch"},
    },
    "target": {"guid": "0b1c2d3e-0000-4000-8000-000000000001", "type": "THREAT"},
    "actor": {"guid": "0b1c2d3e-0000-4000-8000-000000000001", "type": "DEVICE"},
}
"""Of Lookout's, invented."""


@dataclass(frozen=True)
class Signed:
    """A partner's message, as it comes in."""

    partner: str
    headers: Headers
    body: bytes
    sent_at: datetime

    @classmethod
    def of(cls, partner: str, content: JsonValue, at: datetime = NOW) -> "Signed":
        body, sent = json.dumps(content).encode(), str(int(at.timestamp()))
        headers = {
            "webhook-id": "message-1",
            "webhook-timestamp": sent,
            "webhook-signature": f"v1,{signature(SECRET, 'message-1', sent, body)}",
        }
        return cls(partner, Headers(headers), body, at)


def messages(
    numbers: Iterable[int], agents: int = 500, now: Callable[[], datetime] = lambda: NOW
) -> Iterator[Signed]:
    """A message of its own for each number, of so many agents in turn; signed when it is asked for."""
    message: dict[str, Any] = MESSAGE
    for number in numbers:
        guid = str(uuid.UUID(int=number % agents + 1))
        parts = {name: {**message[name], "guid": guid} for name in ("actor", "target")}
        yield Signed.of("lookout", {**message, **parts, "id": f"event-{number}"}, now())


def documents(message: Signed) -> list[dict[str, JsonValue]]:
    """What is stored of a message: verified, read, redacted."""
    webhook.verify(message.headers, message.body, webhook.checked_secrets(SECRET), message.sent_at)
    records = partners.parse(message.partner, message.body, received_at=message.sent_at)
    counted = [each for each in records if not isinstance(each, IgnoredRecord | UnreadableRecord)]
    reports = [Report.of(each, each.partner_device_id or "", message.sent_at) for each in counted]
    return [each.model_dump(mode="json") for each in reports]


@cache
def _any() -> TypeAdapter[JsonValue]:
    return TypeAdapter(JsonValue)


def bare(message: Signed) -> JsonValue:
    """The least anybody does: HMAC over the bytes, and pydantic's reading of them as JSON."""
    hmac.compare_digest(hmac.digest(KEY, message.body, "sha256"), b"\0" * 32)
    return _any().validate_json(message.body)


def one_more() -> Callable[[], object]:
    """Fold one more report into an agent with OPEN_THREATS, and see whether its device must know."""
    reports = [threat(number) for number in range(OPEN_THREATS + 1)]
    *first, last = reports
    at = NOW + timedelta(days=1)
    before = fold(new_agent(first[0], "agent-1"), first, at).agent
    return partial(_folded, before, [last], at)


def _folded(before: Agent, reports: Sequence[Report], at: datetime) -> bool:
    return same_for_device(slot(before), slot(fold(before, reports, at).agent))


def threat(number: int) -> Report:
    """One of an agent's threats."""
    record = ThreatRecord(
        partner="lookout",
        index=0,
        report_id=f"report-{number}",
        threat_key=f"threat-{number}",
        partner_device_id="agent-1",
        category=Category.APP,
        threat_type="malware",
        threat_name="Torch",
        severity=Level.LOW,
        status=Status.OPEN,
        detected_at=NOW + timedelta(seconds=number),
    )
    return Report.of(record, "agent-1", NOW + timedelta(seconds=number))
