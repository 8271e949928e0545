"""The rules Intune's compliance policies make."""

import logging
from typing import Any

import pytest

from infra.consequences.templates import wanted
from local.graph.directory import Kind
from shared.domain.level import Level
from shared.domain.model import EnrollmentType
from shared.domain.record import Platform
from shared.domain.rule import CONSEQUENCE, Assignment, Rule, Rules
from shared.graph.wire import CompliancePolicyAnswer
from sync_inventory.policies.rules import read_rule
from sync_inventory.tally import Tally
from tests.sync_inventory.tenant import POLICY_TYPE, put_policy, step, target, writes
from tests.world import EVERYBODY, World

STRICT = Rule(id="p", name="strict", platform=Platform.ANDROID, allowed=Level.LOW, assignment=EVERYBODY)


def _read(tally: Tally | None = None, before: Rule | None = None, **fields: Any) -> Rule | None:
    values = {
        "id": "p",
        "type": POLICY_TYPE,
        "deviceThreatProtectionEnabled": True,
        "deviceThreatProtectionRequiredSecurityLevel": "medium",
    }
    return read_rule(CompliancePolicyAnswer.model_validate({**values, **fields}), tally or Tally(), before)


def _assigned(*kinds: str) -> Assignment:
    """What assignments to targets of these kinds reach; `kind:group` names one of a group."""
    targets = [
        {**target(kind), "groupId": group or None} for kind, _, group in (k.partition(":") for k in kinds)
    ]
    rule = _read(assignments=[{"target": each} for each in targets])
    assert rule is not None
    return rule.assignment


@pytest.mark.parametrize("level", list(Level))
def test_each_of_intunes_levels_makes_a_rule(level: Level) -> None:
    rule = _read(deviceThreatProtectionRequiredSecurityLevel=level.value)
    assert rule is not None
    assert rule.allowed is level


@pytest.mark.parametrize("level", ["unavailable", "notSet", None])
def test_a_policy_that_asks_for_no_level_makes_no_rule(level: str | None) -> None:
    tally = Tally()
    assert _read(tally, deviceThreatProtectionRequiredSecurityLevel=level) is None
    assert tally.counts == {"without_level": 1}


def test_a_policy_with_a_level_but_without_the_switch_makes_no_rule() -> None:
    assert _read(deviceThreatProtectionEnabled=False) is None


def test_a_level_nobody_knows_makes_no_rule_but_is_named(caplog: pytest.LogCaptureFixture) -> None:
    tally = Tally()
    with caplog.at_level(logging.WARNING, "mtd"):
        assert _read(tally, deviceThreatProtectionRequiredSecurityLevel="critical") is None
    assert tally.counts == {"unknown_level": 1}
    assert "unknown_word what=level word=critical policy=p" in caplog.text


@pytest.mark.parametrize(
    ("kind", "platform"),
    [
        ("iosCompliancePolicy", Platform.IOS),
        ("androidCompliancePolicy", Platform.ANDROID),
        ("androidWorkProfileCompliancePolicy", Platform.ANDROID),
        ("androidDeviceOwnerCompliancePolicy", Platform.ANDROID),
    ],
)
def test_the_policy_type_gives_the_platform(kind: str, platform: Platform) -> None:
    rule = _read(type=f"#microsoft.graph.{kind}")
    assert rule is not None
    assert rule.platform is platform


