"""Databases, containers and documents in one SQLite file; each transaction that writes has its log number."""

import base64
import pathlib
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from local.cosmos.protocol import decode_object, encode

Document = dict[str, object]

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS databases (id TEXT PRIMARY KEY, properties BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS containers (
    database TEXT NOT NULL, id TEXT NOT NULL, properties BLOB NOT NULL, PRIMARY KEY (database, id)
);
CREATE TABLE IF NOT EXISTS documents (
    place INTEGER PRIMARY KEY AUTOINCREMENT, lsn INTEGER NOT NULL, container TEXT NOT NULL,
    partition TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL, etag TEXT NOT NULL,
    ts INTEGER NOT NULL, ttl INTEGER, body BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS by_id ON documents (container, partition, id);
CREATE INDEX IF NOT EXISTS in_change_order ON documents (container, lsn, place);
CREATE INDEX IF NOT EXISTS by_number ON documents (container, number);
CREATE INDEX IF NOT EXISTS by_partition ON documents (container, partition, number);
"""
_LIVE = (
    "container = :container AND (:default_ttl IS NULL OR coalesce(ttl, :default_ttl) < 0"
    " OR ts + coalesce(ttl, :default_ttl) > :now)"
)


@dataclass(frozen=True)
class Container:
    rid: str
    properties: Document
    key_path: tuple[str, ...]
    default_ttl: int | None
    """Seconds; -1 = only items with a ttl of their own expire; None = nothing expires."""


@dataclass(frozen=True)
class Stored:
    """A document at rest. `number` is fixed at its creation.

    `place` in the log is new with each write, and no other has it; `lsn`, the log number, is the place of the
    first write in the transaction.
    """

    place: int
    lsn: int
    partition: str
    id: str
    number: int
    etag: str
    ts: int
    ttl: int | None
    body: bytes


class Store:
    def __init__(self, path: pathlib.Path | None, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.lsn = self.ts = 0
        """Log number and `_ts` of what the transaction under way writes."""
        self._sql = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._sql.executescript(_SCHEMA)
        self.databases: dict[str, Document] = {
            id_: decode_object(properties)
            for id_, properties in self._sql.execute("SELECT id, properties FROM databases")
        }
        self.containers: dict[tuple[str, str], Container] = {
            (database, id_): container_of(decode_object(properties))
            for database, id_, properties in self._sql.execute("SELECT * FROM containers")
        }

    def close(self) -> None:
        self._sql.close()

    def now(self) -> float:
        return self._clock()

    def last_place(self) -> int:
        """Where the log ends: no transaction so far has a higher number, and the next one has."""
        row = self._sql.execute("SELECT seq FROM sqlite_sequence WHERE name = 'documents'").fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it is on disk when the block ends, or none of it when the block raises."""
        self._sql.execute("BEGIN IMMEDIATE")
        self.lsn, self.ts = self.last_place() + 1, int(self.now())
        try:
            yield
        except BaseException:
            self._sql.execute("ROLLBACK")
            raise
        self._sql.execute("COMMIT")

    def put_database(self, id_: str, properties: Document) -> None:
        self._sql.execute("REPLACE INTO databases VALUES (?, ?)", (id_, encode(properties)))
        self.databases[id_] = properties

    def delete_database(self, id_: str) -> None:
        with self.transaction():
            for database, container_id in [name for name in self.containers if name[0] == id_]:
                self._drop(database, container_id)
            self._sql.execute("DELETE FROM databases WHERE id = ?", (id_,))
        del self.databases[id_]

    def put_container(self, database: str, id_: str, properties: Document) -> None:
        row = (database, id_, encode(properties))
        self._sql.execute("REPLACE INTO containers VALUES (?, ?, ?)", row)
        self.containers[database, id_] = container_of(properties)

    def delete_container(self, database: str, id_: str) -> None:
        with self.transaction():
            self._drop(database, id_)

    def find(self, container: Container, partition: str, id_: str) -> Stored | None:
        sought = self._values(container) | {"partition": partition, "id": id_}
        row = self._sql.execute(
            f"{_SELECT} WHERE {_LIVE} AND partition = :partition AND id = :id", sought
        ).fetchone()
        return Stored(*row) if row else None

    def put(self, container: Container, document: Stored) -> None:
        self.delete(container, document.partition, document.id)
        values = {**vars(document), "container": container.rid}
        self._sql.execute(_INSERT, values)

    def delete(self, container: Container, partition: str, id_: str) -> None:
        key = (container.rid, partition, id_)
        self._sql.execute("DELETE FROM documents WHERE container = ? AND partition = ? AND id = ?", key)

    def in_creation_order(
        self, container: Container, partition: str | None, after: int = 0
    ) -> Iterator[Stored]:
        where = "AND number > :after ORDER BY number"
        return self._scan(container, partition, where, {"after": after})

    def in_change_order(
        self, container: Container, partition: str | None, *, after: int, since: float
    ) -> Iterator[Stored]:
        """Live documents whose last write has a log number above `after` and no time before `since`."""
        where = "AND lsn > :after AND ts >= :since ORDER BY lsn, place"
        return self._scan(container, partition, where, {"after": after, "since": since})

    def _scan(
        self, container: Container, partition: str | None, where: str, values: dict[str, object]
    ) -> Iterator[Stored]:
        of_partition = "" if partition is None else "AND partition = :partition"
        sought = self._values(container) | values | {"partition": partition}
        rows = self._sql.execute(f"{_SELECT} WHERE {_LIVE} {of_partition} {where}", sought)
        return (Stored(*row) for row in rows)

    def _values(self, container: Container) -> dict[str, object]:
        return {"container": container.rid, "default_ttl": container.default_ttl, "now": self.now()}

    def _drop(self, database: str, id_: str) -> None:
        container = self.containers.pop((database, id_))
        self._sql.execute("DELETE FROM documents WHERE container = ?", (container.rid,))
        self._sql.execute("DELETE FROM containers WHERE database = ? AND id = ?", (database, id_))


def database_rid() -> str:
    return _text_of_rid(secrets.token_bytes(4))


def container_rid(database: str) -> str:
    """Four bytes more than the database's, the first with its high bit set: without it, they are a user's."""
    first, *others = secrets.token_bytes(4)
    return _text_of_rid(_bytes_of_rid(database) + bytes([first | 0x80, *others]))


def document_rid(container: Container, number: int) -> str:
    return _text_of_rid(_bytes_of_rid(container.rid) + number.to_bytes(8, "big"))


def container_of(properties: Document) -> Container:
    key = properties["partitionKey"]
    ttl = properties.get("defaultTtl")
    assert isinstance(key, dict)
    assert ttl is None or isinstance(ttl, int)
    return Container(str(properties["_rid"]), properties, tuple(key["paths"][0].split("/")[1:]), ttl)


def _bytes_of_rid(rid: str) -> bytes:
    return base64.b64decode(rid, altchars=b"+-")


def _text_of_rid(rid: bytes) -> str:
    return base64.b64encode(rid, altchars=b"+-").decode()


_COLUMNS = list(Stored.__dataclass_fields__)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM documents"
_INSERT = (
    f"INSERT INTO documents (container, {', '.join(_COLUMNS)})"
    f" VALUES (:container, {', '.join(':' + column for column in _COLUMNS)})"
)


def bodies(path: pathlib.Path, container: str) -> Iterator[bytes]:
    """The documents of a container, as they lie in the file of a store that another process has open."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as sql:
        found = sql.execute("SELECT properties FROM containers WHERE id = ?", (container,)).fetchall()
        for (properties,) in found:
            rid = decode_object(properties)["_rid"]
            for (body,) in sql.execute("SELECT body FROM documents WHERE container = ?", (rid,)):
                yield body
