"""Policies whose assignment has a filter, as Intune means them."""

import logging
from typing import Any

import pytest

from evaluate_risk.evaluation import evaluate
from shared.domain.level import Level
from shared.domain.model import Verdict
from shared.domain.record import Platform
from shared.domain.rule import Assignment, Rule, Rules, TargetFilter
from shared.graph.wire import CompliancePolicyAnswer
from sync_inventory.policies.filters import with_filters_of
from sync_inventory.policies.rules import assignment
from tests.evaluate_risk.stories import feed
from tests.sync_inventory.tenant import put_phone, put_policy, run, step, target
from tests.world import World, a_threat

CORPORATE = "f0000000-0000-4000-8000-00000000000c"
FILTERS = ("GET", "/beta/deviceManagement/assignmentFilters")
EVERYBODY = "allLicensedUsersAssignmentTarget"


def put_filter(world: World, rule: str = '(device.deviceOwnership -eq "Corporate")', **fields: Any) -> None:
    """A filter for managed iOS devices, "corporate" by name."""
    values = {"id": CORPORATE, "displayName": "corporate", "platform": "iOS", "rule": rule}
    world.tenant.put_assignment_filter({**values, "assignmentFilterManagementType": "devices", **fields})


def filtered(mode: str, kind: str = EVERYBODY, id_: str = CORPORATE, **fields: Any) -> dict[str, Any]:
    """An assignment with a filter."""
    chosen = {
        "deviceAndAppManagementAssignmentFilterId": id_,
        "deviceAndAppManagementAssignmentFilterType": mode,
    }
    return {"target": {**target(kind), **chosen, **fields}}


async def _verdict(world: World) -> Verdict | None:
    decision = (await world.device()).decision
    return decision.verdict if decision else None


async def _rules(world: World) -> Rules:
    found = await world.services.store.read(Rules, "rules")
    assert found is not None
    return found.document


async def _infected(world: World) -> None:
    await evaluate(world.services, feed(a_threat(severity=Level.HIGH)))


@pytest.mark.parametrize(
    ("mode", "owner", "verdict"),
    [
        ("include", "company", Verdict.BLOCK),
        ("include", "personal", Verdict.UNDECIDED),
        ("exclude", "company", Verdict.UNDECIDED),
        ("exclude", "personal", Verdict.BLOCK),
        ("none", "personal", Verdict.BLOCK),
    ],
)
async def test_a_phone_that_is_filtered_out_is_not_held_to_the_rule(
    tenant_world: World, mode: str, owner: str, verdict: Verdict
) -> None:
    put_filter(tenant_world)
    put_policy(tenant_world, assignments=[filtered(mode)])
    put_phone(tenant_world, managedDeviceOwnerType=owner)
    await run(tenant_world)
    await _infected(tenant_world)
    assert await _verdict(tenant_world) is verdict


async def test_a_corporate_and_a_personal_line_beside_each_other_are_both_kept(tenant_world: World) -> None:
    put_filter(tenant_world)
    put_policy(tenant_world, "secured", "policy-corporate", assignments=[filtered("include")])
    put_policy(tenant_world, "medium", "policy-personal", assignments=[filtered("exclude")])
    put_phone(tenant_world, managedDeviceOwnerType="personal")
    await run(tenant_world)
    await evaluate(tenant_world.services, feed(a_threat(severity=Level.LOW)))
    assert await _verdict(tenant_world) is Verdict.ALLOW
    put_phone(tenant_world, managedDeviceOwnerType="company")
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.BLOCK


@pytest.mark.parametrize(
    ("fields", "trouble"),
    [
        ({"rule": '(device.isRooted -eq "True")'}, "asks for what is not mirrored: isrooted"),
        ({"rule": "(device.new -eq 1)"}, "cannot be evaluated: no property 'new'"),
        ({"platform": "androidForWork"}, "could not be read"),
        ({"assignmentFilterManagementType": "apps"}, "could not be read"),
    ],
)
async def test_a_filter_nobody_can_evaluate_leaves_the_phone_undecided_and_is_named(
    tenant_world: World, caplog: pytest.LogCaptureFixture, fields: dict[str, Any], trouble: str
) -> None:
    put_filter(tenant_world, **fields)
    put_policy(tenant_world, assignments=[filtered("include")])
    put_phone(tenant_world)
    with caplog.at_level(logging.WARNING, "mtd"):
        assert (await step(tenant_world, "rules")).counts["with_remarks"] == 1
    await _infected(tenant_world)
    assert await _verdict(tenant_world) is Verdict.UNDECIDED
    said = f"its filter corporate {trouble}"
    assert (await _rules(tenant_world)).remarks == {"policy-1": (said,)}
    assert f"rule_remark rule=policy-1 what={said}" in caplog.text


async def test_a_filter_that_is_not_listed_is_one_nobody_can_evaluate(tenant_world: World) -> None:
    put_policy(tenant_world, assignments=[filtered("include")])
    put_phone(tenant_world)
    await run(tenant_world)
    assert (await _rules(tenant_world)).remarks == {
        "policy-1": (f"its filter {CORPORATE} could not be read",)
    }
    await _infected(tenant_world)
    assert await _verdict(tenant_world) is Verdict.UNDECIDED


