"""Steps (a) to (g): Microsoft's two Mobile Threat Defense stories, and what must not go wrong in them."""

import asyncio
import time
from dataclasses import replace

from local.partners import lookout, pradeo, wandera_jamf, zimperium
from local.partners.message import Message
from local.sample_tenant import Phone
from local.scenario.hands import PATIENCE, DoesNotHoldError
from local.scenario.stage import Stage


async def synced_and_granted(stage: Stage) -> str:
    hands = stage.hands
    await hands.sync()
    await hands.until("the sync brings the Android phone", hands.known, stage.android)
    await hands.until("the sync brings the iPhone", hands.known, stage.iphone)
    for partner, message in _check_ins(stage):
        await stage.post(partner, message)
    for phone in (stage.android, stage.iphone):
        await hands.until(f"{phone.name} is allowed", hands.verdict, phone, "allow")
        await hands.expect(phone, granted=True)
    why = await hands.reason(stage.iphone)
    return f"sync brought phones, rules and switches: granted at Exchange and SharePoint ({why})"


async def infected_and_refused(stage: Stage) -> str:
    hands = stage.hands
    stray = await _named_by_a_stray_partner(stage)
    begun = time.monotonic()
    await stage.post("zimperium", _infection(stage, stage.android))
    await hands.until("the tag is in Entra", hands.blocked, stage.android)
    seconds = time.monotonic() - begun
    await hands.expect(stage.android, granted=False)
    why = await hands.reason(stage.android)
    return f"high network threat: refused at both, {seconds:.1f} s after the report ({why}); {stray}"


async def _named_by_a_stray_partner(stage: Stage) -> str:
    """An agent of a partner that is switched off names the phone, then another one: it decides nothing here,
    and holds nobody else's reports back."""
    hands, stray = stage.hands, stage.phone("stray agent", "Android").agent_id
    agent = f"pradeo:{stray}"
    await stage.post("pradeo", pradeo.detection(replace(stage.android, agent_id=stray), "root", stage.at()))
    await hands.until("the stray agent is there", hands.named_by, stage.android, agent)
    await stage.post("pradeo", pradeo.detection(replace(stage.second, agent_id=stray), "root", stage.at(1)))
    await hands.until("the stray agent has moved on", hands.left_by, stage.android, agent)
    await hands.expect(stage.android, granted=True)
    return "a partner that is switched off had named it, and moved on: that holds nothing"


async def repeated_and_unchanged(stage: Stage) -> str:
    hands = stage.hands
    before = await hands.explained(stage.android)
    messages = stage.shuffled([*_check_ins(stage), ("zimperium", _infection(stage, stage.android))])
    answers = [await stage.post(partner, message) for partner, message in messages]
    if any(answer["accepted"] for answer in answers):
        raise DoesNotHoldError(f"a report sent again was counted again: {answers}")
    await asyncio.sleep(2)
    if await hands.explained(stage.android) != before:
        raise DoesNotHoldError("reports sent again changed the device")
    await hands.expect(stage.android, granted=False)
    return f"the same reports, shuffled and doubled: {len(answers)} messages, nothing changed"


async def remediated_and_granted(stage: Stage) -> str:
    hands, begun = stage.hands, time.monotonic()
    await stage.post("zimperium", zimperium.resolution(stage.android, "mitm", stage.at(5)))
    await hands.until("the tag is mtd-ok", hands.tagged, stage.android, "mtd-ok")
    seconds = time.monotonic() - begun
    await hands.expect(stage.android, granted=True)
    why = await hands.reason(stage.android)
    return f"remediated: granted at both, {seconds:.1f} s after the report ({why})"


async def low_and_granted(stage: Stage) -> str:
    hands = stage.hands
    await stage.post("lookout", lookout.low_threat(stage.iphone, "torch", stage.at(5)))
    await hands.until("the low threat counts", hands.risk, stage.iphone, "low")
    await hands.expect(stage.iphone, granted=True)
    why = await hands.reason(stage.iphone)
    back = await _deactivated_and_back(stage, stage.iphone)
    return f"low threat where the rule allows low: granted at both ({why}); {back}"


async def _deactivated_and_back(stage: Stage, phone: Phone) -> str:
    """An agent that is not at work any more vouches for nothing, whatever it was last called."""
    hands = stage.hands
    await stage.post("lookout", lookout.deactivated(phone, stage.at(6)))
    await hands.until("the deactivated agent is inactive", hands.opened, phone, "agent_inactive")
    await hands.until("its phone is refused", hands.blocked, phone, "mtd-block-medium")
    await hands.expect(phone, granted=False)
    await stage.post("lookout", lookout.check_in(phone, stage.at(7)))
    await hands.until("the agent is back", hands.tagged, phone, "mtd-ok")
    await hands.expect(phone, granted=True)
    return "its Lookout agent deactivated: agent_inactive, refused at both; activated and protected: granted"


async def unknown_then_blocked(stage: Stage) -> str:
    hands, stranger = stage.hands, stage.phone("new iPhone", "iOS")
    known = await hands.known(stranger)
    await stage.post("wandera_jamf", wandera_jamf.detection(stranger, "gateway", stage.at()))
    await asyncio.sleep(1)
    parked = "it was known already" if known else "nobody knew it: parked"
    if not known and await hands.known(stranger):
        raise DoesNotHoldError("a device appeared that no sync has brought")
    await hands.enroll(stranger)
    await hands.sync()
    await hands.until("the parked threat counts", hands.blocked, stranger)
    await hands.expect(stranger, granted=False)
    why = await hands.reason(stranger)
    return f"threat for a new phone ({parked}), refused at both after the next sync ({why})"


async def throttled_and_blocked(stage: Stage) -> str:
    hands, second = stage.hands, stage.second
    throttle = {"times": 2, "retry_after": "1", "method": "PATCH", "path_contains": "/devices"}
    await hands.admin("faults", {"fault": "throttle", "arguments": throttle})
    begun = time.monotonic()
    await stage.post("zimperium", _infection(stage, second))
    await hands.until("the decision is made", hands.verdict, second, "block")
    while not await hands.blocked(second):
        if time.monotonic() - begun > PATIENCE:
            raise DoesNotHoldError("a throttling Graph kept the block out for good")
        await hands.run_timer("retry_pending_tags")
        await asyncio.sleep(0.5)
    await hands.expect(second, granted=False)
    seconds = time.monotonic() - begun
    why = await hands.reason(second)
    return f"Graph throttled the write twice: refused at both all the same, {seconds:.1f} s ({why})"


def _check_ins(stage: Stage) -> list[tuple[str, Message]]:
    """What the iPhone's two agents say when all is well: a blocked page, and a secure snapshot."""
    at = stage.at()
    return [
        ("wandera_jamf", wandera_jamf.check_in(stage.iphone, at)),
        ("lookout", lookout.check_in(stage.iphone, at)),
    ]


def _infection(stage: Stage, phone: Phone) -> Message:
    return zimperium.detection(phone, "mitm", stage.at())
