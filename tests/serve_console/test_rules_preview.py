"""What local rules would change, before they do."""

import pytest

from evaluate_risk.evaluation import evaluate
from serve_console.rules_preview import preview_posted_rules, preview_rules
from shared.domain.level import Level
from shared.domain.local_rules import parse
from shared.domain.model import Verdict
from shared.errors import BadRequest
from shared.headers import Headers
from tests.evaluate_risk.stories import feed, put_other_phone, put_phone
from tests.world import ENTRA_ID, World, a_threat

NO_HEADERS = Headers({})
STRICT = b'[[rule]]\nname = "no network threats"\nallowed = "secured"\ncategory = "network"\n'


async def _phones(world: World) -> None:
    """One with a low network threat, which Intune's rule allows, and one with nothing."""
    await put_phone(world)
    await put_other_phone(world)
    await world.put_rule(Level.LOW)
    await evaluate(world.services, feed(a_threat(severity=Level.LOW)))


async def test_a_posted_file_tells_which_devices_would_change_and_why(tenant_world: World) -> None:
    await _phones(tenant_world)
    before = await tenant_world.device()
    tenant_world.operations.clear()
    previewed = await preview_posted_rules(tenant_world.services, NO_HEADERS, STRICT)
    assert (previewed.rules, previewed.looked_at, previewed.token) == (["no network threats"], 2, None)
    [change] = previewed.changes
    assert (change.device, change.verdict, change.would_be) == (ENTRA_ID, Verdict.ALLOW, Verdict.BLOCK)
    assert (change.rule, change.tag) == ("no network threats", "mtd-block-low")
    assert change.why[0] == "network risk is low, rule 'no network threats' allows secured"
    assert await tenant_world.device() == before
    assert not [key for key in tenant_world.operations if key[1] in {"create", "replace", "upsert"}]


async def test_without_a_file_the_dry_rules_in_use_are_tried(tenant_world: World) -> None:
    await _phones(tenant_world)
    assert (await preview_rules(tenant_world.services)).changes == []
    tenant_world.services.local_rules = parse(STRICT + b"dry_run = true\n")
    previewed = await preview_rules(tenant_world.services)
    assert [change.device for change in previewed.changes] == [ENTRA_ID]


async def test_a_file_without_todays_rules_tells_what_would_be_let_in(tenant_world: World) -> None:
    await _phones(tenant_world)
    tenant_world.services.mirror._local = tenant_world.services.local_rules = parse(STRICT)
    tenant_world.services.mirror.forget()
    [change] = (await preview_posted_rules(tenant_world.services, NO_HEADERS, b"")).changes
    assert (change.verdict, change.would_be) == (Verdict.BLOCK, Verdict.ALLOW)


async def test_the_devices_are_looked_at_by_pages(tenant_world: World) -> None:
    await _phones(tenant_world)
    first = await preview_posted_rules(tenant_world.services, NO_HEADERS, STRICT, "1", None)
    assert (first.looked_at, first.token is not None) == (1, True)
    second = await preview_posted_rules(tenant_world.services, NO_HEADERS, STRICT, "1", first.token)
    assert len(first.changes) + len(second.changes) == 1


async def test_a_file_that_is_wrong_is_reported_with_its_line(tenant_world: World) -> None:
    with pytest.raises(BadRequest, match=r"the file:3: rule\.allowed"):
        await preview_posted_rules(
            tenant_world.services, NO_HEADERS, b'[[rule]]\nname = "abc"\nallowed = "x"\n'
        )
