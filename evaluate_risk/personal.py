"""What is personal in a device and its agents, and what is left without it. Pure."""

from datetime import datetime

from shared.domain.model import Agent, Device, DeviceFacts, Finding, Slot, Threat, is_manual


def without_person(device: Device, at: datetime) -> Device:
    """`device` without anything that is about a person: levels, tag and ids of records stay.

    Levels stay, because a phone that comes back after a long time is not clean for having been away.
    """
    facts = device.facts
    bare = DeviceFacts(intune_id=facts.intune_id, entra_id=facts.entra_id, platform=facts.platform)
    nameless = device.model_copy(
        update={
            "facts": bare,
            "slots": {id_: _nameless_slot(slot) for id_, slot in device.slots.items()},
            "history": (),
            "override": None,
            "newer_registration": None,
            "tag": device.tag.model_copy(update={"why": None, "before": None, "error": None}),
            "purged_at": at,
        }
    )
    return nameless.noting(at, "personal data removed")


def agent_without_person(agent: Agent) -> Agent:
    """`agent` without the ids of hardware its partner gave, also where they name the link it was found by,
    and without the names of what it found. By its next report it is looked up anew."""
    threats = {key: _nameless_threat(threat) for key, threat in agent.threats.items()}
    linked_by = agent.linked_by if is_manual(agent.linked_by) else None
    ids = {"serial": None, "udid": None, "mdm_device_id": None, "looked_up": None, "linked_by": linked_by}
    return agent.model_copy(update={"threats": threats, **ids})


def _nameless_slot(slot: Slot) -> Slot:
    findings = tuple(_nameless(finding) for finding in slot.findings)
    return slot.model_copy(update={"findings": findings})


def _nameless(finding: Finding) -> Finding:
    return finding.model_copy(update={"name": None})


def _nameless_threat(threat: Threat) -> Threat:
    detections = {"detection": threat.detection, "covered": threat.covered}
    nameless = {
        place: detection.model_copy(update={"name": None})
        for place, detection in detections.items()
        if detection
    }
    return threat.model_copy(update=nameless)
