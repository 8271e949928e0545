"""Steps (i) to (k): somebody changes a tag, an admin overrides, and a wave of threats stops for an
approval."""

import asyncio
import time

from local.partners import zimperium
from local.sample_tenant import Phone
from local.scenario.hands import APPS, PATIENCE, DoesNotHoldError, Hands
from local.scenario.stage import Stage

WAVE = 30
"""Phones of the wave: more than may be newly blocked in an hour."""


async def drift_is_repaired(stage: Stage) -> str:
    hands, phone = stage.hands, stage.second
    await hands.until("the phone is blocked", hands.blocked, phone)
    await hands.set_tag(phone, None)
    await hands.sync()
    await hands.until("the sync puts the block back", hands.blocked, phone)
    await hands.set_tag(phone, "cost-centre-7")
    await hands.sync()
    await hands.until("somebody else's value is reported", hands.tag_state, phone, "foreign")
    if not await hands.tagged(phone, "cost-centre-7"):
        raise DoesNotHoldError("somebody else's value was overwritten")
    await hands.set_tag(phone, None)
    await hands.sync()
    await hands.until("the block comes back", hands.blocked, phone)
    return "a tag that somebody cleared was put back; another's value was left alone, and reported"


async def overridden_and_blocked_again(stage: Stage) -> str:
    hands, phone = stage.hands, stage.second
    path = f"devices/{phone.entra_id}/override"
    await hands.command("POST", path, {"hours": 1, "reason": "known false alarm"})
    await hands.until("the override lets it in", hands.tagged, phone, "mtd-ok")
    await stage.post("zimperium", zimperium.detection(phone, "another", stage.at(3)))
    await hands.until("a threat of later blocks it", hands.blocked, phone)
    await hands.command("DELETE", path, {"reason": "it was real"})
    proof = await hands.asked(f"devices/{phone.entra_id}/what-if")
    if proof["conclusion"] != "blocked devices are refused":
        raise DoesNotHoldError(f"What If says: {proof['conclusion']}")
    return (
        "an override let a phone in, but not past a threat of later; What If: blocked devices are refused, "
        f"round it {await _left_open(hands, phone)}"
    )


async def _left_open(hands: Hands, phone: Phone) -> str:
    """What the ways round the block hang on; the whole set leaves protected apps alone."""
    found = await hands.asked(f"devices/{phone.entra_id}/ways-round?app={APPS['Exchange Online']}")
    signed_in = {each["way"]: each["sign_in"] for each in found["ways"]}
    hanging = {
        way: [on for policy in sign_in["policies"] for on in policy["depends_on"]]
        for way, sign_in in signed_in.items()
        if sign_in["verdict"] != "refuses"
    }
    if hanging != {"unregistered_phone": ["compliantApplication"]}:
        raise DoesNotHoldError(f"ways round the block: {found['conclusion']}, {hanging}")
    return "a protected app alone"


async def a_wave_stops_and_is_approved(stage: Stage) -> str:
    hands, begun = stage.hands, time.monotonic()
    phones = [stage.phone(f"wave phone {number}", "Android") for number in range(WAVE)]
    for phone in phones:
        await hands.enroll(phone)
    await hands.sync()
    await hands.until("the sync brings the last of them", hands.known, phones[-1])
    for phone in phones:
        await stage.post("zimperium", zimperium.detection(phone, "wave", stage.at()))
    await hands.until("every phone of the wave is decided", _all_decided, stage, phones)
    stands = await hands.asked("approvals")
    if stands["stop"] is None or not stands["waiting"]:
        raise DoesNotHoldError(f"nothing waits for an approval: {stands}")
    refused = sum([await hands.tagged(phone, "mtd-block-high") for phone in phones])
    if refused + stands["waiting"] != WAVE:
        raise DoesNotHoldError(f"{refused} are blocked and {stands['waiting']} wait, of {WAVE}")
    await hands.approve("a real outbreak")
    for phone in phones:
        while not await hands.tagged(phone, "mtd-block-high"):
            if time.monotonic() - begun > 2 * PATIENCE:
                raise DoesNotHoldError(f"{phone.name} is not blocked after the approval")
            await asyncio.sleep(0.2)
    return (
        f"a wave of {WAVE}: {refused} blocked, {stands['waiting']} waited for an admin, and were blocked then"
    )


async def _all_decided(stage: Stage, phones: list[Phone]) -> bool:
    waiting = await stage.hands.asked("approvals")
    blocked = 0
    for phone in phones:
        blocked += await stage.hands.tagged(phone, "mtd-block-high")
    return bool(blocked + waiting["waiting"] >= len(phones))
