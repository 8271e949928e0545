"""Links from a file: first what would happen, then that and nothing else."""

from collections.abc import Mapping
from typing import Any

import pytest

from evaluate_risk.evaluation import evaluate
from serve_console.links_import import ImportAnswer, LineOutcome, import_links
from shared.domain.model import Agent, Link, TagState, link_id, link_of_agent
from shared.errors import BadRequest, StoreUnavailable, UnreadableReport, WrongContentType
from shared.headers import Headers
from tests.evaluate_risk.stories import AGENT_ID, OTHER_ENTRA_ID, OTHER_INTUNE_ID, feed, state
from tests.serve_console.hands import ADA, BOB, WHO, agent, linked, record, reported
from tests.world import ENTRA_ID, World, a_threat

CSV = {"Content-Type": "text/csv; charset=utf-8"}
HEADER = "partner,partner_device_id,device,reason"


def _file(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines]).encode()


async def _imported(
    world: World, body: bytes, query: Mapping[str, str] | None = None, headers: Mapping[str, str] = CSV
) -> ImportAnswer:
    return await import_links(world.services, ADA, Headers(headers), body, **query or {})


async def _applied(world: World, body: bytes) -> ImportAnswer:
    preview = await _imported(world, body)
    return await _imported(world, body, {"apply": preview.token})


def _outcomes(answer: ImportAnswer) -> list[tuple[int, str]]:
    return [(line.line, line.outcome.value) for line in answer.lines]


MIXED = _file(
    f"lookout,agent-1,{ENTRA_ID.upper()},read off the phone",
    f"lookout,agent-2,intune:{OTHER_INTUNE_ID},read off the phone",
    "lookout,agent-3,serial:SN-SHARED,read off the phone",
    "lookout,agent-4,nobody,read off the phone",
    "norton,agent-5,nobody,read off the phone",
    'lookout,"agent-6',
    f"zimperium,устройство,{ENTRA_ID},новый телефон",
)


async def _mixed(world: World) -> None:
    reports = [a_threat(device=f"agent-{number}", mdm_device_id=None) for number in (1, 2)]
    await reported(world, *reports)
    await world.services.store.upsert(Link(id=link_id("serial", "SN-SHARED"), ambiguous=True))


async def test_a_preview_says_what_would_happen_and_changes_nothing(tenant_world: World) -> None:
    await _mixed(tenant_world)
    before = await state(tenant_world)
    tenant_world.operations.clear()
    answer = await _imported(tenant_world, MIXED, {"preview": "true"})
    assert not answer.applied
    assert _outcomes(answer) == [
        (2, "link"),
        (3, "link"),
        (4, "ambiguous"),
        (5, "unknown device"),
        (6, "unreadable"),
        (7, "unreadable"),
        (8, "link"),
    ]
    assert answer.counts[LineOutcome.LINK] == 3
    assert answer.lines[6].why == "the agent has not reported yet"
    assert await state(tenant_world) == before
    assert {operation for _, operation in tenant_world.operations} <= {"read", "query"}


async def test_a_partners_id_means_the_agent_its_reports_name_however_it_is_written(
    tenant_world: World,
) -> None:
    guid = "0A1B2C3D-0000-4000-8000-00000000BEEF"
    await reported(tenant_world, a_threat(partner="better_mobile", device=guid.lower(), mdm_device_id=None))
    answer = await _applied(
        tenant_world,
        _file(
            f"better_mobile,{guid},{ENTRA_ID},read off the phone",
            f"zimperium,agent-7_D_1,{ENTRA_ID},read off the phone",
        ),
    )
    assert [line.agent for line in answer.lines] == [f"better_mobile:{guid.lower()}", "zimperium:agent-7"]
    assert (await agent(tenant_world, f"better_mobile:{guid.lower()}")).device == ENTRA_ID


