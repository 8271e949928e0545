"""Step (n): an admin opts in to app inventory, for corporate iPhones, for personal ones too, and out."""

from local.partners import better_mobile
from local.sample_tenant import CONNECTORS, Phone
from local.scenario.hands import DoesNotHoldError
from local.scenario.stage import Stage

PARTNER = "better_mobile"
"""The partner that fetches: its app log lists apps itself."""
APP_SYNC = "allowPartnerToCollectIOSApplicationMetadata"
PERSONAL_TOO = "allowPartnerToCollectIOSPersonalApplicationMetadata"


async def collected_as_opted_in(stage: Stage) -> str:
    hands = stage.hands
    corporate, personal = stage.phone("corporate iPhone", "iOS"), stage.phone("personal iPhone", "iOS")
    phones = corporate, personal
    await _set_up(stage, corporate, personal)
    await _opt_in(stage)
    await hands.until("the sync brings the personal iPhone", hands.known, personal)
    await hands.import_links([(PARTNER, personal)])
    if await hands.inventory(PARTNER, *phones):
        raise DoesNotHoldError("there is an inventory that nobody opted in to")
    await _opt_in(stage, APP_SYNC)
    both = {corporate.entra_id: ["Mail", "Torch"], personal.entra_id: ["Mail"]}
    await hands.until("corporate apps, and managed ones", _fetched, stage, phones, both)
    await stage.post(PARTNER, better_mobile.installed(personal, stage.at(), "Diary"))
    if await hands.inventory(PARTNER, *phones) != both:
        raise DoesNotHoldError("an app of the owner's own is seen without being opted in to")
    await _opt_in(stage, APP_SYNC, PERSONAL_TOO)
    all_of_it = {**both, personal.entra_id: ["Diary", "Mail"]}
    await hands.until("the owner's own apps too", _fetched, stage, phones, all_of_it)
    await _opt_in(stage)
    await hands.until("all of it is purged", _fetched, stage, phones, {})
    return (
        "app inventory: nothing by default; opted in, corporate apps and managed ones; "
        "for personal iPhones too, the owner's own; opted out again, nothing"
    )


async def _set_up(stage: Stage, corporate: Phone, personal: Phone) -> None:
    hands = stage.hands
    await hands.enroll(corporate)
    await hands.enroll(personal, managedDeviceOwnerType="personal")
    await hands.admin("exports", {"not_started": 0, "in_progress": 0})
    for phone, names in ((corporate, ("Mail", "Torch")), (personal, ("Mail",))):
        apps = [{"ApplicationName": name, "ApplicationVersion": "1.0"} for name in names]
        await hands.admin("detected-apps", {"deviceId": phone.intune_id, "apps": apps})
    await stage.check_in(personal, PARTNER)


async def _opt_in(stage: Stage, *toggles: str) -> None:
    """Have these toggles on at the partner's connector in Intune, which counts on iOS while one is."""
    path = f"/deviceManagement/mobileThreatDefenseConnectors/{CONNECTORS[PARTNER]}"
    switches = {toggle: toggle in toggles for toggle in (APP_SYNC, PERSONAL_TOO)}
    await stage.hands.graph("PATCH", path, {"iosEnabled": bool(toggles), **switches})
    await stage.hands.sync()


async def _fetched(stage: Stage, phones: tuple[Phone, ...], expected: dict[str, list[str]]) -> bool:
    return await stage.hands.inventory(PARTNER, *phones) == expected
