"""Whether the agent that a Pradeo event names is at work, and what follows. Pure."""

from collections.abc import Iterator
from datetime import datetime

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners._adapter import Item, Reported
from ingest_threat.partners._contact import contact
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.partners._pradeo_event import common_of
from shared.domain.record import DeviceIdentityRecord, Record, Status, ThreatRecord


class Judged(Reported):
    """What every record has that says something of the device's safety."""

    scanned: bool


def judged(item: Item, body: JsonObject, device: JsonObject) -> Judged:
    """The same of an event; an agent that never connected has not looked."""
    return {**common_of(item, body, device), "scanned": not never_connected(device)}


def identity_record(
    item: Item, body: JsonObject, device: JsonObject, at: datetime | None
) -> DeviceIdentityRecord:
    """Which device it is, and which MDM manages it."""
    info = fields.inner(device, "emmDeviceInfo")
    # "intune" says that `externalId` is Intune's id. Older events have it a level higher.
    emm = fields.text(fields.inner(info, "integration"), "emm") or fields.text(info, "emm")
    common = common_of(item, body, device)
    return DeviceIdentityRecord(**common, detected_at=at, emm=emm and emm.lower())


def unless_lost(item: Item, device: JsonObject, threat: ThreatRecord, at: datetime | None) -> list[Record]:
    """The threat; of an agent that is gone no resolution counts, but that it is gone."""
    lost = lost_agent(item, device, at)
    return [*lost] if lost and threat.status is Status.RESOLVED else [threat, *lost]


def lost_agent(item: Item, device: JsonObject, at: datetime | None) -> list[ThreatRecord]:
    """The threat that an agent is which was at work and is so no more; none of any other."""
    return list(enrollment_threat(item, device, at)) if _is_lost(device) else []


def enrollment_threat(item: Item, device: JsonObject, at: datetime | None) -> Iterator[ThreatRecord]:
    """An agent that was at work and is coupled no more; one that never connected has nothing to lose."""
    enrollment = fields.inner(device, "enrollmentStatus")
    connected = _connected(enrollment)
    lost = _is_lost(device)
    if not lost and (connected is None or fields.text(enrollment, "coupled") is None):
        return
    common = common_of(item, device, device)
    yield inactive(
        {**common, "report_id": fields.joined(common["report_id"], INACTIVE, connected)},
        "Agent no longer coupled" if lost else None,
        status=Status.OPEN if lost else Status.RESOLVED,
        at=at,
    )


def is_coupled(device: JsonObject) -> bool:
    """Whether the agent is coupled to its device, as far as the event says."""
    return fields.boolean(fields.inner(device, "enrollmentStatus"), "coupled")


def never_connected(device: JsonObject) -> bool:
    """Whether the agent has never been at work; what says nothing of it is not taken so."""
    enrollment = fields.inner(device, "enrollmentStatus")
    stated = not enrollment or bool(enrollment.keys() & {"coupled", "lastConnection"})
    # A contact that nobody can read proves no scan, though an agent may be lost that made it.
    connected = is_coupled(device) or contact(enrollment, "lastConnection").at is not None
    return "enrollmentStatus" in device and stated and not connected


def _connected(enrollment: JsonObject) -> str | None:
    """When an agent last connected, as it is written, readable or not; None for what says it never did."""
    last = contact(enrollment, "lastConnection")
    return fields.time_written(enrollment, "lastConnection") if last.at or last.unreadable else None


def _is_lost(device: JsonObject) -> bool:
    """Whether an agent that was at work is so no more: its phone is coupled no longer, or was deleted."""
    enrollment = fields.inner(device, "enrollmentStatus")
    if _connected(enrollment) is None:
        return False
    return fields.decided(enrollment, "coupled") is False or fields.happened(device, "deletedAt")
