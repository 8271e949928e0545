"""Step (l): Zimperium's console posts by itself, to the address of a REST Endpoint, a threat and its end."""

from local.partners import zimperium
from local.scenario.hands import DoesNotHoldError
from local.scenario.stage import Stage


async def exported_and_mitigated(stage: Stage) -> str:
    hands, phone = stage.hands, stage.phone("rooted phone", "Android")
    await hands.enroll(phone)
    await hands.sync()
    await hands.until("the sync brings the phone", hands.known, phone)
    await stage.post("zimperium", zimperium.exported(phone, "rooted", stage.at(1)))
    await hands.until("the export blocks", hands.blocked, phone)
    if await hands.granted_at_exchange(phone):
        raise DoesNotHoldError(f"{phone.name} is granted after an event of the REST export")
    await stage.post("zimperium", zimperium.exported(phone, "rooted", stage.at(1), mitigated=True))
    await hands.until("the same event, mitigated, grants again", hands.tagged, phone, "mtd-ok")
    if not await hands.granted_at_exchange(phone):
        raise DoesNotHoldError(f"{phone.name} is refused after its threat was mitigated")
    return (
        "Zimperium's REST export: a rooted phone is refused, and granted when the same event comes mitigated"
    )
