"""Dead letters: listed, tried again, and never counted twice."""

import json
from typing import Any

import pytest

from evaluate_risk.evaluation import evaluate
from ingest_threat.intake import accept
from serve_console.dead_letters import REDACTED, Redriven, RedriveOutcome, listing, redrive
from shared.domain.model import Agent, DeadLetter, Report
from shared.errors import BadRequest, NotThere, StoreUnavailable, UnreadableReport
from tests.evaluate_risk.stories import agent, feed
from tests.serve_console.hands import ADA
from tests.world import START, World, a_threat

LOOKOUT = {
    "partner": "lookout",
    "reason": "an old adapter could not",
    "received_at": START,
    "size": 1,
    "sha256": "x",
}


def _jamf(**fields: Any) -> dict[str, Any]:
    """A detection as Jamf sends it, with invented values."""
    from local.partners import wandera_jamf
    from local.sample_tenant import Phone

    phone = Phone.of("letters", "phone", "iOS")
    event = wandera_jamf.event(phone, START, name="JAILBREAK", action="Detected", severity=10)
    assert isinstance(event, dict)
    return {**event, **fields}


async def _letter(world: World, **fields: Any) -> DeadLetter:
    values = {**LOOKOUT, "id": "letter-1", "partner": "wandera_jamf", "kind": "item", **fields}
    letter = DeadLetter(**values)
    await world.services.store.upsert(letter)
    return letter


async def _redriven(world: World, letter: DeadLetter) -> Redriven:
    return await redrive(world.services, ADA, letter.id, letter.partner)


async def _stored(world: World) -> list[Report]:
    rows = world.services.store.rows(Report, "reports", "SELECT * FROM c")
    return [row async for row in rows]


async def _letters(world: World) -> list[str]:
    return [row.id for row in (await listing(world.services, None, None, None)).dead_letters]


# --- listing ------------------------------------------------------------------------------------------


async def test_a_partners_letters_come_newest_first_by_pages(tenant_world: World) -> None:
    for number in (2, 0, 3, 1):
        await _letter(tenant_world, id=f"letter-{number}", received_at=tenant_world.clock())
        tenant_world.clock.pass_time(minutes=1)
    await _letter(tenant_world, id="other", partner="lookout")
    first = await listing(tenant_world.services, "wandera_jamf", "3", None)
    second = await listing(tenant_world.services, "wandera_jamf", "3", first.token)
    ids = [row.id for row in (*first.dead_letters, *second.dead_letters)]
    assert ids == ["letter-1", "letter-3", "letter-0", "letter-2"]
    assert second.token is None
    assert sorted(await _letters(tenant_world)) == [*sorted(ids), "other"]


async def test_a_listing_shows_no_content(tenant_world: World) -> None:
    await _letter(tenant_world, body={"seen": "only in the letter itself"}, index=3)
    page = await listing(tenant_world.services, None, None, None)
    assert "only in the letter" not in page.model_dump_json()
    assert page.dead_letters[0].index == 3


@pytest.mark.parametrize(("top", "token"), [("0", None), (None, "nonsense")])
async def test_a_senseless_page_is_refused(tenant_world: World, top: str | None, token: str | None) -> None:
    for partner in (None, "lookout"):
        with pytest.raises(BadRequest):
            await listing(tenant_world.services, partner, top, token)


# --- what was received --------------------------------------------------------------------------------


async def test_an_item_that_can_be_read_now_is_stored_as_of_when_it_was_received(
    tenant_world: World,
) -> None:
    letter = await _letter(tenant_world, body=_jamf())
    tenant_world.clock.pass_time(days=3)
    done = await _redriven(tenant_world, letter)
    assert (done.outcome, done.accepted, done.note) == (RedriveOutcome.STORED, 1, REDACTED)
    (report,) = await _stored(tenant_world)
    assert (report.received_at, report.record.partner) == (START, "wandera_jamf")
    assert await _letters(tenant_world) == []


