"""What is left of a device and its agents once what points to a person is gone."""

from datetime import timedelta

import pytest

from evaluate_risk.personal import agent_without_person, without_person
from evaluate_risk.slots import slot
from shared.domain.level import Level
from shared.domain.model import DeviceFacts, HistoryEntry, NewerRegistration, Override, Tag, TagState
from shared.domain.record import Category, Clears, Platform
from tests.evaluate_risk.samples import a_state, an_identity, folded
from tests.world import ENTRA_ID, INTUNE_ID, START, a_device, a_threat

LATER = START + timedelta(days=90)
REPORTS = (
    a_threat(threat_name="Anna's holiday network"),
    a_threat("t2", threat_name="Anna's pass code", vendor_category="compliance"),
    a_state(clears=Clears.COMPLIANCE, minutes=5),
    an_identity(serial="SN-1", udid="U-1", mdm_device_id="intune-1", minutes=1),
)


def test_of_a_device_ids_levels_and_tag_stay_and_nothing_that_names_or_tells_of_a_person() -> None:
    slots = {"lookout:agent-1": slot(folded(*REPORTS))}
    override = Override(until=LATER, at=START, who="an admin", why="Anna called", covers=("r1",))
    tag = Tag(
        wanted="mtd-block-high",
        applied="mtd-block-high",
        state=TagState.APPLIED,
        why="Anna's phone",
        before="Anna's value",
        error="Anna's device is not there",
        applied_at=START,
    )
    newer = NewerRegistration(id="entra-2", registered_at=START)
    device = a_device(name="Anna's iPhone", groups=("board",), os_version="18.1").model_copy(
        update={"slots": slots, "override": override, "tag": tag, "newer_registration": newer}
    )
    left = without_person(device.noting(START, "Anna's phone was blocked"), LATER)
    assert left.facts == DeviceFacts(intune_id=INTUNE_ID, entra_id=ENTRA_ID, platform=Platform.IOS)
    assert left.history == (HistoryEntry(at=LATER, what="personal data removed"),)
    assert (left.override, left.newer_registration, left.purged_at) == (None, None, LATER)
    assert left.tag == Tag(
        wanted="mtd-block-high", applied="mtd-block-high", state=TagState.APPLIED, applied_at=START
    )
    [bare] = left.slots.values()
    [finding] = bare.findings
    assert (finding.name, finding.severity, finding.report) == (None, Level.HIGH, REPORTS[0].id)
    assert bare.levels == {Category.NETWORK: Level.HIGH}
    assert "Anna" not in left.model_dump_json()


@pytest.mark.parametrize(
    ("linked_by", "kept"),
    [("serial:sn-1", None), ("agent:lookout:agent-1", "agent:lookout:agent-1"), (None, None)],
)
def test_of_an_agent_threats_and_an_admins_link_stay_without_names_and_ids_of_hardware(
    linked_by: str | None, kept: str | None
) -> None:
    agent = folded(*REPORTS).model_copy(
        update={"linked_by": linked_by, "looked_up": "serial:sn-1", "device": ENTRA_ID}
    )
    assert agent.serial
    assert agent.threats["t2"].covered
    left = agent_without_person(agent)
    assert (left.serial, left.udid, left.mdm_device_id, left.looked_up) == (None, None, None, None)
    assert (left.device, left.linked_by) == (ENTRA_ID, kept)
    opened, covered = left.threats["t1"].detection, left.threats["t2"].covered
    assert opened == agent.threats["t1"].detection.model_copy(update={"name": None})  # type: ignore[union-attr]
    assert covered == agent.threats["t2"].covered.model_copy(update={"name": None})
    assert "Anna" not in left.model_dump_json()
