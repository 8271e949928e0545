"""What is known of devices, for an admin: a listing, and the whole explanation of one."""

from pydantic import BaseModel

from shared.cosmos import DEVICE_SUMMARIES
from shared.errors import BadRequest, NotThere, StoreRefused
from shared.level import Level
from shared.model import (
    Decision,
    Device,
    DeviceFacts,
    HistoryEntry,
    Report,
    Slot,
    Tag,
    TagState,
    Verdict,
    id_part,
)
from shared.record import Moment, Platform, Status, ThreatRecord
from shared.services import Services

MOST_ROWS = 1000


class _Row(BaseModel):
    """A device as the listing's query gives it."""

    id: str
    facts: DeviceFacts
    decision: Decision | None = None
    tag: Tag = Tag()


class DeviceRow(BaseModel):
    """One device of the listing."""

    id: str
    name: str | None
    platform: Platform
    verdict: Verdict
    risk: Level
    allowed: Level | None
    reason: str | None
    tag_wanted: str | None
    tag_applied: str | None
    tag_state: TagState


class DevicePage(BaseModel):
    """Some devices, and the token that continues the listing; null at its end."""

    devices: list[DeviceRow]
    token: str | None


class ReportSeen(BaseModel):
    """One report behind a finding, as its partner sent it."""

    id: str
    agent: str
    partner: str
    report_id: str
    threat_key: str
    threat_type: str
    threat_name: str | None
    severity: Level
    severity_raw: str | None
    status: Status
    detected_at: Moment | None
    received_at: Moment
    details_url: str | None


class Explanation(BaseModel):
    """Everything that speaks for or against a device, and what Conditional Access sees of it."""

    id: str
    facts: DeviceFacts
    decision: Decision | None
    tag: Tag
    attribute: str
    mode: str
    agents: list[Slot]
    reports: list[ReportSeen]
    history: list[HistoryEntry]
    asked_at: Moment


async def listing(services: Services, top: str | None, token: str | None) -> DevicePage:
    """`top` devices (100 where it is not said, at most 1,000) from `token` on."""
    if top is not None and not (top.isascii() and top.isdigit() and 1 <= int(top[:9]) <= MOST_ROWS):
        raise BadRequest(f"top: expected a whole number from 1 to {MOST_ROWS}")
    try:
        page = await services.store.page(
            _Row, "devices", DEVICE_SUMMARIES, size=int(top or 100), token=token or None
        )
    except StoreRefused as error:
        raise BadRequest("token: expected the token of an earlier page") from error
    return DevicePage(devices=[_row(row) for row in page.rows], token=page.token)


async def explain(services: Services, id_: str) -> Explanation:
    """The explanation of the device whose Entra id (in any case) or `intune:` id is `id_`."""
    found = await services.store.read(Device, id_.lower()) if id_part(id_) == id_ else None
    if found is None:
        raise NotThere(f"no device {id_[:100]!r}")
    device = found.document
    return Explanation(
        id=device.id,
        facts=device.facts,
        decision=device.decision,
        tag=device.tag,
        attribute=services.settings.attribute,
        mode=services.settings.mode,
        agents=list(device.slots.values()),
        reports=await _reports(services, device),
        history=list(device.history),
        asked_at=services.now(),
    )


async def _reports(services: Services, device: Device) -> list[ReportSeen]:
    """The reports that opened the findings shown; one that has outlived its 90 days is left out."""
    seen = []
    for slot in device.slots.values():
        for finding in slot.findings:
            found = await services.store.read(Report, finding.report, slot.agent)
            if found and isinstance(found.document.record, ThreatRecord):
                seen.append(_seen(found.document, found.document.record))
    return seen


def _seen(report: Report, record: ThreatRecord) -> ReportSeen:
    return ReportSeen(
        id=report.id,
        agent=report.agent,
        partner=record.partner,
        report_id=record.report_id,
        threat_key=record.threat_key,
        threat_type=record.threat_type,
        threat_name=record.threat_name,
        severity=record.severity,
        severity_raw=record.severity_raw,
        status=record.status,
        detected_at=record.detected_at,
        received_at=report.received_at,
        details_url=record.details_url,
    )


def _row(row: _Row) -> DeviceRow:
    decision = row.decision
    return DeviceRow(
        id=row.id,
        name=row.facts.name,
        platform=row.facts.platform,
        verdict=decision.verdict if decision else Verdict.UNDECIDED,
        risk=decision.risk if decision else Level.SECURED,
        allowed=decision.allowed if decision else None,
        reason=decision.reasons[0] if decision else None,
        tag_wanted=row.tag.wanted,
        tag_applied=row.tag.applied,
        tag_state=row.tag.state,
    )
