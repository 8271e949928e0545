"""Step (h): one detection and one resolution of each of the eight partners, on one phone a platform.

The admin switches the other connectors on in Intune, so each phone must be scanned by every partner of its
platform. BETTER and Sophos give no id Intune knows: an admin links their agents from a file.
"""

from local.sample_tenant import AT_FIRST, CONNECTORS, PLATFORM, Phone, switched
from local.scenario.hands import DoesNotHoldError
from local.scenario.stage import PARTNERS, Stage, partners_of

UNJOINABLE = ("better_mobile", "sophos")


async def each_refuses_and_grants(stage: Stage) -> str:
    hands = stage.hands
    phones = {
        "ios": stage.phone("iPhone of many", "iOS"),
        "android": stage.phone("Android of many", "Android"),
    }
    for phone in phones.values():
        await hands.enroll(phone)
    await _switch(stage, *CONNECTORS)
    for platform, phone in phones.items():
        await hands.until(f"the sync brings the {phone.name}", hands.known, phone)
        await stage.check_in(phone, *partners_of(platform))
    await _named_as_missing(stage, phones["android"])
    await hands.import_links([(partner, phones["android"]) for partner in UNJOINABLE])
    for phone in phones.values():
        await hands.until(f"{phone.name} is allowed", hands.verdict, phone, "allow")
    for place, (partner, platform) in enumerate(PLATFORM.items()):
        await _refused_then_granted(stage, partner, phones[platform], 10 * place)
    await _switch(stage, *AT_FIRST)
    return (
        "eight partners, each with a detection that refuses and a resolution that grants; "
        f"{' and '.join(UNJOINABLE)} named as missing until linked by hand"
    )


async def _switch(stage: Stage, *on: str) -> None:
    """Have the connectors of these partners on in Intune, and of no others, and let the app know."""
    for partner, id_ in CONNECTORS.items():
        path = f"/deviceManagement/mobileThreatDefenseConnectors/{id_}"
        await stage.hands.graph("PATCH", path, switched(partner, on=partner in on))
    await stage.hands.sync()


async def _named_as_missing(stage: Stage, phone: Phone) -> None:
    """All must scan: until an admin links them, the agents without an id are missing, by name."""
    hands = stage.hands
    explained = await hands.explained(phone)
    linked = {slot["partner"] for slot in explained["agents"]} if explained else set()
    if not linked & {*UNJOINABLE}:
        await hands.until("the missing partners are named", hands.missing, phone, *UNJOINABLE)


async def _refused_then_granted(stage: Stage, partner: str, phone: Phone, seconds: float) -> None:
    hands, voice = stage.hands, PARTNERS[partner]
    await stage.post(partner, voice.detection(phone, "torch", stage.at(seconds + 1)))
    await hands.until(f"{partner} blocks", hands.blocked, phone)
    if await hands.granted_at_exchange(phone):
        raise DoesNotHoldError(f"{phone.name} is granted after a detection of {partner}")
    await stage.post(partner, voice.resolution(phone, "torch", stage.at(seconds + 2)))
    await hands.until(f"{partner} grants again", hands.tagged, phone, "mtd-ok")
    if not await hands.granted_at_exchange(phone):
        raise DoesNotHoldError(f"{phone.name} is refused after a resolution of {partner}")