async def test_a_filter_that_changes_decides_its_phones_again(tenant_world: World) -> None:
    put_filter(tenant_world)
    put_policy(tenant_world, assignments=[filtered("include")])
    put_phone(tenant_world)
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.ALLOW
    put_filter(tenant_world, '(device.model -eq "iPhone 8")')
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.UNDECIDED
    put_phone(tenant_world, model="iPhone 8")
    await run(tenant_world)
    assert await _verdict(tenant_world) is Verdict.ALLOW


async def test_filters_are_asked_for_once_a_sync_and_only_where_one_is_used(tenant_world: World) -> None:
    put_policy(tenant_world)
    await run(tenant_world)
    assert tenant_world.graph_calls[FILTERS] == 0
    put_filter(tenant_world)
    for number in range(3):
        put_policy(tenant_world, "low", f"policy-{number}", assignments=[filtered("include")])
    await run(tenant_world)
    assert tenant_world.graph_calls[FILTERS] == 1


async def test_where_beta_is_refused_v1_is_read_and_known_filters_hold(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    put_filter(tenant_world)
    put_policy(tenant_world, assignments=[filtered("exclude")])
    put_phone(tenant_world)
    await run(tenant_world)
    tenant_world.graph_faults.fail(400, 9, path_contains="/beta/")
    with caplog.at_level(logging.WARNING, "mtd"):
        done = await step(tenant_world, "rules")
    assert (done.ok, done.counts["without_filters"]) == (True, 1)
    assert "filters_unread why=beta refuses the list of compliance policies" in caplog.text
    rules = await _rules(tenant_world)
    assert not rules.filters_read
    assert rules.rules[0].assignment.filters["all_users"].id == CORPORATE
    await _infected(tenant_world)
    assert await _verdict(tenant_world) is Verdict.UNDECIDED, "it is still filtered out"
    tenant_world.graph_faults.clear()
    await run(tenant_world)
    assert (await _rules(tenant_world)).filters_read


async def test_a_beta_that_does_not_answer_leaves_the_rules_as_they_were(tenant_world: World) -> None:
    put_policy(tenant_world)
    await run(tenant_world)
    before = await _rules(tenant_world)
    tenant_world.graph_faults.fail(503, 9, path_contains="/beta/")
    assert not (await step(tenant_world, "rules")).ok
    assert await _rules(tenant_world) == before


def _assignment(*assignments: dict[str, Any]) -> Assignment:
    return assignment(CompliancePolicyAnswer.model_validate({"id": "p", "assignments": assignments}))


def test_a_target_bears_its_own_filter() -> None:
    group = {"groupId": "G"}
    read = _assignment(
        filtered("include"),
        filtered("exclude", "groupAssignmentTarget", "f2", **group),
        filtered("include", "exclusionGroupAssignmentTarget", "F3", groupId="H"),
    )
    assert {name: (each.id, each.include) for name, each in read.filters.items()} == {
        "all_users": (CORPORATE, True),
        "g": ("f2", False),
        "not:h": ("f3", True),
    }


@pytest.mark.parametrize(
    ("others", "filters"),
    [
        ([filtered("include", id_="f2")], {"several"}),
        ([filtered("include")], {CORPORATE}),
        ([{"target": target(EVERYBODY)}], set()),
        ([filtered("none", id_="f2")], set()),
    ],
)
def test_a_target_that_stands_twice_is_narrowed_by_both_or_by_none(
    others: list[dict[str, Any]], filters: set[str]
) -> None:
    read = _assignment(filtered("include"), *others)
    assert {each.id for each in read.filters.values()} == filters


@pytest.mark.parametrize("id_", ["", None, "00000000-0000-0000-0000-000000000000"])
def test_an_id_that_names_no_filter_is_none(id_: Any) -> None:
    assert _assignment(filtered("include", id_=id_)).filters == {}


def test_a_mode_nobody_knows_makes_a_filter_nobody_can_evaluate() -> None:
    assert [each.id for each in _assignment(filtered("sometimes")).filters.values()] == [
        f"sometimes:{CORPORATE}"
    ]


def test_filters_known_before_hold_for_the_targets_that_are_left() -> None:
    chosen = TargetFilter(id="f", name="f", include=True, rule="r")
    known = dict.fromkeys(("all_users", "all_devices", "g", "h", "not:x", "not:y"), chosen)
    shape: dict[str, Any] = {"all_users": True, "groups": ("g",), "excluded": ("x",)}
    before, now = (
        Rule(id="p", name="p", platform=Platform.IOS, allowed=Level.LOW, assignment=Assignment(**fields))
        for fields in ({**shape, "filters": known}, shape)
    )
    assert {*with_filters_of(now, before).assignment.filters} == {"all_users", "g", "not:x"}
    assert with_filters_of(now, None) == now
