"""What Entra's list of devices says beside the tag: which are in a restricted unit, and which blocked phones
may have been registered once more.

A second registration of a blocked phone that Intune does not manage has no tag that Conditional Access sees.
Whose it is, the list does not say: with owners it comes by pages of 100 (Graph: query parameters, $expand of
directory objects), ten times the calls. So owners are asked for, twenty at most a sync, in one batch, only of
registrations that are newer than the block of a phone of that model, and than a day.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from evaluate_risk.decide import change
from shared.domain.model import Device, NewerRegistration, Tag, TagState
from shared.domain.moment import iso_utc
from shared.domain.record import Platform
from shared.domain.tag import is_block
from shared.errors import GraphError, GraphNotFound
from shared.graph.wire import ListedDeviceAnswer
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.scratch import Scratch
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tally import Tally

RECENT = timedelta(days=1)
MAX_ASKED = 20
"""Owners a sync asks for: one batch."""
_TABLES = """
DROP TABLE IF EXISTS newcomer; DROP TABLE IF EXISTS refused; DROP TABLE IF EXISTS restriction;
CREATE TABLE newcomer (id TEXT PRIMARY KEY, platform TEXT, model TEXT, at TEXT) WITHOUT ROWID;
CREATE TABLE refused (id TEXT PRIMARY KEY, platform TEXT, model TEXT, since TEXT, user TEXT) WITHOUT ROWID;
CREATE TABLE restriction (id TEXT PRIMARY KEY, restricted INTEGER) WITHOUT ROWID;
"""
_MAY_BE_ONE = (
    "r.platform = n.platform AND r.since < n.at AND (r.model = n.model OR r.model = '' OR n.model = '')"
)
_TO_ASK = (
    f"SELECT n.id, n.at FROM newcomer n WHERE EXISTS (SELECT 1 FROM refused r WHERE {_MAY_BE_ONE})"  # noqa: S608
    " ORDER BY random() LIMIT ?"
)
_OF_ITS_OWNER = f"SELECT r.id FROM newcomer n JOIN refused r ON {_MAY_BE_ONE} WHERE n.id = ? AND r.user = ?"  # noqa: S608


class Registrations:
    """What one reading of Entra's list says: each device is shown to `see`, `settle` does the rest.

    Where this run did not sweep Intune's devices it does nothing.
    """

    def __init__(self, services: Services, scratch: Scratch) -> None:
        self._services = services
        self._scratch = scratch
        self._swept = scratch.has("device")
        scratch.script(_TABLES)
        mirrored = scratch.rows("SELECT id, restricted, newer FROM mirrored WHERE restricted OR newer <> ''")
        known = list(mirrored) if self._swept else []
        self._restricted = {id_ for id_, restricted, _ in known if restricted}
        self._flagged: dict[str, str] = {id_: newer for id_, _, newer in known if newer}
        self._found_before = frozenset(self._flagged.values())
        self._still_there: set[str] = set()
        self._still_blocked: set[str] = set()

    def see(self, entra: ListedDeviceAnswer, tag: Tag | None) -> None:
        """A device of Entra's, with its tag where it has one."""
        if not self._swept:
            return
        id_ = entra.device_id.lower()
        if entra.restricted is not (id_ in self._restricted) and self._facts(id_):
            self._scratch.write("INSERT OR REPLACE INTO restriction VALUES (?, ?)", id_, entra.restricted)
        if tag is not None and is_block(tag.wanted):
            self._still_blocked.add(id_)
            self._remember_refused(id_, entra, tag)
        elif not entra.managed:
            self._unmanaged(id_, entra)

    def _facts(self, id_: str) -> tuple[str | None] | None:
        """The user of a device that this sweep holds; None where it holds none of that id."""
        sql = "SELECT json_extract(facts, '$.user_id') FROM device WHERE id = ?"
        return self._scratch.one(sql, id_)

    def _remember_refused(self, id_: str, entra: ListedDeviceAnswer, tag: Tag) -> None:
        found = self._facts(id_)
        if tag.state is not TagState.APPLIED or tag.applied_at is None or not found or not found[0]:
            return
        if id_ not in self._flagged:
            row = (id_, _platform(entra), _kin(entra), iso_utc(tag.applied_at), found[0].lower())
            self._scratch.write("INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?)", *row)

    def _unmanaged(self, id_: str, entra: ListedDeviceAnswer) -> None:
        if id_ in self._found_before:
            self._still_there.add(id_)
        at = entra.registered
        if _platform(entra) is Platform.OTHER or at is None or at < self._services.now() - RECENT:
            return
        row = (id_, _platform(entra), _kin(entra), iso_utc(at))
        self._scratch.write("INSERT OR REPLACE INTO newcomer VALUES (?, ?, ?, ?)", *row)

    async def settle(self, tally: Tally) -> None:
        """Ask for owners, and write what changed into the devices concerned."""
        edits: dict[str, Callable[[Device], Device]] = {}
        for id_, restricted in self._scratch.rows("SELECT id, restricted FROM restriction"):
            edits[id_] = _setting(edits.get(id_), {"restricted": bool(restricted)})
        for id_, newer in self._flagged.items():
            if newer not in self._still_there or id_ not in self._still_blocked:
                edits[id_] = _setting(edits.get(id_), {"newer_registration": None})
        for id_, newer_registration in (await self._newer(tally)).items():
            edits[id_] = _setting(edits.get(id_), {"newer_registration": newer_registration})

        async def one(id_: str) -> None:
            await change(self._services, id_, edits[id_])

        await side_by_side(list(edits), one, tally)
        tally.add("registrations_written", len(edits))

    async def _newer(self, tally: Tally) -> dict[str, NewerRegistration]:
        """Newer registrations of the users of blocked phones, by phone."""
        newcomers: dict[str, str] = dict(self._scratch.rows(_TO_ASK, MAX_ASKED))
        if not newcomers:
            return {}
        owners = await self._services.graph.registered_owners(list(newcomers))
        found: dict[str, NewerRegistration] = {}
        for newcomer, answer in zip(newcomers, owners, strict=True):
            if isinstance(answer, GraphError):
                tally.add("owners_unknown", not isinstance(answer, GraphNotFound))
                continue
            at = datetime.fromisoformat(newcomers[newcomer])
            phones = [id_ for user in answer for (id_,) in self._scratch.rows(_OF_ITS_OWNER, newcomer, user)]
            for id_ in phones:
                found[id_] = NewerRegistration(id=newcomer, registered_at=at)
                log_event(LogEvent.NEWER_REGISTRATION, device=id_, registration=newcomer)
        tally.add("newer_registrations", len(found))
        return found


def _setting(
    before: Callable[[Device], Device] | None, update: Mapping[str, object]
) -> Callable[[Device], Device]:
    def edit(device: Device) -> Device:
        return (before(device) if before else device).model_copy(update=dict(update))

    return edit


def _platform(entra: ListedDeviceAnswer) -> Platform:
    """The platform Entra's operatingSystem stands for: iOS, iPadOS, IPhone, IPad; Android and its kinds."""
    word = entra.operating_system.strip().lower()
    if word.startswith(("ios", "ipad", "iphone")):
        return Platform.IOS
    return Platform.ANDROID if word.startswith("android") else Platform.OTHER


def _kin(entra: ListedDeviceAnswer) -> str:
    """The model, as far as two registrations of one phone agree: Intune and the phone itself name Apple's
    models differently, so of them the kind alone. Empty where none is given."""
    model = entra.model.strip().lower()
    apples = re.match(r"iphone|ipad|ipod", model)
    return apples[0] if apples else model
