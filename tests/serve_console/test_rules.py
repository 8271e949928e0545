"""The rules in force, as they are listed."""

from dataclasses import replace

from serve_console.rules import list_rules
from shared.domain.local_rules import parse
from tests.sync_inventory.policies.test_filters import filtered, put_filter
from tests.sync_inventory.tenant import put_policy, run, target
from tests.world import World

LOCAL = b'[[rule]]\nname = "no network threats"\nallowed = "secured"\ncategory = "network"\n'


async def test_before_the_first_sync_there_are_the_local_ones(tenant_world: World) -> None:
    services = replace(tenant_world.services, local_rules=parse(LOCAL, "rules.toml"))
    listed = await list_rules(services)
    assert {(rule.name, rule.source) for rule in listed.rules} == {("no network threats", "local")}
    assert (listed.filters_read, listed.read_at) == (True, None)


async def test_a_rule_is_listed_with_its_filters_and_with_why_it_reaches_nobody(tenant_world: World) -> None:
    group = "9a000000-0000-4000-8000-000000000001"
    tenant_world.tenant.put_group({"id": group, "members": []})
    put_filter(tenant_world)
    put_policy(tenant_world, assignments=[filtered("exclude")])
    nobody = {**target("groupAssignmentTarget"), "groupId": group}
    put_policy(tenant_world, "secured", "policy-2", assignments=[{"target": nobody}])
    await run(tenant_world)
    first, second = (await list_rules(tenant_world.services)).rules
    chosen = first.assignment.filters["all_users"]
    assert (chosen.name, chosen.include, chosen.rule) == (
        "corporate",
        False,
        '(device.deviceOwnership -eq "Corporate")',
    )
    assert first.remarks == []
    assert second.remarks[0].startswith(f"it reaches nobody: {group}: no user is in it")


async def test_what_is_wrong_with_a_policy_that_follows_from_a_tag_is_listed_apart(
    tenant_world: World,
) -> None:
    put_policy(tenant_world, description="[mtd-consequence] a message")
    await run(tenant_world)
    listed = await list_rules(tenant_world.services)
    assert listed.rules == []
    level, everybody = listed.other_remarks["policy-1"]
    assert level.startswith("it makes no rule, though it asks for a threat level")
    assert everybody.startswith("it is assigned to everybody")
