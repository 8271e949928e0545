"""What Sophos thinks of a whole device. Pure."""

import re
from typing import NamedTuple

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Common, Item
from ingest_threat.partners._contact import contact, proves_scan
from ingest_threat.partners._inactive import INACTIVE
from ingest_threat.partners._no_verdict import is_no_verdict
from ingest_threat.partners._sophos_event import AS_OF, PERSONAL_OF_A_DEVICE, gone_record
from ingest_threat.partners._sophos_words import CLEARS, DEVICE_LEVEL, GONE, MANAGED, SEVERITY, UNMANAGED
from ingest_threat.redaction import redacted
from shared.domain.level import Level, highest
from shared.domain.record import Clears, DeviceIdentityRecord, DeviceStateRecord, Record

AGENT_SEEN = "ixmAppLastSeenAt"
SEEN = (AGENT_SEEN, "lastSeenAt")
"""When the agent was last in contact; of an item without that, when anything of the device was."""


class _State(NamedTuple):
    """What the vendor says of a whole device, the word that decides, and what it clears."""

    severity: Level
    word: str
    clears: Clears


def device_record(item: Item) -> Record:
    """What the vendor thinks of a whole device."""
    device = item.content
    managed = (fields.word(device, "managedState") or "").replace("_", "")
    # Of an item without the agent's own contact, when anything of the device was seen.
    last = contact(device, AGENT_SEEN if AGENT_SEEN in device else SEEN[-1])
    if managed in GONE or (managed in UNMANAGED and _was_at_work(device)):
        # Its own times are of when it was there.
        timeless: JsonObject = {name: device[name] for name in ("id", "os", AS_OF) if name in device}
        return gone_record(item, timeless, fields.device_id(device, "id"))
    common, id_ = _common(item), fields.required_identifier(device, "id")
    state, seen = _state(device), fields.time_written(device, *SEEN)
    known = managed in {"", MANAGED}
    is_word = not known and managed not in UNMANAGED and not is_no_verdict(managed)
    counts = managed not in UNMANAGED and contact(device, AGENT_SEEN).possible
    if state is None or not counts or (state.severity is Level.SECURED and not known):
        return DeviceIdentityRecord(
            **common,
            report_id=fields.joined(id_, seen, _health(device)),
            detected_at=fields.moment(device, *SEEN),
            unknown_status=fields.written(device, "managedState") if is_word else None,
        )
    # A contact is no verdict's time: the health may change between two. It counts as of its receipt, or,
    # where the list is polled, as of when it had been computed at the latest: the poll writes that into it.
    as_of = fields.moment(device, AS_OF)
    return DeviceStateRecord(
        **common,
        report_id=fields.joined(id_, seen, state.word),
        detected_at=as_of,
        severity=state.severity,
        severity_raw=state.word,
        scanned=not last.denied and proves_scan(last.at, as_of),
        clears=Clears.NONE if last.denied else state.clears,
        clears_until=last.at,
        closed_keys=(INACTIVE,) if known else (),
    )


def _was_at_work(device: JsonObject) -> bool:
    return any(fields.happened(device, each) for each in SEEN) or not is_no_verdict(_health(device))


def _common(item: Item) -> Common:
    device, system = item.content, fields.inner(item.content, "os")
    version = re.search(r"[0-9][0-9.]*", fields.text(system, "version", "name") or "")
    return {
        "partner": item.partner,
        "index": item.index,
        "raw": redacted(item.raw, PERSONAL_OF_A_DEVICE),
        "partner_device_id": fields.device_id(device, "id"),
        "serial": fields.linking_id(device, "serialNumber"),
        "platform": fields.platform(fields.text(system, "platform")),
        "os_version": version[0] if version else None,
    }


def _health(device: JsonObject) -> str | None:
    return fields.word(fields.inner(device, "healthState"), "state")


def _state(device: JsonObject) -> _State | None:
    """The graver of health and of a compliance that is broken; None without a verdict in either."""
    health, compliance = fields.inner(device, "healthState"), fields.inner(device, "compliance")
    broken = fields.decided(compliance, "compliant") is False
    word, graded = fields.written(health, "state"), fields.written(compliance, "severity")
    levels = {}
    if word and (level := taxonomy.device_level(fields.plain_word(word), DEVICE_LEVEL)):
        levels[word] = level
    if graded and graded.casefold() != "none" and is_no_verdict(fields.plain_word(graded)):
        graded = None
    if broken and (graded or levels):
        # Broken rules that nobody grades are medium, as their events are.
        by_rules = taxonomy.severity_of(graded and fields.plain_word(graded), SEVERITY, taxonomy.UNKNOWN)
        levels[graded or "not compliant"] = by_rules
    if not levels:
        return None
    severity = highest(levels.values())
    said = next(word for word, level in levels.items() if level is severity)
    if severity is not Level.SECURED or broken:
        return _State(severity, said, Clears.NONE)
    # Green that an administrator set by hand is no finding of the agent's.
    odd = isinstance(health.get("mode"), dict | list)
    by_hand = odd or fields.word(health, "mode") not in {None, "AUTOMATIC"}
    return _State(severity, said, Clears.NONE if by_hand else _cleared(device, said))


def _cleared(device: JsonObject, said: str) -> Clears:
    """What a state clears: by the table, and less where the last scan still counts what it found."""
    cleared = CLEARS.get(fields.plain_word(said), Clears.NONE)
    summary = fields.inner(device, "scanResultSummary")
    found = any(fields.number(summary, name) for name in ("maliciousCount", "suspiciousCount"))
    return Clears.COMPLIANCE if found and cleared is Clears.ALL else cleared
