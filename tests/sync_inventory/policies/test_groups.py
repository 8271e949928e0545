"""Policies assigned to groups, and the devices they reach."""

import logging
from typing import Any

import pytest

from evaluate_risk.evaluation import evaluate
from local.graph.directory import Kind
from shared.domain.level import Level
from shared.domain.model import Verdict
from shared.domain.rule import Rules
from tests.evaluate_risk.stories import feed
from tests.sync_inventory.tenant import put_phone, put_policy, run, step, target, writes
from tests.world import ENTRA_ID, USER_ID, World, a_threat

OTHER = "55555555-aaaa-4bbb-8ccc-222222222222"
SALES, BOARD = "9a000000-0000-4000-8000-000000000001", "9a000000-0000-4000-8000-000000000002"


def _assigned(world: World, *, include: str | None = None, exclude: str | None = None, **fields: Any) -> None:
    targets = [{**target("groupAssignmentTarget"), "groupId": include}] if include else []
    targets += [{**target("exclusionGroupAssignmentTarget"), "groupId": exclude}] if exclude else []
    if exclude and not include:
        targets.append(target("allLicensedUsersAssignmentTarget"))
    put_policy(world, assignments=[{"target": each} for each in targets], **fields)


async def _verdict(world: World, id_: str = ENTRA_ID) -> Verdict | None:
    decision = (await world.device(id_)).decision
    return decision.verdict if decision else None


async def test_a_policy_for_a_group_reaches_its_users_devices_and_no_others(tenant_world: World) -> None:
    tenant_world.tenant.put_group({"id": SALES, "members": [USER_ID.upper()]})
    _assigned(tenant_world, include=SALES)
    put_phone(tenant_world)
    put_phone(tenant_world, "intune-2", OTHER, serialNumber="SN-2", userId="somebody-else")
    done = await run(tenant_world)
    assert done.steps[1].counts == {"rules": 1, "groups": 1, "group_members": 1, "written": 1}
    assert (await tenant_world.device()).facts.groups == (SALES,)
    assert await _verdict(tenant_world) is Verdict.ALLOW
    assert await _verdict(tenant_world, OTHER) is Verdict.UNDECIDED


async def test_a_user_of_a_group_within_the_group_is_reached(tenant_world: World) -> None:
    tenant_world.tenant.put_group({"id": BOARD, "members": [USER_ID]})
    tenant_world.tenant.put_group({"id": SALES, "members": [BOARD]})
    _assigned(tenant_world, include=SALES)
    put_phone(tenant_world)
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.ALLOW


async def test_a_user_of_an_excluded_group_is_not_reached(tenant_world: World) -> None:
    tenant_world.tenant.put_group({"id": BOARD, "members": [USER_ID]})
    _assigned(tenant_world, exclude=BOARD)
    put_phone(tenant_world)
    put_phone(tenant_world, "intune-2", OTHER, serialNumber="SN-2", userId="somebody-else")
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.UNDECIDED
    assert await _verdict(tenant_world, OTHER) is Verdict.ALLOW


async def test_a_user_who_leaves_the_group_is_reached_no_longer(tenant_world: World) -> None:
    tenant_world.tenant.put_group({"id": SALES, "members": [USER_ID]})
    _assigned(tenant_world, include=SALES)
    put_phone(tenant_world)
    await run(tenant_world)
    tenant_world.operations.clear()
    await run(tenant_world)
    assert writes(tenant_world) == {("settings", "replace"): 2}  # its turn and its record
    tenant_world.tenant.put_group({"id": SALES, "members": []})
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.UNDECIDED


