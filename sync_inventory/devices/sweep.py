"""One sweep over Intune's records, put in order: which devices there are, and which ids name them.

Several Intune records of one Entra device are one device: the record that checked in last gives the facts
(stale records are left behind by re-enrollment), and the ids of all of them name it. A record without the
Entra id the mirror knows keeps it: what Intune leaves out for a while does not untie a blocked phone.

A mirrored device this sweep does not hold still bears its serial number: a phone Intune leaves out once must
not make the number it shares name the other one. The price: where a device enrolls again under a new Intune
and a new Entra id, its number is ambiguous until the old one is confirmed gone or an admin links it.

A document that another took over from names nothing any more, and is missing once its Intune record is: what
it still holds of a person has to go with that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from shared.domain.model import DeviceFacts, NewerRegistration, device_id, link_id
from shared.domain.moment import Moment, iso_utc
from sync_inventory.devices.facts import Record
from sync_inventory.policies.groups import Groups
from sync_inventory.scratch import Scratch

_TABLES = """
CREATE TABLE mirrored (
    id TEXT PRIMARY KEY, intune TEXT, entra TEXT, serial TEXT, udid TEXT, facts TEXT, grouped TEXT,
    replaced_by TEXT, missing_since TEXT, gone_at TEXT, restricted INTEGER, newer TEXT
) WITHOUT ROWID;
CREATE INDEX mirrored_intune ON mirrored (intune);
CREATE TABLE swept (intune TEXT UNIQUE, id TEXT, serial TEXT, udid TEXT, at TEXT, facts TEXT);
CREATE TABLE name (key TEXT, id TEXT, PRIMARY KEY (key, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS less_known (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_ARRANGED = """
CREATE TABLE device AS SELECT id, intune, facts FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY at DESC, rowid) AS place FROM swept
) WHERE place = 1;
CREATE UNIQUE INDEX device_id ON device (id);
CREATE TABLE previous AS SELECT m.id AS old, s.id AS new FROM swept s JOIN mirrored m ON m.intune = s.intune
    WHERE m.replaced_by IS NULL AND m.id <> s.id AND m.id NOT IN (SELECT id FROM device);
CREATE INDEX previous_new ON previous (new);
CREATE INDEX previous_old ON previous (old);
CREATE TABLE missing AS SELECT id, missing_since, gone_at,
    CASE WHEN replaced_by IS NULL THEN serial END AS serial,
    CASE WHEN replaced_by IS NULL THEN udid END AS udid FROM mirrored
    WHERE (replaced_by IS NULL OR intune NOT IN (SELECT intune FROM swept))
    AND id NOT IN (SELECT id FROM device) AND id NOT IN (SELECT old FROM previous);
CREATE INDEX missing_id ON missing (id);
INSERT OR IGNORE INTO less_known SELECT m.id FROM mirrored m JOIN device d ON d.id = m.id
    WHERE json_extract(m.facts, '$.ownership') <> json_extract(d.facts, '$.ownership')
    UNION SELECT old FROM previous;
"""
_DUE = """
SELECT d.id, d.facts, m.id IS NULL FROM device d LEFT JOIN mirrored m ON m.id = d.id
WHERE m.id IS NULL OR m.replaced_by IS NOT NULL OR m.missing_since IS NOT NULL OR m.gone_at IS NOT NULL
    OR m.facts <> d.facts OR d.id IN (SELECT new FROM previous)
ORDER BY d.rowid
"""


class MirroredDevice(BaseModel):
    """A device as the mirror had it before the sweep."""

    id: str
    facts: DeviceFacts
    replaced_by: str | None = None
    missing_since: Moment | None = None
    gone_at: Moment | None = None
    restricted: bool = False
    newer_registration: NewerRegistration | None = None


@dataclass(frozen=True)
class Due:
    """A device that is new, changed, back, or known by another id."""

    id: str
    facts: DeviceFacts
    previous: tuple[str, ...]
    """Mirrored devices made from the same Intune record, under an id it no longer has."""
    is_new: bool


@dataclass(frozen=True)
class Missing:
    """A mirrored device the sweep does not hold. It stays: Intune's list may be incomplete."""

    id: str
    is_marked: bool
    """Whether an earlier sweep missed it, too."""


class Sweep:
    """First the mirror as it stands (`know`), then Intune's records (`add`), then both in order
    (`arrange`).

    What changed hands, became another or is gone (`less_known`) outlasts a sweep that is begun again: the
    mirror may hold by then what the first one wrote.
    """

    def __init__(self, scratch: Scratch, groups: Groups) -> None:
        self._scratch = scratch
        self._groups = groups
        self.kept_entra_ids = 0
        for table in ("mirrored", "swept", "name", "device", "previous", "missing"):
            scratch.script(f"DROP TABLE IF EXISTS {table};")
        scratch.script(_TABLES)

    def know(self, device: MirroredDevice) -> None:
        """A device the mirror has."""
        facts = device.facts
        self._scratch.write(
            "INSERT OR REPLACE INTO mirrored VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            device.id,
            facts.intune_id.lower(),
            facts.entra_id,
            facts.serial,
            facts.udid,
            facts.model_dump_json(),
            " ".join(facts.groups),
            device.replaced_by,
            device.missing_since and iso_utc(device.missing_since),
            device.gone_at and iso_utc(device.gone_at),
            device.restricted,
            device.newer_registration and device.newer_registration.id,
        )

    def add(self, record: Record) -> None:
        """A record Intune has: of two states of one (a page moved under the sweep), the later counts."""
        facts = record.facts
        row = self._scratch.one(
            "SELECT entra, grouped, udid FROM mirrored WHERE intune = ? AND replaced_by IS NULL"
            " ORDER BY entra IS NULL LIMIT 1",
            facts.intune_id.lower(),
        )
        entra, grouped, udid = row or (None, "", None)
        groups = self._groups.of(facts.user_id, tuple(grouped.split()))
        update: dict[str, object] = {"groups": groups, "udid": udid}
        if facts.entra_id is None and entra is not None:
            self.kept_entra_ids += 1
            update["entra_id"] = entra
        facts = facts.model_copy(update=update)
        self._scratch.write(
            "INSERT INTO swept VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (intune) DO UPDATE SET id = excluded.id,"
            " serial = excluded.serial, at = excluded.at, facts = excluded.facts WHERE excluded.at > at",
            facts.intune_id.lower(),
            device_id(facts),
            facts.serial,
            facts.udid,
            iso_utc(record.last_sync) if record.last_sync else "",
            facts.model_dump_json(),
        )

    def udids(self) -> set[str]:
        """The UDIDs that swept devices are known by, in lower case."""
        return {udid.lower() for (udid,) in self._scratch.rows("SELECT udid FROM swept WHERE udid <> ''")}

    def without_udid(self, most: int) -> list[str]:
        """Intune's ids of iOS devices whose UDID nobody asked for, one a device; in no order."""
        sql = (
            "SELECT MIN(intune) FROM swept WHERE json_extract(facts, '$.platform') = 'ios'"
            " GROUP BY id HAVING COUNT(udid) = 0 ORDER BY random() LIMIT ?"
        )
        return [intune for (intune,) in self._scratch.rows(sql, most)]

    def keep_udid(self, intune_id: str, udid: str) -> None:
        """A device has the UDID that one of its records was asked for; empty: Intune knows none."""
        sql = "SELECT intune, facts FROM swept WHERE id = (SELECT id FROM swept WHERE intune = ?)"
        for intune, facts in list(self._scratch.rows(sql, intune_id)):
            known = DeviceFacts.model_validate_json(facts).model_copy(update={"udid": udid})
            text = known.model_dump_json()
            self._scratch.write("UPDATE swept SET udid = ?, facts = ? WHERE intune = ?", udid, text, intune)

    def arrange(self) -> None:
        """Put everything in order, once all of it is there."""
        self._scratch.script(_ARRANGED)
        into = "INSERT OR IGNORE INTO name VALUES (?, ?)"
        self._scratch.write_many(into, self._names())
        missing = self._scratch.rows("SELECT id, serial, udid FROM missing WHERE gone_at IS NULL")
        shared = [
            (key, id_)
            for id_, *hardware in missing
            for kind, value in zip(("serial", "udid"), hardware, strict=True)
            if value and self._scratch.one("SELECT 1 FROM name WHERE key = ?", key := link_id(kind, value))
        ]
        self._scratch.write_many(into, shared)

    def _names(self) -> Iterator[tuple[str, str]]:
        for facts, id_ in self._scratch.rows("SELECT facts, id FROM swept"):
            for key in link_keys(DeviceFacts.model_validate_json(facts)):
                yield key, id_

    @property
    def records(self) -> int:
        """Intune records, each counted once."""
        return self._scratch.count("SELECT COUNT(*) FROM swept")

    @property
    def devices(self) -> int:
        """Devices those records are of."""
        return self._scratch.count("SELECT COUNT(*) FROM device")

    def count(self, condition: str) -> int:
        """Devices whose facts are so: `condition` is SQL over `facts`, as JSON."""
        return self._scratch.count(f"SELECT COUNT(*) FROM device WHERE {condition}")  # noqa: S608 - our own text

    def due(self) -> Iterator[Due]:
        """The devices that are to be written, in the order they came."""
        self._scratch.script(f"DROP TABLE IF EXISTS due; CREATE TABLE due AS {_DUE};")
        for id_, facts, is_new in self._scratch.rows("SELECT * FROM due"):
            old = self._scratch.rows("SELECT old FROM previous WHERE new = ?", id_)
            previous = tuple(each for (each,) in old)
            yield Due(id_, DeviceFacts.model_validate_json(facts), previous, bool(is_new))

    def missing(self) -> list[Missing]:
        """The devices nobody has confirmed gone that the sweep does not hold; in no order, so that none waits
        for ever behind others."""
        sql = "SELECT id, missing_since FROM missing WHERE gone_at IS NULL ORDER BY random()"
        return [Missing(id_, since is not None) for id_, since in self._scratch.rows(sql)]

    def gone(self, id_: str, at: datetime) -> None:
        """Intune was asked for a missing device, and has none of that id."""
        self._scratch.write("UPDATE missing SET gone_at = ? WHERE id = ?", iso_utc(at), id_)
        self._scratch.write("INSERT OR IGNORE INTO less_known VALUES (?)", id_)


def link_keys(facts: DeviceFacts) -> list[str]:
    """The links that name a device: by Intune id, Entra id, serial number and UDID."""
    ids = (
        *(("intune", facts.intune_id), ("entra", facts.entra_id)),
        *(("serial", facts.serial), ("udid", facts.udid)),
    )
    return [link_id(kind, value) for kind, value in ids if value]
