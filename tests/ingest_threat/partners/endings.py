"""Whether the threats that a partner's messages open also end, by the fold that decides it in earnest."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from json import dumps

from evaluate_risk.risk import fold, new_agent
from ingest_threat.body import JsonObject
from ingest_threat.partners._fields import plain_word
from shared.domain.model import Report, id_part
from shared.domain.record import DeviceStateRecord, Record, Status, ThreatRecord
from tests.ingest_threat.partners.reading import RECEIVED_AT, records

AgentThreat = tuple[str, str]
"""A partner's device id, and the key of a threat of that agent."""


def without_end(partner: str, messages: Sequence[JsonObject], never_resolves: Mapping[str, str]) -> list[str]:
    """What to add, for each threat that a message opens, none ends, and `never_resolves` does not name."""
    opened = [
        (place, threat) for place, each in enumerate(messages) for threat in open_threats(partner, each)
    ]
    if not opened:
        return [f"{partner}: no message opens a threat: add a detection to {messages_file(partner)}"]
    return [
        _what_to_add(partner, place, key)
        for place, (agent, key) in opened
        if all((agent, key) in open_threats(partner, messages[place], each) for each in messages)
        and not any(has_word(messages[place], kind) for kind in never_resolves)
    ]


def _what_to_add(partner: str, place: int, key: str) -> str:
    return (
        f"{partner}: message {place} opens the threat {key!r}, which no message ends. Add what the vendor "
        f"sends when it ends to {messages_file(partner)}: a resolution under the same threat_key or alias, "
        "or a device state that clears it or has it in closed_keys. Where the vendor sends nothing, declare "
        'on the ADAPTER what ends it: never_resolves={"<a word of the message>": "<what ends it>"}'
    )


def open_threats(partner: str, *messages: JsonObject) -> set[AgentThreat]:
    """The threats that are open once these items have been folded."""
    reports: dict[str, list[Report]] = defaultdict(list)
    for record in records(partner, *messages):
        if isinstance(record, ThreatRecord | DeviceStateRecord):
            agent = record.partner_device_id or ""
            reports[agent].append(Report.of(record, agent, RECEIVED_AT))
    return {
        (agent, key)
        for agent, of_agent in reports.items()
        for key, threat in fold(new_agent(of_agent[0], agent), of_agent, RECEIVED_AT).agent.threats.items()
        if threat.detection
    }


def resolved_by_name(read: Sequence[Record]) -> set[AgentThreat]:
    """The threats that a resolution or a device state names, open or not."""
    return {
        (record.partner_device_id or "", id_part(key))
        for record in read
        if isinstance(record, ThreatRecord | DeviceStateRecord)
        for key in _closed_by(record)
        if key
    }


def _closed_by(record: ThreatRecord | DeviceStateRecord) -> tuple[str | None, ...]:
    if isinstance(record, DeviceStateRecord):
        return record.closed_keys
    closes = record.status is Status.RESOLVED and not record.prevented
    return (record.threat_key, record.alias) if closes else ()


def has_word(message: JsonObject, word: str) -> bool:
    """Whether a word of the vendor's stands in the message, as a field's name or in a value, in any style."""
    said = re.sub(r"[\W_]+", "_", dumps(message)).upper()
    return f"_{plain_word(word)}_" in f"_{said}_"


def messages_file(partner: str) -> str:
    """Where the partner's messages stand."""
    return f"tests/ingest_threat/partners/messages_{partner}.py"
