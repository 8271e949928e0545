"""What the tests of this room give the app, how they stop it in the middle, and what must come out."""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from pydantic import JsonValue

from evaluate_risk.evaluation import evaluate
from evaluate_risk.linking import carry_out
from shared.domain.connector import Connector
from shared.domain.heartbeats import UnresponsivePartners
from shared.domain.level import Level
from shared.domain.model import Agent, Device, Link, Report, link_id, link_of_agent
from shared.domain.record import Clears, DeviceIdentityRecord, DeviceStateRecord
from shared.domain.rule import Rules
from shared.domain.tenant import Tenant
from shared.errors import StoreUnavailable
from shared.services import Services
from tests.world import ENTRA_ID, INTUNE_ID, START, World

OTHER_ENTRA_ID = "aaaaaaaa-1111-4bbb-8ccc-bbbbbbbbbbbb"
OTHER_INTUNE_ID = "cccccccc-3333-4eee-8fff-dddddddddddd"
AGENT_ID = "lookout:agent-1"
Call = Callable[..., Awaitable[Any]]
AGENT_IDS = (AGENT_ID, "lookout:agent-2", "zimperium:agent-3")


async def by_hand(services: Services, device: str | None, agent_id: str = AGENT_ID) -> None:
    """An admin links the agent to a device, or takes it off the one it has."""
    id_ = link_of_agent(agent_id)

    def decided(stored: Link | None) -> Link:
        revision = stored.revision + 1 if stored else 1
        return Link(
            id=id_, device=device, why="a test", who="test", at=START, revision=revision, pending=True
        )

    edited = await services.store.edit(Link, id_, decided)
    assert edited.found is not None
    await carry_out(services, edited.found)


def feed(*reports: Report) -> list[dict[str, JsonValue]]:
    """Reports as the change feed brings them."""
    return [report.model_dump(mode="json") for report in reports]


def a_snapshot(
    severity: Level = Level.SECURED, *, minutes: float = 0, device: str = "agent-1", **fields: Any
) -> Report:
    """A partner's word on the whole device, which clears all its threats."""
    at = START + timedelta(minutes=minutes)
    values: dict[str, Any] = {
        "partner": "lookout",
        "index": 0,
        "report_id": f"state:{minutes}:{severity}",
        "partner_device_id": device,
        "severity": severity,
        "clears": Clears.ALL,
        "detected_at": at,
        "mdm_device_id": INTUNE_ID,
    }
    return Report.of(DeviceStateRecord(**{**values, **fields}), device, min(at, START))


def an_identity(mdm_device_id: str | None, *, minutes: float = 0, device: str = "agent-1") -> Report:
    """A report that says nothing but which device the agent is."""
    record = DeviceIdentityRecord(
        partner="lookout",
        index=0,
        report_id=f"identity:{minutes}",
        partner_device_id=device,
        mdm_device_id=mdm_device_id,
        detected_at=START + timedelta(minutes=minutes),
    )
    return Report.of(record, device, START)


async def put_phone(world: World, **facts: object) -> Device:
    """A device that agents can be linked to by its Intune id."""
    device = await world.put_device(**facts)
    link = Link(id=link_id("intune", device.facts.intune_id), device=device.id)
    await world.services.store.upsert(link)
    return device


async def put_other_phone(world: World) -> Device:
    return await put_phone(world, entra_id=OTHER_ENTRA_ID, intune_id=OTHER_INTUNE_ID, serial="SN-TEST-2")


async def agent(world: World, id_: str = AGENT_ID) -> Agent:
    """The agent as it is stored now."""
    found = await world.services.store.read(Agent, id_)
    assert found is not None
    return found.document


async def replayed(services: Services, documents: Sequence[dict[str, JsonValue]]) -> int:
    """Evaluate as the host does: again and again until the store is there; how often it was."""
    for times in itertools.count():
        try:
            await evaluate(services, documents)
        except StoreUnavailable:
            assert times < 10
            continue
        return times
    raise AssertionError


class Stop:
    """Stops the n-th call to the store or to Graph (0: none); reads of rules and switches apart."""

    def __init__(self, at: int, *, lost_answer: bool = False) -> None:
        self.at = at
        self.lost_answer = lost_answer
        self.calls: list[str] = []
        self._replaced: list[tuple[object, str]] = []

    def begin(self, world: World) -> None:
        """From now on calls of the world's first instance count."""
        store, graph = world.services.store, world.services.graph
        for name in ("read", "create", "replace", "upsert"):
            self._replace(store, name, self._of_store(world))
        for name in ("tag", "write_tag"):
            self._replace(graph, name, self._of_graph)

    def end(self) -> None:
        """Let everything through again."""
        for owner, name in self._replaced:
            delattr(owner, name)

    @property
    def struck(self) -> bool:
        """Whether the call to be stopped came."""
        return 0 < self.at <= len(self.calls)

    def _replace(self, owner: object, name: str, struck: Callable[[Call], Call]) -> None:
        method: Call = getattr(owner, name)
        stopped = struck(method)

        async def call(*args: Any, **kwargs: Any) -> Any:
            if args[0] in (Rules, Connector, UnresponsivePartners, Tenant):
                return await method(*args, **kwargs)
            self.calls.append(f"{name} {getattr(args[0], '__name__', args[0].__class__.__name__)}")
            return await (stopped if len(self.calls) == self.at else method)(*args, **kwargs)

        setattr(owner, name, call)
        self._replaced.append((owner, name))

    def _of_store(self, world: World) -> Callable[[Call], Call]:
        def struck(method: Call) -> Call:
            async def call(*args: Any, **kwargs: Any) -> Any:
                if not self.lost_answer:
                    raise StoreUnavailable("stopped before it began")
                world.cosmos_faults.fail_next(0, after_commit=True)
                return await method(*args, **kwargs)

            return call

        return struck

    def _of_graph(self, method: Call) -> Call:
        async def call(*args: Any, **kwargs: Any) -> Any:
            if self.lost_answer:
                await method(*args, **kwargs)
            raise StoreUnavailable("stopped, as a crash would")

        return call


async def state(world: World) -> dict[str, Any]:
    """Everything that must come out alike, however it came about: agents, devices and Entra."""
    store = world.services.store
    found: dict[str, Any] = {}
    for kind, ids in ((Agent, AGENT_IDS), (Device, (ENTRA_ID, OTHER_ENTRA_ID))):
        for id_ in ids:
            document = await store.read(kind, id_)
            if document is not None:
                found[id_] = _without_revisions(document.document.model_dump(mode="json"))
    for id_ in (ENTRA_ID, OTHER_ENTRA_ID):
        if world.tenant.entra_device(id_) is not None:
            found[f"Entra {id_}"] = world.entra_tag(id_)
    return found


def _without_revisions(document: dict[str, Any]) -> dict[str, Any]:
    """Revisions only rise, and a slot says when its agent reported last as of its writing: both by
    batches."""
    document.pop("level_revision", None)
    for slot in document.get("slots", {}).values():
        del slot["revision"], slot["last_reported_at"]
    return document
