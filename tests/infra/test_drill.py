"""The drill's reports are taken by the app, block the test phone, and free it again."""

import json
import pathlib
from datetime import UTC, datetime

import pytest

from evaluate_risk.evaluation import evaluate
from infra import drill
from local.partners.authentication import signed
from local.sample_tenant import Phone
from shared.domain.level import Level
from shared.domain.model import Link, link_id
from shared.domain.record import Platform
from tests.ingest_threat.door import posted
from tests.world import INTUNE_ID, Clock, World, world

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BLOCKED, CLEAN = "mtd-block-high", "mtd-ok"


async def _sent(tenant: World, partner: str, platform: str, *, clean: bool) -> None:
    tenant.clock.pass_time(seconds=5)
    phone = Phone("drill", platform, INTUNE_ID, "", "drill-1")
    message = drill.PARTNERS[partner](phone, tenant.clock(), clean=clean)
    body = json.dumps(message).encode()
    answer = await posted(tenant.services, partner, signed(SECRET, body), body)
    assert (answer.accepted, answer.rejected) == (1, [])
    container = await tenant.services.store._container("reports")
    reports = [row async for row in container.query_items("SELECT * FROM c")]
    await evaluate(tenant.services, reports)


@pytest.mark.parametrize(
    ("partner", "platform"), [("lookout", Platform.IOS), ("zimperium", Platform.ANDROID)]
)
async def test_a_drill_blocks_the_phone_and_a_clean_one_frees_it(partner: str, platform: Platform) -> None:
    secrets = {"lookout": SECRET, "zimperium": SECRET}
    async with world(Clock(datetime.now(UTC)), webhook_secrets=secrets) as tenant:
        await tenant.put_rule(Level.LOW, platform)
        device = await tenant.put_device(platform=platform)
        await tenant.services.store.create(Link(id=link_id("intune", INTUNE_ID), device=device.id))
        await _sent(tenant, partner, platform.value, clean=False)
        assert tenant.entra_tag() == BLOCKED
        await _sent(tenant, partner, platform.value, clean=True)
        assert tenant.entra_tag() == CLEAN


def test_where_nothing_answers_it_says_so(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    where = ["--url", "http://127.0.0.1:9", "--device", "d", "--platform", "iOS"]
    assert drill.main([*where, "--secret-file", str(secret)]) == 1
    assert capsys.readouterr().err.startswith("not sent: ")
