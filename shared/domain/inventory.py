"""The documents of the container `inventory`: what is installed on devices an admin opted in. Pure.

Two kinds, known by their ids: a device's apps as Intune has them, and what one agent's partner itself
reported of the apps beside it. The second serves for a day, and that partner alone.
"""

import functools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from pydantic import Field

from shared.domain.app_sync import OptIn, OptIns, may_collect, narrowed
from shared.domain.model import Document, Ownership, Part, digest
from shared.domain.moment import DAY, Moment
from shared.domain.record import AppInventoryRecord, Platform

REMEMBERED = timedelta(days=30)
"""How long what a partner may have no more is remembered, so that it learns of it."""
FRESH = timedelta(days=1)
"""How long what a partner reported of its own accord serves."""
MAX_APPS = 1000
"""Apps kept of one agent; the ones reported last stay."""
_AGENT = "agent:"


class AppRow(NamedTuple):
    """An app as Intune's report has it, and what follows from the apps Intune manages; None where neither
    says."""

    name: str | None
    version: str | None = None
    short_version: str | None = None
    app_id: str | None = None
    managed: bool | None = None


class IntuneApp(Part):
    """All that Graph can give of an app on a device."""

    name: str | None = None
    version: str | None = None
    short_version: str | None = None
    app_id: str | None = None
    """The bundle identifier, of the app in Intune that has the same name."""
    managed: bool | None = None

    @property
    def row(self) -> AppRow:
        """The same as a row."""
        return AppRow(self.name, self.version, self.short_version, self.app_id, self.managed)


class Inventory(Document):
    """The apps of one device, as Intune last exported them; the id is the device's.

    `ownership` and `partners` are as they were when the apps were collected: what is shown to a partner must
    be allowed by them and by what holds when it asks.
    """

    container: ClassVar[str] = "inventory"
    sparse: ClassVar[bool] = True
    intune_id: str
    ownership: Ownership
    partners: dict[str, OptIn] = Field(default_factory=dict)
    """Those that may have some of it, with their toggles."""
    withdrawn: dict[str, Moment] = Field(default_factory=dict)
    """Since when those that had some of it may have none."""
    apps: tuple[IntuneApp, ...] = ()
    digest: str
    """Of everything but times: an inventory of the same digest is not written again."""
    changed_at: Moment
    purged_at: Moment | None = None
    """When the apps were removed because nobody may have any; what is left is REMEMBERED for a while."""
    ttl: int | None = None


class AppFacts(Part):
    """What can be known of an app on a device; None where nobody says."""

    app_id: str | None = None
    version: str | None = None
    short_version: str | None = None
    name: str | None = None
    bundle_size: int | None = None
    dynamic_size: int | None = None
    validated: bool | None = None
    managed: bool | None = None
    ad_hoc_signed: bool | None = None
    from_app_store: bool | None = None
    beta: bool | None = None
    device_based_vpp: bool | None = None


class SeenApp(AppFacts):
    """An app as a partner reported it, and when that was received."""

    app_id: str
    seen_at: Moment


class AgentApps(Document):
    """What a partner reported of the apps beside one of its agents."""

    container: ClassVar[str] = "inventory"
    sparse: ClassVar[bool] = True
    agent: str
    partner: str
    apps: tuple[SeenApp, ...] = ()
    ttl: int = DAY

    def fresh(self, now: datetime) -> list[SeenApp]:
        """The apps reported less than a day before `now`."""
        return [app for app in self.apps if now - app.seen_at < FRESH]


def agent_apps_id(agent: str) -> str:
    """Id of the document of an agent's apps."""
    return _AGENT + agent


def is_agents(id_: str) -> bool:
    """Whether a document of the container is an agent's."""
    return id_.startswith(_AGENT)


class Collected(NamedTuple):
    """What may be collected of one device, not yet a document."""

    id: str
    """The device's."""
    intune_id: str
    ownership: Ownership
    partners: OptIns
    rows: Sequence[AppRow]

    @classmethod
    def of(
        cls, id_: str, intune_id: str, ownership: Ownership, partners: OptIns, rows: Iterable[AppRow]
    ) -> "Collected":
        """Of the device's `rows` those that at least one of `partners` may have, each once and in order."""
        allowed = {managed: _anybody(partners, ownership, managed) for managed in (True, False, None)}
        kept = sorted({row for row in rows if allowed[row.managed]}, key=_place)
        return cls(id_, intune_id, ownership, partners, kept)

    @property
    def digest(self) -> str:
        """The digest the document will have."""
        toggles = sorted((partner, each.app_sync_personal) for partner, each in self.partners.items())
        return digest([self.intune_id, self.ownership, toggles, self.rows])

    def document(self, withdrawn: dict[str, datetime], at: datetime) -> Inventory:
        """The document as of `at`; `withdrawn` as it stood in the one before."""
        return Inventory(
            id=self.id,
            intune_id=self.intune_id,
            ownership=self.ownership,
            partners=dict(self.partners),
            withdrawn=_withdrawn(withdrawn, self.partners, at),
            apps=tuple(IntuneApp(**row._asdict()) for row in self.rows),
            digest=self.digest,
            changed_at=at,
        )


def trimmed(inventory: Inventory, opt_ins: OptIns, ownership: Ownership, at: datetime) -> Inventory:
    """`inventory` without what may not be kept of a device of that ownership any more; itself where all may.

    Nothing is ever added: what more may be collected comes with the next export.
    """
    partners = narrowed(inventory.partners, opt_ins)
    rows = [app.row for app in inventory.apps]
    left = Collected.of(inventory.id, inventory.intune_id, ownership, partners, rows)
    if left.digest == inventory.digest:
        return inventory
    withdrawn = {**inventory.withdrawn, **dict.fromkeys(inventory.partners, at)}
    document = left.document(withdrawn, at)
    if partners:
        return document
    return document.model_copy(update={"purged_at": at, "ttl": int(REMEMBERED.total_seconds())})


def with_seen(
    before: AgentApps | None, agent: str, records: Sequence[AppInventoryRecord], at: datetime
) -> AgentApps:
    """What is known of an agent's apps once `records`, all of that agent, were received at `at`."""
    apps = {app.app_id.casefold(): app for app in (before.fresh(at) if before else ())}
    for record in records:
        reported = record.model_dump(include={*AppFacts.model_fields})
        apps.pop(record.app_id.casefold(), None)
        apps[record.app_id.casefold()] = SeenApp(**reported, seen_at=at)
    latest = tuple(apps.values())[-MAX_APPS:]
    return AgentApps(id=agent_apps_id(agent), agent=agent, partner=records[0].partner, apps=latest)


def _anybody(partners: OptIns, ownership: Ownership, managed: bool | None) -> bool:
    return any(may_collect(each, Platform.IOS, ownership, managed) for each in partners.values())


@functools.lru_cache(maxsize=10_000)
def _place(row: AppRow) -> tuple[str, ...]:
    return tuple(str(value) for value in row)


def _withdrawn(before: dict[str, datetime], partners: OptIns, at: datetime) -> dict[str, datetime]:
    """Who may have nothing any more, as long as that is remembered."""
    return {
        partner: since
        for partner, since in before.items()
        if partner not in partners and at - since < REMEMBERED
    }