async def test_the_second_time_there_is_nothing_left_to_do(tenant_world: World) -> None:
    letter = await _letter(tenant_world, body=_jamf())
    await _redriven(tenant_world, letter)
    with pytest.raises(NotThere, match="done already"):
        await _redriven(tenant_world, letter)
    assert len(await _stored(tenant_world)) == 1


async def test_what_the_partner_sent_again_meanwhile_counts_once(tenant_world: World) -> None:
    letter = await _letter(tenant_world, body=_jamf())
    await accept(tenant_world.services, "wandera_jamf", json.dumps(_jamf()).encode())
    done = await _redriven(tenant_world, letter)
    assert (done.accepted, done.duplicates) == (0, 1)
    assert len(await _stored(tenant_world)) == 1


async def test_a_redrive_that_was_cut_off_is_done_again(tenant_world: World) -> None:
    letter = await _letter(tenant_world, body=_jamf())
    tenant_world.cosmos_faults.fail_next(503, container="dead_letters", operation="delete", times=9)
    with pytest.raises(StoreUnavailable):
        await _redriven(tenant_world, letter)
    tenant_world.cosmos_faults.clear()
    assert (await _redriven(tenant_world, letter)).duplicates == 1
    assert await _letters(tenant_world) == []


async def test_an_item_that_still_cannot_be_read_stays_with_the_reason_of_today(tenant_world: World) -> None:
    letter = await _letter(tenant_world, body={"neither": "fish nor flesh"})
    done = await _redriven(tenant_world, letter)
    assert (done.outcome, done.reason) == (
        RedriveOutcome.KEPT,
        "nothing in it is in the format of wandera_jamf",
    )
    (row,) = (await listing(tenant_world.services, None, None, None)).dead_letters
    assert (row.id, row.reason, row.redriven_at) == (letter.id, done.reason, START)
    assert await _redriven(tenant_world, letter) == done


async def test_a_body_is_stored_and_what_is_still_bad_in_it_is_set_aside_item_by_item(
    tenant_world: World,
) -> None:
    body = [_jamf(), {"neither": "fish nor flesh"}]
    letter = await _letter(tenant_world, kind="body", body=body)
    done = await _redriven(tenant_world, letter)
    assert (done.accepted, [rejected.index for rejected in done.rejected]) == (1, [1])
    (row,) = (await listing(tenant_world.services, None, None, None)).dead_letters
    assert (row.kind, row.index) == ("item", 1)


async def test_a_body_refused_as_a_whole_can_be_redriven_by_its_own_letter(tenant_world: World) -> None:
    with pytest.raises(UnreadableReport):
        await accept(tenant_world.services, "lookout", json.dumps(_jamf()).encode())
    (row,) = (await listing(tenant_world.services, "lookout", None, None)).dead_letters
    done = await redrive(tenant_world.services, ADA, row.id, row.partner)
    assert (done.kind, done.outcome) == ("body", RedriveOutcome.KEPT)


async def test_of_what_only_the_hash_is_kept_nothing_comes_back(tenant_world: World) -> None:
    done = await _redriven(tenant_world, await _letter(tenant_world, kind="body", body=None))
    assert done.outcome is RedriveOutcome.KEPT
    assert "nothing is kept" in (done.reason or "")


async def test_a_device_whose_id_was_redacted_gets_no_report(tenant_world: World) -> None:
    event = _jamf()
    event["event"]["device"]["deviceId"] = "[redacted]"
    done = await _redriven(tenant_world, await _letter(tenant_world, body=event))
    assert (done.outcome, done.reason) == (
        RedriveOutcome.KEPT,
        "no device; some of it was redacted when it was dead-lettered",
    )
    assert await _stored(tenant_world) == []


async def test_an_id_for_linking_that_was_redacted_is_left_out(tenant_world: World) -> None:
    event = _jamf()
    event["event"]["device"]["externalId"] = "[redacted]"
    assert (await _redriven(tenant_world, await _letter(tenant_world, body=event))).accepted == 1
    (report,) = await _stored(tenant_world)
    assert report.record.mdm_device_id is None


