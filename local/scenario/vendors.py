"""Step (p): an iOS fleet changes from one vendor to another, and nobody is kept out meanwhile."""

from local.partners import checkpoint_harmony, lookout
from local.sample_tenant import AT_FIRST, CONNECTORS, PLATFORM, Phone, switched
from local.scenario.hands import DoesNotHoldError
from local.scenario.stage import Stage

OLD, NEW = "lookout", "checkpoint_harmony"
BEFORE = tuple(partner for partner in AT_FIRST if PLATFORM[partner] == "ios")
"""The partners that counted on iOS until now, and do again after it."""


async def changed_without_a_gap(stage: Stage) -> str:
    hands, stack = stage.hands, stage.hands.stack
    both, left = stage.phone("iPhone with both agents", "iOS"), stage.phone("iPhone left behind", "iOS")
    for phone in (both, left):
        await hands.enroll(phone)
    await _count(stage, OLD)
    for phone in (both, left):
        await hands.until("the sync brings the phones", hands.known, phone)
        await stage.check_in(phone, *BEFORE)
        await hands.until(f"{phone.name} is allowed", hands.verdict, phone, "allow")
    await stage.check_in(both, NEW)
    await hands.until("the new agent is there", hands.named_by, both, f"{NEW}:{both.agent_id}")
    blocked = await _would_be_blocked(stage, "all", left)
    if not blocked or await _would_be_blocked(stage, "any", left):
        raise DoesNotHoldError(f"the dry run does not tell all from any: {blocked}")
    stack.set_settings(PARTNERS_MODE_IOS="any")
    await _count(stage, OLD, NEW)
    await hands.until("the new vendor is not missed", hands.said, left, f"{NEW} has not reported")
    for phone in (both, left):
        await hands.expect(phone, granted=True)
    await stage.post(NEW, checkpoint_harmony.detection(both, "root", stage.at(1)))
    await hands.until("the worst of both counts", hands.blocked, both)
    await stage.post(NEW, checkpoint_harmony.resolution(both, "root", stage.at(2)))
    await hands.until("and lets in again", hands.tagged, both, "mtd-ok")
    await stage.post(OLD, lookout.detection(both, "late", stage.at(3)))
    await hands.until("the old one still counts", hands.blocked, both)
    stack.set_settings(PARTNERS_MODE_IOS="all")
    await _count(stage, NEW)
    await hands.until("the old one counts no more", hands.tagged, both, "mtd-ok")
    if not await hands.said(both, f"{OLD} does not count here, and has open: high app threat"):
        raise DoesNotHoldError("what the old vendor's agent has open is not visible any more")
    await stage.post(OLD, lookout.resolution(both, "late", stage.at(4)))
    await _count(stage, *BEFORE)
    return (
        f"from {OLD} to {NEW}: all must scan would have blocked {blocked} phones, any blocked none; the "
        f"worst of both counted, and what {OLD} has open is still shown"
    )


async def _would_be_blocked(stage: Stage, mode: str, phone: Phone) -> int:
    """How many phones a dry run of both vendors would block; none where `phone` is not among them."""
    changes, token = [], ""
    while True:
        path = f"partners/dry-run?ios={OLD},{NEW}&ios_mode={mode}&top=1000{token}"
        seen = await stage.hands.asked(path)
        changes += [change for change in seen["changes"] if change["would_be"] == "block"]
        if seen["token"] is None:
            break
        token = f"&token={seen['token']}"
    return len(changes) if any(change["device"] == phone.entra_id for change in changes) else 0


async def _count(stage: Stage, *partners: str) -> None:
    """Have the connectors of these vendors on in Intune, and no other for iOS, and let the app know."""
    for partner in {OLD, NEW, *BEFORE}:
        path = f"/deviceManagement/mobileThreatDefenseConnectors/{CONNECTORS[partner]}"
        await stage.hands.graph("PATCH", path, switched(partner, on=partner in partners))
    await stage.hands.sync()
