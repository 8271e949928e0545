"""Step (q): somebody switches the policy off that refuses what is blocked, and it is noticed."""

from local.partners import zimperium
from local.sample_tenant import Phone
from local.scenario.hands import DoesNotHoldError
from local.scenario.stage import Stage

BLOCKING = "MTD - block Exchange and SharePoint on devices tagged"
"""How the name of the policy begins."""


async def switched_off_and_noticed(stage: Stage) -> str:
    hands, phone = stage.hands, stage.phone("behind an open door", "Android")
    await hands.enroll(phone)
    await hands.sync()
    await hands.until("the sync brings the phone", hands.known, phone)
    await stage.post("zimperium", zimperium.detection(phone, "door", stage.at(1)))
    await hands.until("the phone is tagged", hands.blocked, phone)
    await _synced_until(stage, phone, "a Conditional Access policy refuses it")
    await hands.expect(phone, granted=False)
    await hands.switch_policy(BLOCKING, "disabled")
    await _synced_until(stage, phone, "nothing refuses it since")
    noticed = await _enforcement(stage, phone)
    await hands.expect(phone, granted=True)
    if await hands.health() != "degraded":
        raise DoesNotHoldError("the app is healthy though nothing refuses what it blocks")
    await hands.switch_policy(BLOCKING, "enabled")
    await _synced_until(stage, phone, "a Conditional Access policy refuses it")
    await hands.expect(phone, granted=False)
    if await hands.health() != "ok":
        raise DoesNotHoldError("the app is degraded though the policy is on again")
    await stage.post("zimperium", zimperium.resolution(phone, "door", stage.at(2)))
    await hands.until("the phone is let in again", hands.tagged, phone, "mtd-ok")
    return f"the blocking policy was switched off: {noticed}; health was degraded until it was on again"


async def _synced_until(stage: Stage, phone: Phone, words: str) -> None:
    await stage.hands.sync()
    await stage.hands.until(f"the phone's explanation says {words!r}", _says, stage, phone, words)


async def _says(stage: Stage, phone: Phone, words: str) -> bool:
    return words in await _enforcement(stage, phone)


async def _enforcement(stage: Stage, phone: Phone) -> str:
    explained = await stage.hands.explained(phone)
    return str(explained["enforcement"]) if explained else ""
