"""Steps (r) to (u): partners that cannot call back are polled; a token dies in the middle, and nothing is
lost. What is written elsewhere, as files or as rows of a table, is read there."""

import json
from datetime import timedelta
from typing import Any

from local.partners import better_mobile, checkpoint_harmony, lookout, symantec_sep_mobile
from local.partners.message import Message
from local.sample_tenant import CONNECTORS, Phone, switched
from local.scenario.hands import DoesNotHoldError
from local.scenario.stage import Stage

BETTER, CHECK_POINT, SYMANTEC = "better_mobile", "checkpoint_harmony", "symantec_sep_mobile"
OTHER = "wandera_jamf"
"""The other partner that must scan iPhones by now."""
CHECK_INS = 205
"""Events before the threat: more than a page of them."""


async def polled_and_refused(stage: Stage) -> str:
    hands, phone = stage.hands, stage.phone("polled iPhone", "iOS")
    await hands.enroll(phone)
    await hands.sync()
    await hands.until("the sync brings the phone", hands.known, phone)
    await stage.check_in(phone, OTHER)
    begun = stage.at(1)
    events = [lookout.check_in(phone, begun + timedelta(milliseconds=number)) for number in range(CHECK_INS)]
    await _arrive(stage, *events, lookout.detection(phone, "polled", stage.at(2)))
    await hands.vendor("lookout/token-dies", {})
    before = await _runs(stage)
    await hands.run_timer("poll_partners")
    await hands.until("the polled threat blocks", hands.blocked, phone)
    await hands.expect(phone, granted=False)
    await hands.until("the run is recorded", _has_run, stage, before)
    source = await _source(stage)
    run = source["runs"][0]
    if run["error"] is not None or run["pages"] < 2 or source["gaps"]:
        raise DoesNotHoldError(f"the poll was not whole: {run}")
    await _arrive(stage, lookout.resolution(phone, "polled", stage.at(3)))
    await hands.run_timer("poll_partners")
    await hands.until("the polled resolution lets it in", hands.tagged, phone, "mtd-ok")
    return (
        f"Lookout polled: {run['accepted']} reports by {run['pages']} pages, and its token died in between; "
        "the threat among them was refused, its end granted"
    )


async def check_points_too(stage: Stage) -> str:
    """One more vendor, and one more partner that must scan."""
    hands = stage.hands
    phone = await _scanned(stage, "iPhone of Check Point", "iOS", CHECK_POINT, "lookout", OTHER)
    await _arrive(stage, checkpoint_harmony.detection(phone, "polled", stage.at(1)), to="checkpoint/alerts")
    await hands.run_timer("poll_partners")
    await hands.until("the polled alert blocks", hands.blocked, phone)
    await hands.expect(phone, granted=False)
    await _arrive(stage, checkpoint_harmony.resolution(phone, "polled", stage.at(2)), to="checkpoint/alerts")
    await hands.run_timer("poll_partners")
    await hands.until("the polled removal lets it in", hands.tagged, phone, "mtd-ok")
    await _switch(stage, CHECK_POINT, on=False)
    return "Check Point polled: an app that was found is refused, its removal granted"


async def dropped_as_files(stage: Stage) -> str:
    """Symantec's lines, each in a file of its own."""
    hands = stage.hands
    phone = await _scanned(stage, "iPhone of the files", "iOS", SYMANTEC, "lookout", OTHER)
    await _dropped(stage, phone, "found.log", symantec_sep_mobile.detection(phone, "dropped", stage.at(1)))
    await hands.sync()
    await hands.until("the threat in the file blocks", hands.blocked, phone)
    await hands.expect(phone, granted=False)
    await _dropped(stage, phone, "over.log", symantec_sep_mobile.resolution(phone, "dropped", stage.at(2)))
    await hands.until("its end in the next one lets it in", hands.tagged, phone, "mtd-ok")
    await _switch(stage, SYMANTEC, on=False)
    return "Symantec's lines dropped as files: malware is refused, its end granted"


async def written_into_a_table(stage: Stage) -> str:
    """BETTER's incidents, as its connector for Sentinel has them."""
    hands = stage.hands
    phone = await _scanned(stage, "Android of the table", "Android", BETTER, "zimperium")
    await _rows(stage, better_mobile.check_in(phone, stage.at()), "BetterMTDDeviceLog_CL")
    await hands.import_links([(BETTER, phone)])
    await hands.until("the linked agent is there", hands.named_by, phone, f"{BETTER}:{phone.agent_id}")
    await _rows(stage, better_mobile.detection(phone, "row", stage.at(1)), "BetterMTDIncidentLog_CL")
    await hands.until("the threat in the table blocks", hands.blocked, phone)
    await hands.expect(phone, granted=False)
    await _rows(stage, better_mobile.resolution(phone, "row", stage.at(2)), "BetterMTDIncidentLog_CL")
    await hands.until("its end in the table lets it in", hands.tagged, phone, "mtd-ok")
    await _switch(stage, BETTER, on=False)
    return "BETTER's rows in a table: a rooted device is refused, its end granted"


async def _scanned(stage: Stage, name: str, system: str, partner: str, *others: str) -> Phone:
    """A new phone, which the others have scanned that must; `partner` is on in Intune from now on."""
    phone = stage.phone(name, system)
    await stage.hands.enroll(phone)
    await _switch(stage, partner, on=True)
    await stage.hands.until("the sync brings the phone", stage.hands.known, phone)
    await stage.check_in(phone, *others)
    return phone


async def _rows(stage: Stage, rows: Message, table: str) -> None:
    """Have rows be written into a table, and be read."""
    await stage.hands.write(table, rows)
    await stage.hands.run_timer("poll_partners")


async def _dropped(stage: Stage, phone: Phone, name: str, message: Message) -> None:
    """Have a file lie in the container, and be read."""
    content = f"<14>1 - - mtd - - - {json.dumps(message)}\n".encode()
    await stage.hands.drop(f"{SYMANTEC}/{phone.agent_id}/{name}", content)
    await stage.hands.run_timer("poll_partners")


async def _switch(stage: Stage, partner: str, *, on: bool) -> None:
    """Have a partner's connector on in Intune, or off, and let the app know."""
    path = f"/deviceManagement/mobileThreatDefenseConnectors/{CONNECTORS[partner]}"
    await stage.hands.graph("PATCH", path, switched(partner, on=on))
    await stage.hands.sync()


async def _arrive(stage: Stage, *messages: Message, to: str = "lookout/events") -> None:
    """Have events come in at a vendor's."""
    await stage.hands.vendor(to, [_event(message) for message in messages])


def _event(message: Message) -> Message:
    """The one event of a message, with or without its envelope."""
    if isinstance(message, list):
        return message
    listed: list[Message] = message.get("events") or message.get("objects") or [message]
    return listed[0]


async def _source(stage: Stage) -> dict[str, Any]:
    rows: list[dict[str, Any]] = (await stage.hands.asked("sources"))["sources"]
    return next(row for row in rows if row["source"] == "lookout")


async def _runs(stage: Stage) -> str:
    """When the latest run began."""
    runs = (await _source(stage))["runs"]
    return str(runs[0]["started_at"]) if runs else ""


async def _has_run(stage: Stage, before: str) -> bool:
    return await _runs(stage) != before
