"""One sweep over Intune's records, put in order: which devices there are, and which ids name them. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from pydantic import BaseModel

from shared.model import DeviceFacts, device_id, link_id
from sync_inventory.facts import Record

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class MirroredDevice(BaseModel):
    """A device as the mirror had it before the sweep."""

    id: str
    facts: DeviceFacts
    replaced_by: str | None = None


class Sweep:
    """The devices of one sweep.

    Several Intune records of one Entra device are one device: the record that checked in last gives the facts
    (stale records are left behind by re-enrolment), and the ids of all of them name it. A record without the
    Entra id the mirror knows keeps it: what Intune leaves out for a while does not untie a blocked phone.

    A mirrored device this sweep does not hold still bears its serial number: a phone Intune leaves out once
    must not make the number it shares name the other one. The price: where a device enrols again under a new
    Intune and a new Entra id, its number is ambiguous until the old document is purged or an admin links it.
    """

    def __init__(self, records: Iterable[Record], mirrored: Mapping[str, MirroredDevice]) -> None:
        self.devices: dict[str, DeviceFacts] = {}
        """The facts of each device, by document id."""
        self.names: dict[str, set[str]] = defaultdict(set)
        """The devices each link names; more than one make it ambiguous."""
        self.previous: dict[str, list[str]] = {}
        """Mirrored devices made from the same Intune record, under an id it no longer has."""
        self.duplicates = 0
        """Intune records beyond the first of a device."""
        self.kept_entra_ids = 0
        self._seen: dict[str, datetime] = {}
        standing = _by_intune_id(mirrored.values())
        placed = [self._place(each, standing) for each in _newest_of_each(records)]
        for id_, intune_id in placed:
            old = [each.id for each in standing.get(intune_id.lower(), ()) if each.id not in self.devices]
            if old:
                self.previous.setdefault(id_, []).extend(old)
        left_behind = {old for each in self.previous.values() for old in each}
        missing = [
            each
            for id_, each in mirrored.items()
            if each.replaced_by is None and id_ not in self.devices and id_ not in left_behind
        ]
        self.missing = len(missing)
        """Mirrored devices this sweep does not hold. They stay: Intune's list may be incomplete."""
        for each in missing:
            for key in _shareable(each.facts):
                if key in self.names:
                    self.names[key].add(each.id)

    def _place(self, record: Record, standing: Mapping[str, list[MirroredDevice]]) -> tuple[str, str]:
        facts = record.facts
        if facts.entra_id is None:
            known = [each.facts.entra_id for each in standing.get(facts.intune_id.lower(), ())]
            kept = next(filter(None, known), None)
            if kept:
                self.kept_entra_ids += 1
                facts = facts.model_copy(update={"entra_id": kept})
        id_ = device_id(facts)
        at = record.last_sync or _NEVER
        if id_ in self.devices:
            self.duplicates += 1
        if id_ not in self.devices or at > self._seen[id_]:
            self.devices[id_], self._seen[id_] = facts, at
        for key in link_keys(facts):
            self.names[key].add(id_)
        return id_, facts.intune_id


def link_keys(facts: DeviceFacts) -> list[str]:
    """The links that name a device: by Intune id, Entra id and serial number."""
    ids = (("intune", facts.intune_id), ("entra", facts.entra_id))
    return [*(link_id(kind, value) for kind, value in ids if value), *_shareable(facts)]


def _shareable(facts: DeviceFacts) -> list[str]:
    """The links by ids two devices may share; Intune and Entra give theirs to one record only."""
    return [link_id("serial", facts.serial)] if facts.serial else []


def _newest_of_each(records: Iterable[Record]) -> list[Record]:
    """One record per Intune id: a page boundary may move under a sweep and serve one twice."""
    newest: dict[str, Record] = {}
    for each in records:
        before = newest.setdefault(each.facts.intune_id.lower(), each)
        if (each.last_sync or _NEVER) > (before.last_sync or _NEVER):
            newest[each.facts.intune_id.lower()] = each
    return list(newest.values())


def _by_intune_id(mirrored: Iterable[MirroredDevice]) -> dict[str, list[MirroredDevice]]:
    index: dict[str, list[MirroredDevice]] = defaultdict(list)
    for each in mirrored:
        if each.replaced_by is None:
            index[each.facts.intune_id.lower()].append(each)
    return index
