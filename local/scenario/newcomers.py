"""Step (o): a phone that has just enrolled is let in without data for a while, and no longer."""

from datetime import UTC, datetime, timedelta

from local.partners import lookout
from local.sample_tenant import Phone
from local.scenario.hands import DoesNotHoldError
from local.scenario.stage import Stage

MUST_SCAN = ("lookout", "wandera_jamf")
"""The partners that count on iOS by now: both must scan."""


async def let_in_for_a_while(stage: Stage) -> str:
    hands = stage.hands
    newcomer, settled = stage.phone("newcomer's iPhone", "iOS"), stage.phone("settled iPhone", "iOS")
    await _enroll(stage, newcomer, hours_ago=0)
    await _enroll(stage, settled, hours_ago=25)
    await hands.sync()
    await hands.until(
        "a phone of yesterday is refused without data", hands.blocked, settled, "mtd-block-nodata"
    )
    await hands.until("the newcomer is allowed", hands.verdict, newcomer, "allow")
    await hands.expect(settled, granted=False)
    await hands.expect(newcomer, granted=True)
    if not await hands.missing(newcomer, *MUST_SCAN):
        raise DoesNotHoldError("the newcomer's explanation does not name who is missing")
    why = await hands.reason(newcomer)
    await stage.post("lookout", lookout.detection(newcomer, "early", stage.at(1)))
    await stage.check_in(newcomer, "lookout")
    await hands.until("a threat blocks a newcomer as anybody", hands.blocked, newcomer)
    await stage.check_in(settled, *MUST_SCAN)
    await hands.until("data let the other in", hands.tagged, settled, "mtd-ok")
    return f"a newcomer was let in without data ({why}), not past a threat; a phone of yesterday was refused"


async def _enroll(stage: Stage, phone: Phone, *, hours_ago: float) -> None:
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    await stage.hands.enroll(phone, enrolledDateTime=at.strftime("%Y-%m-%dT%H:%M:%SZ"))