async def test_applied_is_what_the_preview_said(tenant_world: World) -> None:
    await _mixed(tenant_world)
    preview = await _imported(tenant_world, MIXED)
    answer = await _imported(tenant_world, MIXED, {"apply": preview.token})
    assert answer.applied
    assert answer.lines == preview.lines
    assert (await agent(tenant_world)).device == ENTRA_ID
    assert (await agent(tenant_world, "lookout:agent-2")).device == OTHER_ENTRA_ID
    assert tenant_world.entra_tag() == tenant_world.entra_tag(OTHER_ENTRA_ID) == "mtd-block-high"
    kept = await record(tenant_world)
    assert kept
    assert (kept.who, kept.why) == (WHO, "read off the phone")


async def test_applied_twice_the_second_time_changes_nothing(tenant_world: World) -> None:
    await _mixed(tenant_world)
    await _applied(tenant_world, MIXED)
    before = await state(tenant_world)
    tenant_world.clock.pass_time(minutes=5)
    again = await _applied(tenant_world, MIXED)
    assert [again.lines[place].outcome for place in (0, 1, 6)] == [LineOutcome.SAME] * 3
    assert await state(tenant_world) == before


async def test_an_agent_imported_before_its_first_report_is_linked_with_it(tenant_world: World) -> None:
    await _mixed(tenant_world)
    await _applied(tenant_world, _file(f"lookout,new phone,{ENTRA_ID},handed out today"))
    (new,) = [
        row
        for row in [await tenant_world.services.store.read(Agent, a_threat(device="new phone").agent)]
        if row
    ]
    assert (new.document.partner_device_id, new.document.first_received_at) == ("new phone", None)
    assert new.document.linked_by == link_of_agent(new.document.id)
    await evaluate(tenant_world.services, feed(a_threat(device="new phone", mdm_device_id=None)))
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_a_move_names_the_device_the_agent_leaves(tenant_world: World) -> None:
    await reported(tenant_world)
    await linked(tenant_world)
    answer = await _applied(tenant_world, _file(f"lookout,agent-1,{OTHER_ENTRA_ID},enrolled anew"))
    (line,) = answer.lines
    assert (line.outcome, line.previous, line.device) == (LineOutcome.MOVE, ENTRA_ID, OTHER_ENTRA_ID)
    assert (await tenant_world.device()).slots["lookout:agent-1"].moved


async def test_lines_that_contradict_each_other_link_nothing(tenant_world: World) -> None:
    await reported(tenant_world)
    body = _file(
        f"lookout,agent-1,{ENTRA_ID},one says so",
        f"lookout,agent-1,{OTHER_ENTRA_ID},another says so",
    )
    assert _outcomes(await _applied(tenant_world, body)) == [(2, "ambiguous"), (3, "ambiguous")]
    assert (await agent(tenant_world)).device is None


async def test_a_line_with_an_id_no_path_can_hold_costs_that_line_alone(tenant_world: World) -> None:
    await reported(tenant_world)
    lines = [f"lookout,agent-{place},{id_},read off it" for place, id_ in enumerate((".", "..", "a/b"), 2)]
    body = _file(*lines, f"lookout,..,{ENTRA_ID},read off it", f"lookout,agent-1,{ENTRA_ID},read off it")
    outcomes = [outcome for _, outcome in _outcomes(await _applied(tenant_world, body))]
    assert outcomes == [*["unknown device"] * 3, "link", "link"]
    assert (await agent(tenant_world)).device == ENTRA_ID


