"""What is known of devices, for an admin: a listing, and the whole explanation of one."""

from datetime import date, datetime

from pydantic import BaseModel

from serve_console.enforcement import enforcement_of
from serve_console.enrollment_class import (
    EnrollmentClass,
    enrollment_class,
    intune_level_differs,
    intune_threat_level,
)
from serve_console.named_device import stored_device
from serve_console.not_listed import not_listed
from serve_console.paging import page
from shared.cosmos import DEVICE_SUMMARIES, DEVICES_REGISTERED_ANEW, DEVICES_RESTRICTED
from shared.domain.level import Level
from shared.domain.model import (
    Decision,
    Device,
    DeviceFacts,
    HistoryEntry,
    NewerRegistration,
    Override,
    Ownership,
    Report,
    Slot,
    Tag,
    TagState,
    Verdict,
)
from shared.domain.moment import Moment
from shared.domain.record import DeviceStateRecord, Platform, Status, ThreatRecord
from shared.errors import BadRequest, GraphError
from shared.services import Services


class _Row(BaseModel):
    """A device as the listing's query gives it."""

    id: str
    facts: DeviceFacts
    decision: Decision | None = None
    tag: Tag = Tag()
    override: Override | None = None
    gone_at: Moment | None = None
    restricted: bool = False
    newer_registration: NewerRegistration | None = None


class DeviceRow(BaseModel):
    """One device of the listing."""

    id: str
    name: str | None
    platform: Platform
    ownership: Ownership
    enrollment_class: EnrollmentClass
    verdict: Verdict
    risk: Level
    allowed: Level | None
    reason: str | None
    overridden_until: Moment | None
    """When the override that lets it in ends; null where none does."""
    tag_wanted: str | None
    tag_applied: str | None
    tag_state: TagState
    compliance_state: str
    intune_threat_level: Level | None
    """What a vendor's own connector says of it in Intune; null where that says nothing."""
    restricted: bool
    """Whether it was in a restricted management administrative unit at the last sync: without a role there,
    the app cannot tag it."""
    newer_registration: NewerRegistration | None
    """While it is blocked: an unmanaged registration of its user and model, newer than the block."""


class DevicePage(BaseModel):
    """Some devices, and the token that continues the listing; null at its end."""

    devices: list[DeviceRow]
    token: str | None


class ReportSeen(BaseModel):
    """One report that speaks against the device: of a threat, or the partner's word on the whole of it."""

    id: str
    agent: str
    partner: str
    record: str
    report_id: str
    severity: Level
    severity_raw: str | None
    threat_key: str | None = None
    threat_type: str | None = None
    threat_name: str | None = None
    status: Status | None = None
    details_url: str | None = None
    detected_at: Moment | None
    received_at: Moment


class EntraAttribute(BaseModel):
    """What Conditional Access sees of the device, as Entra answers now."""

    attribute: str
    value: str | None = None
    restricted: bool = False
    """Whether the device is in a restricted management administrative unit: without a role there, the app
    cannot tag it."""
    trouble: str | None = None
    """Why it could not be read; the value is not known then."""


class NotListed(BaseModel):
    """An agent that its vendor's list of devices does not hold any more. That frees nobody."""

    agent: str
    since: date
    """The day of the first whole list without it."""


class Explanation(BaseModel):
    """Everything that speaks for or against a device, and what Conditional Access sees of it."""

    id: str
    facts: DeviceFacts
    enrollment_class: EnrollmentClass
    decision: Decision | None
    override: Override | None
    tag: Tag
    entra_attribute: EntraAttribute
    enforcement: str | None
    """Whether a Conditional Access policy refuses it, in a sentence; null where it bears no block."""
    newer_registration: NewerRegistration | None
    """While it is blocked: an unmanaged registration of its user and model, newer than the block; it may be
    the same phone, and no tag is seen there."""
    intune_level_differs: str | None
    """Intune's own level of the device, where it differs from ours."""
    mode: str
    agents: list[Slot]
    not_listed: list[NotListed]
    """Those of the agents that were in their vendor's list of devices, where it is read, and are not any
    more."""
    reports: list[ReportSeen]
    history: list[HistoryEntry]
    asked_at: Moment