async def test_a_group_that_is_gone_leaves_its_policy_unresolved_by_name(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    _assigned(tenant_world, include=SALES, displayName="sales only")
    put_phone(tenant_world)
    with caplog.at_level(logging.WARNING, "mtd"):
        done = await step(tenant_world, "rules")
    assert done.counts["unresolved"] == 1
    assert f"group_unknown group={SALES}" in caplog.text
    decision = (await tenant_world.device()).decision
    assert decision is not None
    assert decision.reasons == ("no rule decides: the assignment of sales only is unresolved",)


async def test_a_graph_that_does_not_answer_leaves_rules_and_groups_as_they_were(tenant_world: World) -> None:
    tenant_world.tenant.put_group({"id": SALES, "members": [USER_ID]})
    _assigned(tenant_world, include=SALES)
    put_phone(tenant_world)
    await run(tenant_world)
    before = await tenant_world.device()
    tenant_world.graph_faults.fail(503, 9, path_contains="transitiveMembers")
    put_phone(tenant_world, osVersion="19.2")
    done = await run(tenant_world)
    assert [each.step for each in done.steps if not each.ok] == ["rules"]
    after = await tenant_world.device()
    assert after.facts.os_version == "19.2"
    assert after.facts.groups == before.facts.groups == (SALES,)
    assert await _verdict(tenant_world) is Verdict.ALLOW


async def test_a_large_group_is_read_by_pages_and_never_user_by_user(tenant_world: World) -> None:
    members = [f"{number:08}-0000-4000-8000-000000000000" for number in range(2500)]
    tenant_world.tenant.put_group({"id": SALES, "members": [*members, USER_ID]})
    _assigned(tenant_world, include=SALES)
    put_phone(tenant_world)
    done = await step(tenant_world, "rules")
    assert done.counts["group_members"] == 2501
    asked = {path: count for (_, path), count in tenant_world.graph_calls.items() if "/groups/" in path}
    assert sum(asked.values()) == 3


async def _a_phone_the_strict_policy_refuses(world: World) -> None:
    """Blocked by a policy for sales, and within the line of a looser one for everybody."""
    put_policy(world, "medium", "policy-loose")
    for group in (SALES, BOARD):
        world.tenant.put_group({"id": group, "members": [USER_ID]})
    _assigned(world, include=SALES, level="secured")
    put_phone(world)
    await run(world)
    await evaluate(world.services, feed(a_threat(severity=Level.LOW)))
    assert world.entra_tag() == "mtd-block-low"


async def test_a_group_that_cannot_be_looked_up_lets_nobody_in(tenant_world: World) -> None:
    await _a_phone_the_strict_policy_refuses(tenant_world)
    tenant_world.graph_faults.fail(403, 1, path_contains="transitiveMembers")
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.UNDECIDED
    assert tenant_world.entra_tag() == "mtd-block-low"
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.BLOCK


async def test_a_policy_assigned_to_another_group_lets_nobody_in_before_the_sweep_knows_its_users(
    tenant_world: World,
) -> None:
    await _a_phone_the_strict_policy_refuses(tenant_world)
    _assigned(tenant_world, include=BOARD, level="secured")
    tenant_world.graph_faults.fail(503, 3, path_contains="managedDevices?")
    await run(tenant_world)
    assert tenant_world.entra_tag() == "mtd-block-low"
    assert "rules_settled" in (await step(tenant_world, "devices")).counts
    assert await _verdict(tenant_world) is Verdict.BLOCK
    assert "rules_settled" not in (await step(tenant_world, "devices")).counts


async def test_who_is_in_no_group_of_a_newly_assigned_policy_is_let_in_after_the_sweep(
    tenant_world: World,
) -> None:
    await _a_phone_the_strict_policy_refuses(tenant_world)
    tenant_world.tenant.put_group({"id": BOARD, "members": []})
    _assigned(tenant_world, include=BOARD, level="secured")
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.ALLOW
    assert tenant_world.entra_tag() == "mtd-ok"


async def _rules(world: World) -> Rules:
    found = await world.services.store.read(Rules, "rules")
    assert found is not None
    return found.document


async def test_a_deleted_group_in_an_exclusion_excludes_nobody_from_the_second_sync_on(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    tenant_world.tenant.put_group({"id": BOARD, "members": []})
    _assigned(tenant_world, exclude=BOARD)
    put_phone(tenant_world)
    await run(tenant_world)
    await evaluate(tenant_world.services, feed(a_threat(severity=Level.HIGH)))
    assert await _verdict(tenant_world) is Verdict.BLOCK
    tenant_world.tenant.remove(Kind.GROUP, BOARD)
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.UNDECIDED, "it may be a fault of the moment"
    with caplog.at_level(logging.WARNING, "mtd"):
        assert (await step(tenant_world, "rules")).counts["groups_gone"] == 1
    assert await _verdict(tenant_world) is Verdict.BLOCK
    gone = f"group {BOARD} is deleted: its assignment counts again when it is restored"
    assert f"rule_remark rule=policy-1 what={gone}" in caplog.text
    assert (await _rules(tenant_world)).remarks == {"policy-1": (gone,)}
    caplog.clear()
    tenant_world.operations.clear()
    await run(tenant_world)
    assert "rule_remark" not in caplog.text, "said once"
    assert writes(tenant_world) == {("settings", "replace"): 2}  # its turn and its record


async def test_a_restored_group_counts_at_once(tenant_world: World) -> None:
    _assigned(tenant_world, exclude=BOARD)
    put_phone(tenant_world)
    await run(tenant_world)
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.ALLOW
    tenant_world.tenant.put_group({"id": BOARD, "members": [USER_ID]})
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.UNDECIDED
    assert (await _rules(tenant_world)).remarks == {}


async def test_a_restored_group_lets_nobody_in_before_the_sweep_knows_its_users(tenant_world: World) -> None:
    _assigned(tenant_world, include=SALES, level="secured")
    put_policy(tenant_world, "high", "loose")
    put_phone(tenant_world)
    await run(tenant_world)
    await run(tenant_world)
    await evaluate(tenant_world.services, feed(a_threat(severity=Level.LOW)))
    assert await _verdict(tenant_world) is Verdict.ALLOW, "the group is deleted"
    tenant_world.tenant.put_group({"id": SALES, "members": [USER_ID]})
    tenant_world.graph_faults.fail(503, 3, path_contains="managedDevices?")
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.UNDECIDED, "whom it reaches is not known yet"
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.BLOCK


async def test_a_rule_for_a_deleted_group_alone_reaches_nobody_and_keeps_nobody_out(
    tenant_world: World,
) -> None:
    await _a_phone_the_strict_policy_refuses(tenant_world)
    tenant_world.tenant.remove(Kind.GROUP, SALES)
    await run(tenant_world)
    assert tenant_world.entra_tag() == "mtd-block-low"
    await run(tenant_world)
    assert tenant_world.entra_tag() == "mtd-ok"
    assert "it reaches nobody: " in (await _rules(tenant_world)).remarks["policy-1"][0]


async def test_a_group_that_is_refused_stays_unresolved_however_often(tenant_world: World) -> None:
    await _a_phone_the_strict_policy_refuses(tenant_world)
    for _ in range(3):
        tenant_world.graph_faults.fail(403, 1, path_contains="transitiveMembers")
        await run(tenant_world)
        assert await _verdict(tenant_world) is Verdict.UNDECIDED


@pytest.mark.parametrize(
    "group",
    [{"members": [], "others": ["a device"]}, {"members": [USER_ID], "visibility": "HiddenMembership"}],
)
async def test_a_rule_for_a_group_without_users_is_shown_as_reaching_nobody(
    tenant_world: World, caplog: pytest.LogCaptureFixture, group: dict[str, Any]
) -> None:
    tenant_world.tenant.put_group({"id": SALES, **group})
    _assigned(tenant_world, include=SALES)
    put_phone(tenant_world)
    with caplog.at_level(logging.WARNING, "mtd"):
        done = await step(tenant_world, "rules")
    assert (done.counts["with_remarks"], done.ok) == (1, True)
    said = f"it reaches nobody: {SALES}: no user is in it"
    assert f"rule_remark rule=policy-1 what={said}" in caplog.text
    assert (await _rules(tenant_world)).remarks["policy-1"][0].startswith(said)
    tenant_world.tenant.put_group({"id": SALES, "members": [USER_ID]})
    await run(tenant_world)
    assert (await _rules(tenant_world)).remarks == {}