async def test_a_line_another_admin_was_faster_at_says_so_and_the_others_are_done(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _mixed(tenant_world)
    replace = tenant_world.services.store.create

    async def overtaken(document: Any) -> str:
        if isinstance(document, Link) and document.id == link_of_agent(AGENT_ID):
            monkeypatch.setattr(tenant_world.services.store, "create", replace)
            await linked(tenant_world, OTHER_ENTRA_ID, "I saw it first", BOB)
        return await replace(document)

    monkeypatch.setattr(tenant_world.services.store, "create", overtaken)
    answer = await _applied(tenant_world, MIXED)
    assert answer.lines[0].outcome is LineOutcome.OVERTAKEN
    assert "bob@contoso.example" in (answer.lines[0].why or "")
    assert (await agent(tenant_world)).device == OTHER_ENTRA_ID
    assert answer.counts[LineOutcome.LINK] >= 1


async def test_a_line_said_twice_is_done_once(tenant_world: World) -> None:
    await reported(tenant_world)
    line = f"lookout,agent-1,{ENTRA_ID},read off the phone"
    answer = await _applied(tenant_world, _file(line, line))
    assert _outcomes(answer) == [(2, "link"), (3, "same")]
    assert answer.lines[1].why == "as line 2"


async def test_a_link_by_id_is_confirmed_by_the_file(tenant_world: World) -> None:
    await reported(tenant_world, a_threat())
    body = _file(f"lookout,agent-1,{ENTRA_ID},read off the phone")
    assert _outcomes(await _applied(tenant_world, body)) == [(2, "link")]
    assert (await agent(tenant_world)).linked_by == link_of_agent(AGENT_ID)


@pytest.mark.parametrize(
    "query",
    [{"apply": "x"}, {"preview": "false"}, {"preview": "true", "apply": "x"}],
)
async def test_other_content_than_the_previewed_is_not_applied(
    tenant_world: World, query: dict[str, str]
) -> None:
    await _mixed(tenant_world)
    with pytest.raises(BadRequest):
        await _imported(tenant_world, MIXED, query)
    token = (await _imported(tenant_world, MIXED)).token
    with pytest.raises(BadRequest):
        await _imported(tenant_world, MIXED + b"\n", {"apply": token})
    assert (await agent(tenant_world)).device is None


@pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}])
async def test_another_content_type_is_refused(tenant_world: World, headers: dict[str, str]) -> None:
    with pytest.raises(WrongContentType):
        await _imported(tenant_world, MIXED, headers=headers)


async def test_what_is_too_large_is_refused(tenant_world: World) -> None:
    with pytest.raises(UnreadableReport):
        await _imported(tenant_world, MIXED + b" " * 1_048_576)


async def test_an_import_that_was_cut_off_is_finished_by_applying_again(tenant_world: World) -> None:
    await _mixed(tenant_world)
    token = (await _imported(tenant_world, MIXED)).token
    tenant_world.cosmos_faults.fail_next(503, container="agents", operation="replace", times=30)
    with pytest.raises(StoreUnavailable):
        await _imported(tenant_world, MIXED, {"apply": token})
    tenant_world.cosmos_faults.clear()
    assert (await _imported(tenant_world, MIXED, {"apply": token})).applied
    assert tenant_world.entra_tag() == tenant_world.entra_tag(OTHER_ENTRA_ID) == "mtd-block-high"
    assert (await agent(tenant_world)).device == ENTRA_ID


async def test_a_device_that_vanishes_between_plan_and_link_is_named(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reported(tenant_world)

    async def gone(*_: object) -> None:
        return None

    monkeypatch.setattr("serve_console.linking.carry_out", gone)
    answer = await _applied(tenant_world, _file(f"lookout,agent-1,{ENTRA_ID},read off the phone"))
    assert _outcomes(answer) == [(2, "unknown device")]


async def test_where_graph_asks_for_a_pause_the_other_tags_are_left_to_the_timer(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_console.links_import.CONCURRENCY", 1)
    await _mixed(tenant_world)
    tenant_world.graph_faults.fail(429, 9, path_contains="devices")
    await _applied(tenant_world, MIXED)
    states = [(await tenant_world.device(id_)).tag for id_ in (ENTRA_ID, OTHER_ENTRA_ID)]
    assert [tag.state for tag in states] == [TagState.PENDING, TagState.PENDING]
    assert sorted(tag.attempts for tag in states) == [0, 1]
