"""The sample scenario, step by step, played against what is running."""

from collections.abc import Awaitable, Callable, Mapping

import aiohttp

from local import sample_tenant as tenant
from local.scenario import (
    admins_part,
    app_inventory,
    door_part,
    eight_partners,
    filter_part,
    first_stories,
    newcomers,
    polled,
    rest_endpoint,
    vendors,
)
from local.scenario.hands import DoesNotHoldError, Hands
from local.scenario.journal import Journal
from local.scenario.stage import Stage
from local.stack import Stack

STEPS: Mapping[str, Callable[[Stage], Awaitable[str]]] = {
    "a": first_stories.synced_and_granted,
    "b": first_stories.infected_and_refused,
    "c": first_stories.repeated_and_unchanged,
    "d": first_stories.remediated_and_granted,
    "e": first_stories.low_and_granted,
    "f": first_stories.unknown_then_blocked,
    "g": first_stories.throttled_and_blocked,
    "h": eight_partners.each_refuses_and_grants,
    "i": admins_part.drift_is_repaired,
    "j": admins_part.overridden_and_blocked_again,
    "k": admins_part.a_wave_stops_and_is_approved,
    "l": rest_endpoint.exported_and_mitigated,
    "m": filter_part.filtered_out_and_back,
    "n": app_inventory.collected_as_opted_in,
    "o": newcomers.let_in_for_a_while,
    "p": vendors.changed_without_a_gap,
    "q": door_part.switched_off_and_noticed,
    "r": polled.polled_and_refused,
    "s": polled.check_points_too,
    "t": polled.dropped_as_files,
    "u": polled.written_into_a_table,
}
"""Every step by its letter: it says what was seen, or raises DoesNotHoldError."""


async def play(stack: Stack, say: Callable[[str], None]) -> bool:
    """Play the scenario and say each step; whether every step held."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        stage = Stage(Hands(stack, session), Journal(stack.data / "scenario.json"))
        try:
            await _played(stage, say)
        except DoesNotHoldError as error:
            say(f"DOES NOT HOLD: {error}")
            stage.journal.close()
            return False
    return True


async def _played(stage: Stage, say: Callable[[str], None]) -> None:
    journal = stage.journal
    if journal.done:
        say(f"going on with the run that was cut off after step ({journal.done[-1]})")
    else:
        await _set_up(stage)
    say("the admin imported the set of Conditional Access policies and switched it on")
    for name, step in STEPS.items():
        if name not in journal.done:
            said = await step(stage)
            say(f"({name}) {said}")
            journal.finish(name)
    journal.close()


async def _set_up(stage: Stage) -> None:
    """The tenant as the first step finds it, and the set of Conditional Access policies imported and on."""
    hands = stage.hands
    await hands.admin("connectors", tenant.connectors())
    await hands.admin("compliance-policies", tenant.compliance_policies())
    for phone in (stage.android, stage.iphone, stage.second):
        await hands.enroll(phone)
    await hands.import_policies()
