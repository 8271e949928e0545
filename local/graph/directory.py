"""What the simulated tenant holds, in one SQLite file, so that it outlives a kill and a restart."""

import json
import pathlib
import secrets
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from aiohttp import web

from local.graph.problem import Document

EXTENSION_ATTRIBUTES = tuple(f"extensionAttribute{number}" for number in range(1, 16))


class Kind(StrEnum):
    """What an object is; ids are unique within a kind, whatever their case."""

    MANAGED_DEVICE = "managedDevice"
    ENTRA_DEVICE = "device"
    CONNECTOR = "mobileThreatDefenseConnector"
    COMPLIANCE_POLICY = "deviceCompliancePolicy"
    ASSIGNMENT_FILTER = "deviceAndAppManagementAssignmentFilter"
    ACCESS_POLICY = "conditionalAccessPolicy"
    USER = "user"
    GROUP = "group"
    GONE = "deletedDirectoryObject"
    MOBILE_APP = "mobileApp"
    DETECTED_APPS = "detectedApps"
    SYNTHETIC_APPS = "syntheticApps"
    SIGNING_KEY = "signingKey"


class Directory:
    """The objects of one tenant. `path` None keeps them in memory."""

    def __init__(self, path: pathlib.Path | None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS objects (kind TEXT, id TEXT, body TEXT, PRIMARY KEY (kind, id))"
        )

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is put inside, or nothing; fast, where it is much."""
        with self._db:
            self._db.execute("BEGIN")
            yield

    def put(self, kind: Kind, key: str, document: Document) -> None:
        """Create or replace."""
        row = (kind, key.lower(), json.dumps(document))
        self._db.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?)", row)

    def get(self, kind: Kind, key: str) -> Document | None:
        """The object, or None."""
        query = "SELECT body FROM objects WHERE kind = ? AND id = ?"
        row = self._db.execute(query, (kind, key.lower())).fetchone()
        return _document(row[0]) if row else None

    def remove(self, kind: Kind, key: str) -> bool:
        """Whether there was one to remove."""
        query = "DELETE FROM objects WHERE kind = ? AND id = ?"
        return self._db.execute(query, (kind, key.lower())).rowcount > 0

    def page(self, kind: Kind, after: str = "", size: int = -1) -> list[tuple[str, Document]]:
        """Up to `size` objects with their keys, in key order, from the first beyond `after` (-1: all)."""
        query = "SELECT id, body FROM objects WHERE kind = ? AND id > ? ORDER BY id LIMIT ?"
        return [(key, _document(body)) for key, body in self._db.execute(query, (kind, after, size))]

    def tally(self, kind: Kind, name: str) -> dict[str, int]:
        """How many objects of a kind have each value of the property `name`, in lower case."""
        value = "lower(coalesce(json_extract(body, '$.' || ?), ''))"
        query = f"SELECT {value}, count(*) FROM objects WHERE kind = ? GROUP BY 1"
        return dict(self._db.execute(query, (name, kind)))

    def withdraw(self, kind: Kind, key: str) -> bool:
        """Whether there was one to take away. A user need not have been put here first: it is gone since."""
        there = self.remove(kind, key) or kind is Kind.USER
        if there and kind in (Kind.USER, Kind.GROUP):
            self.put(Kind.GONE, key, {})
        return there

    def put_managed_device(self, device: Document) -> None:
        """An Intune managedDevice, by `id`."""
        self.put(Kind.MANAGED_DEVICE, device["id"], device)

    def remove_managed_device(self, device_id: str) -> bool:
        """By Intune's id."""
        return self.remove(Kind.MANAGED_DEVICE, device_id)

    def put_entra_device(self, device: Document) -> None:
        """An Entra device, by `deviceId`; what it lacks of id, attributes and `isManaged` is filled in."""
        key = device["deviceId"]
        attributes = dict.fromkeys(EXTENSION_ATTRIBUTES) | device.get("extensionAttributes", {})
        object_id = str(uuid.uuid5(uuid.NAMESPACE_OID, key.lower()))
        filled = {"id": object_id, "accountEnabled": True, "isManaged": True, **device}
        filled |= {"extensionAttributes": attributes}
        self.put(Kind.ENTRA_DEVICE, key, filled)

    def entra_device(self, device_id: str) -> Document | None:
        """By `deviceId`, not by object id."""
        return self.get(Kind.ENTRA_DEVICE, device_id)

    def remove_entra_device(self, device_id: str) -> bool:
        """By `deviceId`."""
        return self.remove(Kind.ENTRA_DEVICE, device_id)

    def put_device(self, device: Document) -> None:
        """Either kind of device: only Entra's have a `deviceId`."""
        (self.put_entra_device if "deviceId" in device else self.put_managed_device)(device)

    def put_connector(self, connector: Document) -> None:
        """A mobileThreatDefenseConnector, by `id`."""
        self.put(Kind.CONNECTOR, connector["id"], connector)

    def put_policy(self, policy: Document) -> None:
        """A compliance policy, by `id`."""
        self.put(Kind.COMPLIANCE_POLICY, policy["id"], policy)

    def put_assignment_filter(self, document: Document) -> None:
        """An assignment filter, by `id`."""
        self.put(Kind.ASSIGNMENT_FILTER, document["id"], document)

    def put_mobile_app(self, app: Document) -> None:
        """An app in Intune, by `id`; derived types say which in `@odata.type`."""
        self.put(Kind.MOBILE_APP, app["id"], app)

    def put_user(self, user: Document) -> None:
        """A user, by `id`; only who is to have more properties than that need be put."""
        self.put(Kind.USER, user["id"], user)
        self.remove(Kind.GONE, user["id"])

    def put_group(self, group: Document) -> None:
        """A group, by `id`, with the ids of users and groups in `members`: what is no group is a user.

        Devices and contacts in it stand in `others`, which no list of its users holds.
        """
        self.put(Kind.GROUP, group["id"], group)
        self.remove(Kind.GONE, group["id"])

    def groups_of(self, user_id: str) -> frozenset[str]:
        """The lower-case ids of the groups a user is in, directly or through other groups."""
        members, found, inside = self._members(), set[str](), {user_id.lower()}
        while inside:
            inside = {group for group, those in members.items() if those & inside} - found
            found |= inside
        return frozenset(found)

    def users_of(self, group_id: str) -> list[str]:
        """The lower-case ids, in order, of the users in a group, directly or through other groups."""
        members, seen, inside = self._members(), set[str](), {group_id.lower()}
        while inside:
            seen |= inside
            inside = {one for group in inside for one in members.get(group, ())} - seen
        return sorted(seen - members.keys() - {key for key, _ in self.page(Kind.GONE)})

    def _members(self) -> dict[str, frozenset[str]]:
        groups = self.page(Kind.GROUP)
        return {key: frozenset(map(str.lower, group.get("members", ()))) for key, group in groups}

    def signing_key(self) -> bytes:
        """The secret behind the tokens, made once a directory, so that tokens outlive a restart."""
        kept = self.get(Kind.SIGNING_KEY, "tokens") or {"key": secrets.token_hex(32)}
        self.put(Kind.SIGNING_KEY, "tokens", kept)
        return bytes.fromhex(kept["key"])

    def token_key(self, make: Callable[[], str]) -> str:
        """The private key Entra's tokens are signed by, in PEM: `make` makes it, once a directory."""
        kept = self.get(Kind.SIGNING_KEY, "entra") or {"pem": make()}
        self.put(Kind.SIGNING_KEY, "entra", kept)
        return str(kept["pem"])


STATE = web.AppKey("STATE", Directory)


def merged(old: Document, change: Document) -> Document:
    """PATCH as Graph does it: complex values merge, everything else is replaced; annotations are dropped."""
    result = dict(old)
    for name, value in change.items():
        if not name.startswith("@"):
            before = result.get(name)
            both = isinstance(before, dict) and isinstance(value, dict)
            result[name] = merged(before or {}, value) if both else value
    return result


def _document(body: str) -> Document:
    document: Document = json.loads(body)
    return document
