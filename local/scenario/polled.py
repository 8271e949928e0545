"""Step (r): a partner that cannot call back is polled; its token dies in the middle, and nothing is lost."""

from datetime import timedelta
from typing import Any

from local.partners import lookout
from local.partners.message import Message
from local.scenario.hands import DoesNotHoldError
from local.scenario.stage import Stage

CHECK_INS = 205
"""Events before the threat: more than a page of them."""


async def polled_and_refused(stage: Stage) -> str:
    hands, phone = stage.hands, stage.phone("polled iPhone", "iOS")
    await hands.enroll(phone)
    await hands.sync()
    await hands.until("the sync brings the phone", hands.known, phone)
    begun = stage.at(1)
    events = [lookout.check_in(phone, begun + timedelta(milliseconds=number)) for number in range(CHECK_INS)]
    await _arrive(stage, *events, lookout.detection(phone, "polled", stage.at(2)))
    await hands.vendor("lookout/token-dies", {})
    before = await _runs(stage)
    await hands.run_timer("poll_partners")
    await hands.until("the polled threat blocks", hands.tagged, phone, "mtd-block-high")
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


async def _arrive(stage: Stage, *messages: Message) -> None:
    """Have events come in at the vendor's."""
    await stage.hands.vendor("lookout/events", [_event(message) for message in messages])


def _event(message: Message) -> Message:
    """The one event of a message, with or without its envelope."""
    return message["events"][0] if isinstance(message, dict) and "events" in message else message


async def _source(stage: Stage) -> dict[str, Any]:
    rows: list[dict[str, Any]] = (await stage.hands.asked("sources"))["sources"]
    return next(row for row in rows if row["source"] == "lookout")


async def _runs(stage: Stage) -> str:
    """When the latest run began."""
    runs = (await _source(stage))["runs"]
    return str(runs[0]["started_at"]) if runs else ""


async def _has_run(stage: Stage, before: str) -> bool:
    return await _runs(stage) != before