@pytest.mark.parametrize(
    "kind", ["windows10CompliancePolicy", "macOSCompliancePolicy", "aospDeviceOwnerCompliancePolicy"]
)
def test_a_policy_for_another_platform_is_counted_and_makes_no_rule(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    tally = Tally()
    with caplog.at_level(logging.WARNING, "mtd"):
        assert _read(tally, STRICT, type=f"#microsoft.graph.{kind}") is None
    assert tally.counts == {"other_platform": 1}
    assert "policy_type" not in caplog.text


def test_a_policy_type_nobody_knows_is_named_and_the_rule_it_made_before_stands(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tally = Tally()
    with caplog.at_level(logging.WARNING, "mtd"):
        assert _read(tally, STRICT, type="#microsoft.graph.visionCompliancePolicy") is STRICT
        assert _read(tally, type="") is None
    assert tally.counts == {"unknown_type": 2}
    assert (
        "unknown_word what=policy_type word=#microsoft.graph.visionCompliancePolicy policy=p" in caplog.text
    )


def test_a_policy_served_under_the_base_type_without_its_threat_fields_is_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tally = Tally()
    policy = CompliancePolicyAnswer.model_validate(
        {"id": "p", "@odata.type": "#microsoft.graph.deviceCompliancePolicy"}
    )
    with caplog.at_level(logging.WARNING, "mtd"):
        assert read_rule(policy, tally, STRICT) is STRICT
    assert tally.counts == {"unknown_type": 1}
    assert "deviceCompliancePolicy" in caplog.text


INCLUDED, EXCLUDED = "groupAssignmentTarget", "exclusionGroupAssignmentTarget"


def test_assignments_say_whom_a_rule_reaches() -> None:
    assert _assigned("allLicensedUsersAssignmentTarget") == Assignment(all_users=True)
    assert _assigned("allDevicesAssignmentTarget") == Assignment(all_devices=True)
    assert _assigned(f"{INCLUDED}:B", f"{INCLUDED}:a") == Assignment(groups=("a", "b"))
    assert _assigned("allLicensedUsersAssignmentTarget", f"{EXCLUDED}:x") == Assignment(
        all_users=True, excluded=("x",)
    )
    assert _assigned() == Assignment()


@pytest.mark.parametrize("kind", ["somethingNewAssignmentTarget", INCLUDED, ""])
def test_a_target_nobody_knows_is_among_the_unknown(kind: str) -> None:
    odd = (f"kind:{kind}",)
    assert _assigned(kind) == Assignment(groups=odd, unresolved=odd)


def test_an_excluded_group_without_an_id_is_among_the_unknown() -> None:
    odd = (f"kind:{EXCLUDED}",)
    assert _assigned("allDevicesAssignmentTarget", EXCLUDED) == Assignment(
        all_devices=True, excluded=odd, unresolved=odd
    )


def test_a_policy_under_the_base_type_with_its_threat_fields_is_one_for_android_device_owners() -> None:
    rule = _read(type="#microsoft.graph.deviceCompliancePolicy")
    assert rule is not None
    assert (rule.platform, rule.enrollment_types) == (Platform.ANDROID, (EnrollmentType.DEVICE_OWNER,))


@pytest.mark.parametrize(
    ("kind", "enrollment_type"),
    [
        ("androidCompliancePolicy", EnrollmentType.ADMINISTRATOR),
        ("androidWorkProfileCompliancePolicy", EnrollmentType.WORK_PROFILE),
        ("androidDeviceOwnerCompliancePolicy", EnrollmentType.DEVICE_OWNER),
    ],
)
def test_the_policy_type_gives_the_enrollment(kind: str, enrollment_type: EnrollmentType) -> None:
    rule = _read(type=f"#microsoft.graph.{kind}")
    assert rule is not None
    assert rule.enrollment_types == (enrollment_type,)


def test_the_grace_period_is_that_of_the_action_block() -> None:
    actions = [
        {"actionType": "notification", "gracePeriodHours": 1},
        {"actionType": "block", "gracePeriodHours": 24},
    ]
    rule = _read(scheduledActionsForRule=[{"scheduledActionConfigurations": actions}])
    assert rule is not None
    assert rule.grace_hours == 24
    without = _read()
    assert without is not None
    assert without.grace_hours == 0


@pytest.mark.parametrize(("hours", "grace"), [(-4, 0), (2**31 - 1, 8760)])
def test_an_absurd_grace_period_is_the_nearest_that_makes_sense(hours: int, grace: float) -> None:
    absurd = [{"actionType": "block", "gracePeriodHours": hours}]
    rule = _read(scheduledActionsForRule=[{"scheduledActionConfigurations": absurd}])
    assert rule is not None
    assert rule.grace_hours == grace


async def test_policies_are_mirrored_and_written_only_when_a_rule_changed(tenant_world: World) -> None:
    actions = [{"actionType": "block", "gracePeriodHours": 4}]
    put_policy(tenant_world, scheduledActionsForRule=[{"scheduledActionConfigurations": actions}])
    put_policy(tenant_world, "notSet", "policy-2")
    put_policy(tenant_world, "high", "policy-3", assignments=[{"target": target(INCLUDED)}])
    done = await step(tenant_world, "rules")
    assert done.counts == {"rules": 2, "unresolved": 1, "with_remarks": 1, "without_level": 1, "written": 1}
    found = await tenant_world.services.store.read(Rules, "rules")
    assert found is not None
    assert [rule.id for rule in found.document.rules] == ["policy-1", "policy-3"]
    assert found.document.rules[0].grace_hours == 4
    tenant_world.operations.clear()
    assert "written" not in (await step(tenant_world, "rules")).counts
    assert writes(tenant_world) == {("settings", "replace"): 2}  # its turn and its record
    put_policy(tenant_world, "medium")
    assert (await step(tenant_world, "rules")).counts["written"] == 1


def test_a_rule_whose_level_turns_into_an_unknown_word_stands_as_it_was() -> None:
    tally = Tally()
    before = Rule(id="p1", name="strict", platform=Platform.IOS, allowed=Level.LOW, assignment=EVERYBODY)
    policy = CompliancePolicyAnswer.model_validate(
        {
            "id": "p1",
            "@odata.type": "#microsoft.graph.iosCompliancePolicy",
            "deviceThreatProtectionEnabled": True,
            "deviceThreatProtectionRequiredSecurityLevel": "extreme",
        }
    )
    assert read_rule(policy, tally, before) is before
    assert read_rule(policy, tally) is None
    assert tally.counts["unknown_level"] == 2


async def test_a_mirrored_rule_outlasts_the_type_of_its_policy(tenant_world: World) -> None:
    put_policy(tenant_world)
    await step(tenant_world, "rules")
    before = await tenant_world.services.store.read(Rules, "rules")
    put_policy(tenant_world, **{"@odata.type": "#microsoft.graph.deviceCompliancePolicy"})
    assert (await step(tenant_world, "rules")).counts == {"rules": 1}
    assert await tenant_world.services.store.read(Rules, "rules") == before


async def test_a_policy_the_list_leaves_out_is_asked_for_and_goes_on_holding(tenant_world: World) -> None:
    put_policy(tenant_world, "secured", "policy-2")
    put_policy(tenant_world)
    await step(tenant_world, "rules")
    before = await tenant_world.services.store.read(Rules, "rules")
    tenant_world.graph_faults.truncate(1, "deviceCompliancePolicies?")
    assert (await step(tenant_world, "rules")).counts == {"rules": 2, "not_listed": 1}
    assert await tenant_world.services.store.read(Rules, "rules") == before


async def test_a_policy_that_is_gone_makes_no_rule_any_more(tenant_world: World) -> None:
    put_policy(tenant_world)
    await step(tenant_world, "rules")
    assert tenant_world.tenant.remove(Kind.COMPLIANCE_POLICY, "policy-1")
    assert (await step(tenant_world, "rules")).counts == {"written": 1}
    found = await tenant_world.services.store.read(Rules, "rules")
    assert found is not None
    assert found.document.rules == ()


async def test_a_policy_for_device_owners_makes_a_rule_as_beta_serves_it(tenant_world: World) -> None:
    put_policy(tenant_world, **{"@odata.type": "#microsoft.graph.androidDeviceOwnerCompliancePolicy"})
    await step(tenant_world, "rules")
    found = await tenant_world.services.store.read(Rules, "rules")
    assert found is not None
    assert [rule.enrollment_types for rule in found.document.rules] == [(EnrollmentType.DEVICE_OWNER,)]
    assert tenant_world.graph_calls["GET", "/deviceManagement/deviceCompliancePolicies"] == 0


async def test_a_rule_for_device_owners_outlasts_a_v1_that_has_no_such_policy(tenant_world: World) -> None:
    put_policy(tenant_world, **{"@odata.type": "#microsoft.graph.androidDeviceOwnerCompliancePolicy"})
    await step(tenant_world, "rules")
    tenant_world.graph_faults.fail(400, 1, path_contains="/beta/")
    tenant_world.graph_faults.truncate(0, "deviceCompliancePolicies?")
    tenant_world.graph_faults.fail(404, 1, path_contains="deviceCompliancePolicies/policy-1")
    counts = (await step(tenant_world, "rules")).counts
    assert (counts["rules"], counts["without_filters"]) == (1, 1)
    tenant_world.tenant.remove(Kind.COMPLIANCE_POLICY, "policy-1")
    assert "rules" not in (await step(tenant_world, "rules")).counts, "beta says that it is gone"


CONSEQUENCES = wanted(attribute=7, grace_hours=0).policies
"""What follows from a tag, as it is shipped, at its sternest."""


def test_a_policy_that_follows_from_a_tag_is_never_a_rule_whatever_it_asks_for() -> None:
    assert all(CONSEQUENCE in policy["description"] for policy in CONSEQUENCES)
    for fields in ({}, {"deviceThreatProtectionRequiredSecurityLevel": "secured"}):
        tally = Tally()
        for policy in CONSEQUENCES:
            assert _read(tally, STRICT, **{**policy, **fields}) is None
        assert tally.counts == {"consequences": 3}
    assert _read(Tally(), description="a policy of ours") is not None


def test_a_policy_that_follows_from_a_tag_is_no_unknown_one_under_the_base_type(
    caplog: pytest.LogCaptureFixture,
) -> None:
    served = {"id": "p", "@odata.type": "#microsoft.graph.deviceCompliancePolicy", "description": CONSEQUENCE}
    tally = Tally()
    assert read_rule(CompliancePolicyAnswer.model_validate(served), tally, STRICT) is None
    assert (tally.counts, caplog.text) == ({"consequences": 1}, "")


async def test_the_policies_as_they_are_shipped_leave_every_device_as_it_was(tenant_world: World) -> None:
    put_policy(tenant_world)
    await step(tenant_world, "rules")
    before = await tenant_world.services.store.read(Rules, "rules")
    group = {**target(INCLUDED), "groupId": "9a000000-0000-4000-8000-00000000000d"}
    for number, policy in enumerate(CONSEQUENCES):
        tenant_world.tenant.put_policy({**policy, "id": f"c{number}", "assignments": [{"target": group}]})
    assert (await step(tenant_world, "rules")).counts == {"rules": 1, "consequences": 3}
    assert await tenant_world.services.store.read(Rules, "rules") == before


async def test_one_that_is_assigned_to_everybody_is_logged_once(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    everybody = [{"target": target("allLicensedUsersAssignmentTarget")}]
    tenant_world.tenant.put_policy({**CONSEQUENCES[0], "id": "c0", "assignments": everybody})
    with caplog.at_level(logging.WARNING, "mtd"):
        await step(tenant_world, "rules")
        await step(tenant_world, "rules")
    assert caplog.text.count("rule_remark rule=c0 what=it is assigned to everybody") == 1


async def test_an_odd_description_costs_no_rule(tenant_world: World) -> None:
    put_policy(tenant_world, description=["[mtd-consequence]"])
    assert (await step(tenant_world, "rules")).counts["rules"] == 1
