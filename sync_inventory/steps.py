"""The steps of a sync, in their order: each goes by what the ones before it left in the store or on
scratch paper."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Self

from shared.domain.runs import Runs
from shared.services import Services
from sync_inventory.apps.collecting import collect_apps, order_app_export
from sync_inventory.decisions import redecide
from sync_inventory.devices.agents import finish_moves, follow_ids, link_agents
from sync_inventory.devices.gone import look_for_missing, purge_gone
from sync_inventory.devices.homeless import bring_threats_home
from sync_inventory.devices.links import Links
from sync_inventory.devices.mirroring import mirror_devices
from sync_inventory.devices.reenrolled import follow_reenrolled
from sync_inventory.devices.sweep import Sweep
from sync_inventory.drift import repair_tags
from sync_inventory.figures import count_devices
from sync_inventory.heartbeats import check_heartbeats
from sync_inventory.policies.connectors import mirror_connectors
from sync_inventory.policies.enforcement import watch_policies
from sync_inventory.policies.groups import Groups
from sync_inventory.policies.rules import mirror_rules, settle_rules
from sync_inventory.policies.sign_ins import check_sign_ins
from sync_inventory.scratch import Scratch
from sync_inventory.tally import Tally


@dataclass(frozen=True)
class Context:
    """What the steps of one run share."""

    services: Services
    scratch: Scratch
    groups: Groups
    links: Links
    before: Runs
    """The record of the runs before this one."""

    @classmethod
    def of(cls, services: Services, scratch: Scratch, before: Runs) -> Self:
        """For a run that begins."""
        return cls(services, scratch, Groups(services, scratch), Links(services.store, scratch), before)


Step = Callable[[Context, Tally], Coroutine[Any, Any, None]]


async def connectors(context: Context, tally: Tally) -> None:
    """Intune's switches."""
    await mirror_connectors(context.services, tally)


async def rules(context: Context, tally: Tally) -> None:
    """Intune's compliance policies, and whom they reach."""
    await mirror_rules(context.services, context.groups, tally)


async def enforcement(context: Context, tally: Tally) -> None:
    """The Conditional Access policies that refuse what is blocked."""
    await watch_policies(context.services, tally)


async def heartbeats(context: Context, tally: Tally) -> None:
    """Partners that have not reported; from here on, what was mirrored before counts."""
    context.services.mirror.forget()
    await check_heartbeats(context.services, tally)


async def app_export(context: Context, tally: Tally) -> None:
    """The export of apps is ordered early, so that Intune can work on it meanwhile."""
    await order_app_export(context.services, tally)


async def devices(context: Context, tally: Tally) -> None:
    """Intune's devices, and those it has no more."""
    sweep = Sweep(context.scratch, context.groups)
    await mirror_devices(context.services, sweep, context.links, tally)
    await settle_rules(context.services, context.groups, tally)
    await look_for_missing(context.services, sweep, tally)
    await purge_gone(context.services, tally)


async def agents(context: Context, tally: Tally) -> None:
    """Threats whose agent has come; agents whose device has come, or has come back under other ids."""
    await bring_threats_home(context.services, tally)
    await finish_moves(context.services, tally)
    await link_agents(context.services, context.links, tally)
    await follow_ids(context.services, context.links, tally)
    await follow_reenrolled(context.services, context.links, tally)


async def decisions(context: Context, tally: Tally) -> None:
    """Decisions that a rule, a switch or the passing of time made due."""
    await redecide(context.services, tally)


async def drift(context: Context, tally: Tally) -> None:
    """Tags that are not what we left in Entra."""
    await repair_tags(context.services, context.scratch, tally)


async def apps(context: Context, tally: Tally) -> None:
    """App inventory: what was opted out of goes, what was exported comes."""
    is_behind = not context.before.went_through(apps.__name__)
    await collect_apps(context.services, context.scratch, tally, is_behind=is_behind)


async def figures(context: Context, tally: Tally) -> None:
    """How many devices stand how."""
    await count_devices(context.services, tally)


async def sign_ins(context: Context, tally: Tally) -> None:
    """What What If says to a blocked and a clean phone."""
    await check_sign_ins(context.services, tally)


STEPS: tuple[Step, ...] = (
    *(connectors, rules, enforcement, heartbeats, app_export, devices),
    *(agents, decisions, drift, apps, figures, sign_ins),
)
