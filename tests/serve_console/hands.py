"""An admin for the tests of this room, and what that admin says."""

from evaluate_risk.evaluation import evaluate
from serve_console.linking import Linked, LinkRequest, UnlinkRequest, link, unlink
from shared.access import ADMIN_ROLE
from shared.domain.level import Level
from shared.domain.model import Agent, Link, Report, link_of_agent
from shared.entra import Caller
from tests.evaluate_risk.stories import AGENT_ID, feed, put_other_phone, put_phone
from tests.world import ENTRA_ID, World, a_threat

ADA = Caller(object_id="oid-ada", app_id="portal", name="ada@contoso.example", roles=frozenset({ADMIN_ROLE}))
BOB = Caller(object_id="oid-bob", app_id="portal", name="bob@contoso.example", roles=frozenset({ADMIN_ROLE}))
WHO = "ada@contoso.example (oid-ada)"


async def reported(world: World, *reports: Report) -> None:
    """Two phones, a rule, and an agent that carries no id, with a grave threat or other `reports`."""
    await world.put_rule(Level.LOW)
    await put_phone(world)
    await put_other_phone(world)
    await evaluate(world.services, feed(*(reports or (a_threat(mdm_device_id=None),))))


async def linked(
    world: World, device: str = ENTRA_ID, reason: str = "read off the phone", caller: Caller = ADA
) -> Linked:
    return await link(world.services, caller, AGENT_ID, LinkRequest(device=device, reason=reason))


async def unlinked(world: World, reason: str = "it was another phone") -> Linked:
    return await unlink(world.services, ADA, AGENT_ID, UnlinkRequest(reason=reason))


async def agent(world: World, id_: str = AGENT_ID) -> Agent:
    found = await world.services.store.read(Agent, id_)
    assert found is not None
    return found.document


async def record(world: World, agent_id: str = AGENT_ID) -> Link | None:
    found = await world.services.store.read(Link, link_of_agent(agent_id))
    return found.document if found else None