async def listing(
    services: Services, top: str | None = None, token: str | None = None, only: str | None = None
) -> DevicePage:
    """`top` devices (100 where it is not said, at most 1,000) from `token` on; with `only`, those it names.
    Raises BadRequest."""
    narrowed = {
        None: DEVICE_SUMMARIES,
        "restricted": DEVICES_RESTRICTED,
        "newer_registration": DEVICES_REGISTERED_ANEW,
    }
    if only not in narrowed:
        raise BadRequest(f"only: expected {' or '.join(filter(None, narrowed))}")
    found = await page(services, _Row, Device.container, narrowed[only], top, token)
    return DevicePage(devices=[_row(row, services.now()) for row in found.rows], token=found.token)


async def explain(services: Services, id_: str) -> Explanation:
    """The explanation of the device `id_` names. Raises NotThere, and BadRequest where it names more than
    one."""
    device = await stored_device(services, id_)
    return Explanation(
        id=device.id,
        facts=device.facts,
        enrollment_class=enrollment_class(device.facts, gone=device.gone_at is not None),
        decision=device.decision,
        override=device.override,
        tag=device.tag,
        newer_registration=device.newer_registration,
        intune_level_differs=intune_level_differs(device),
        entra_attribute=await _entra_attribute(services, device),
        enforcement=await enforcement_of(services, device.tag.applied),
        mode=services.settings.mode,
        agents=list(device.slots.values()),
        not_listed=await _not_listed(services, device),
        reports=await _reports(services, device),
        history=list(device.history),
        asked_at=services.now(),
    )


async def _entra_attribute(services: Services, device: Device) -> EntraAttribute:
    seen = EntraAttribute(attribute=services.settings.attribute)
    if device.facts.entra_id is None:
        return seen.model_copy(update={"trouble": "the device is not registered in Entra"})
    try:
        found = await services.graph.tag(device.id)
        return seen.model_copy(update={"value": found.value, "restricted": found.restricted})
    except GraphError as error:
        return seen.model_copy(update={"trouble": str(error)})


async def _not_listed(services: Services, device: Device) -> list[NotListed]:
    found = await not_listed(services, (slot.agent for slot in device.slots.values()))
    return [NotListed(agent=agent, since=since) for agent, since in found.items()]


async def _reports(services: Services, device: Device) -> list[ReportSeen]:
    """The reports behind findings and partners' own levels; one that outlived its 90 days is left out."""
    seen = []
    for slot in device.slots.values():
        for id_ in filter(None, (slot.own_report, *(finding.report for finding in slot.findings))):
            found = await services.store.read(Report, id_, slot.agent)
            if found and isinstance(found.document.record, ThreatRecord | DeviceStateRecord):
                seen.append(_report_seen(found.document, found.document.record))
    return seen


def _report_seen(report: Report, record: ThreatRecord | DeviceStateRecord) -> ReportSeen:
    shown = record.model_dump(exclude={"raw", "index"})
    own = {"id": report.id, "agent": report.agent, "received_at": report.received_at}
    return ReportSeen.model_validate({**shown, **own})


def _row(row: _Row, now: datetime) -> DeviceRow:
    decision, given = row.decision, row.override
    return DeviceRow(
        id=row.id,
        name=row.facts.name,
        platform=row.facts.platform,
        ownership=row.facts.ownership,
        enrollment_class=enrollment_class(row.facts, gone=row.gone_at is not None),
        verdict=decision.verdict if decision else Verdict.UNDECIDED,
        risk=decision.risk if decision else Level.SECURED,
        allowed=decision.allowed if decision else None,
        reason=decision.reasons[0] if decision else None,
        overridden_until=given.until if given and given.until > now else None,
        tag_wanted=row.tag.wanted,
        tag_applied=row.tag.applied,
        tag_state=row.tag.state,
        compliance_state=row.facts.compliance_state,
        intune_threat_level=intune_threat_level(row.facts),
        restricted=row.restricted,
        newer_registration=row.newer_registration,
    )