async def test_a_partner_without_an_adapter_keeps_its_letters(tenant_world: World) -> None:
    done = await _redriven(tenant_world, await _letter(tenant_world, partner="norton", body={}))
    assert done.outcome is RedriveOutcome.KEPT


# --- what was stored ----------------------------------------------------------------------------------


async def _buried(world: World, report: Report, kind: str = "report") -> DeadLetter:
    return await _letter(
        world, partner="lookout", kind=kind, sha256=report.id, record=report.model_dump(mode="json")
    )


async def test_a_report_is_handed_back_to_the_feed_as_it_stands(tenant_world: World) -> None:
    report = a_threat()
    await tenant_world.services.store.create(report)
    before = await tenant_world.services.store.read(Report, report.id, report.agent)
    done = await _redriven(tenant_world, await _buried(tenant_world, report))
    after = await tenant_world.services.store.read(Report, report.id, report.agent)
    assert before
    assert after
    assert (after.document, after.etag != before.etag) == (before.document, True), "the feed sees a write"
    assert (done.outcome, done.duplicates) == (RedriveOutcome.HANDED_BACK, 1)
    assert await _letters(tenant_world) == []


async def test_a_report_that_has_outlived_its_days_is_created_anew_and_counts(tenant_world: World) -> None:
    report = a_threat()
    done = await _redriven(tenant_world, await _buried(tenant_world, report, "too_late"))
    assert (done.outcome, done.accepted) == (RedriveOutcome.HANDED_BACK, 1)
    (stored,) = await _stored(tenant_world)
    assert stored == report
    await evaluate(tenant_world.services, feed(stored))
    assert "t1" in (await agent(tenant_world)).threats


async def test_a_letter_the_feed_has_set_aside_again_stays(tenant_world: World) -> None:
    report = a_threat(minutes=-60)
    old = Agent(
        id=report.agent,
        partner="lookout",
        partner_device_id="agent-1",
        first_received_at=START,
        last_received_at=START,
        floor=START,
    )
    await tenant_world.services.store.create(old)
    await tenant_world.services.store.create(report)
    await evaluate(tenant_world.services, feed(report))
    (row,) = (await listing(tenant_world.services, None, None, None)).dead_letters
    assert row.kind == "too_late"
    upsert = tenant_world.services.store.upsert

    async def and_at_once_the_feed(document: Any) -> None:
        tenant_world.services.store.upsert = upsert  # type: ignore[method-assign]
        await upsert(document)
        await evaluate(tenant_world.services, feed(report))

    tenant_world.services.store.upsert = and_at_once_the_feed  # type: ignore[method-assign]
    assert (
        await redrive(tenant_world.services, ADA, row.id, row.partner)
    ).outcome is RedriveOutcome.HANDED_BACK
    assert await _letters(tenant_world) == [row.id]


async def test_what_is_no_report_cannot_be_handed_back(tenant_world: World) -> None:
    for record in (None, {"id": "x"}):
        letter = await _letter(tenant_world, kind="report", record=record)
        done = await _redriven(tenant_world, letter)
        assert (done.outcome, done.reason, done.note) == (
            RedriveOutcome.KEPT,
            "what is kept of it is not a report",
            None,
        )


@pytest.mark.parametrize("id_", ["unknown", "a/b", "", "x" * 300])
async def test_an_unknown_letter_is_not_there(tenant_world: World, id_: str) -> None:
    with pytest.raises(NotThere):
        await redrive(tenant_world.services, ADA, id_, "lookout")
    with pytest.raises(NotThere):
        await redrive(tenant_world.services, ADA, "letter-1", "a/b")


async def test_the_partner_must_be_named(tenant_world: World) -> None:
    with pytest.raises(BadRequest):
        await redrive(tenant_world.services, ADA, "letter-1", None)
