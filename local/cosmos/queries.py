"""Queries by their text: each known text stands for functions in Python; there is no SQL parser.

Of its own this module knows what the SDK writes for read_items, how .NET's change feed processor lists its
leases, and `SELECT * FROM c`. Every query is answered from the one physical partition there is, so the Python
SDK never needs a query plan.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.cosmos.documents import partition_of
from local.cosmos.protocol import Answer, Call, CosmosError, canonical, decode, decode_object, encode, listing
from local.cosmos.ranges import range_filter
from local.cosmos.store import Container, Document, Store, Stored

Parameters = dict[str, object]


def identity(document: Document) -> object:
    return document


@dataclass(frozen=True)
class Query:
    """What a query text means. `order` gives a JSON value or a tuple of them, unequal types never meeting.

    `top` is a number or the name of the parameter holding it; `aggregate` turns all selected values into one.
    """

    where: Callable[[Document, Parameters], bool]
    select: Callable[[Document], object] = identity
    order: Callable[[Document], Any] | None = None
    descending: bool = False
    top: int | str | None = None
    aggregate: Callable[[list[object]], object] | None = None


LOOKED_AT = 20_000
"""Documents, by one request for a page."""

EVERYTHING = Query(where=lambda _document, _parameters: True)


@dataclass(frozen=True)
class _Position:
    """Where a paged query stands: order value and creation number of its last row, and the rows so far."""

    key: Any = None
    number: int = 0
    returned: int = 0

    @classmethod
    def parse(cls, text: str | None) -> "_Position":
        if text is None:
            return cls()
        match decode(text):
            case [key, int(number), int(returned)] if 0 <= number < 2**63:
                return cls(_frozen(key), number, returned)
        raise CosmosError(400, "the continuation token is not one of this query")

    def precedes(self, key: Any, number: int, descending: bool) -> bool:
        if self.number == 0 or key == self.key:
            return number > self.number
        try:
            return bool(key < self.key) is descending
        except TypeError:
            raise CosmosError(400, "the continuation token is of another query") from None

    def text(self) -> str:
        return json.dumps([self.key, self.number, self.returned])


@dataclass
class _Reached:
    """How far a page has looked. Documented: one ends where its request has cost enough, though it holds few
    rows or none, and says where to go on."""

    number: int = 0
    limit: bool = False

    def within(self, documents: Iterable[Stored]) -> Iterator[Stored]:
        for count, stored in enumerate(documents):
            if count == LOOKED_AT:
                self.limit = True
                return
            self.number = stored.number
            yield stored


def known_by_text(queries: Mapping[str, Query]) -> dict[str, Query]:
    return {"SELECT * FROM c": EVERYTHING} | {_collapsed(text): query for text, query in queries.items()}


def run_text(store: Store, container: Container, call: Call, known: Mapping[str, Query]) -> Answer:
    text, parameters = _asked(call)
    query = known.get(text) or _of_read_items(text, container, parameters) or _by_prefix(text)
    if query is None:
        raise _unknown(text)
    return run(store, container, call, query, parameters)


def resource_filter(call: Call) -> Callable[[Document], bool]:
    """Which databases or containers a call lists: all, or those its query asks for."""
    if not call.is_query:
        return lambda _properties: True
    text, parameters = _asked(call)
    if (found := _RESOURCES.fullmatch(text)) is None:
        raise _unknown(text)
    if found["by_id"] is None:
        return lambda _properties: True
    id_ = parameters.get(found["parameter"]) if found["parameter"] else found["literal"]
    return lambda properties: properties["id"] == id_


def run(store: Store, container: Container, call: Call, query: Query, parameters: Parameters) -> Answer:
    position = _Position.parse(call.headers.get("x-ms-continuation"))
    if query.aggregate is not None:
        rows = _matching(store.in_creation_order(container, call.partition), call, query, parameters)
        return _page(
            container, [query.aggregate([query.select(document) for _key, _number, document in rows])]
        )
    top = parameters.get(query.top) if isinstance(query.top, str) else query.top
    size = (
        call.page_size if not isinstance(top, int) else max(0, min(call.page_size, top - position.returned))
    )
    reached = _Reached()
    if query.order is None:
        documents = store.in_creation_order(container, call.partition, position.number)
        rows = _matching(reached.within(documents), call, query, parameters)
    else:
        rows = _matching(store.in_creation_order(container, call.partition), call, query, parameters)
        ordered = sorted(rows, key=lambda row: row[0], reverse=query.descending)
        rows = (row for row in ordered if position.precedes(row[0], row[1], query.descending))
    page = list(itertools.islice(rows, size + 1))
    more, page = len(page) > size, page[:size]
    values = [query.select(document) for _key, _number, document in page]
    returned = position.returned + len(page)
    if returned == top or not (more or reached.limit):
        return _page(container, values)
    key, number = page[-1][:2] if more else (None, reached.number)
    return _page(container, values, _Position(key, number, returned).text())


def _matching(
    documents: Iterable[Stored], call: Call, query: Query, parameters: Parameters
) -> Iterator[tuple[Any, int, Document]]:
    order = query.order or (lambda _document: None)
    in_range = range_filter(call)
    for stored in documents:
        if not in_range(stored.partition):
            continue
        document: Document = json.loads(stored.body)
        if query.where(document, parameters):
            yield _frozen(order(document)), stored.number, document


def _page(container: Container, values: Iterable[object], continuation: str | None = None) -> Answer:
    items = [encode(value) for value in values]
    headers = {"x-ms-item-count": str(len(items))}
    if continuation is not None:
        headers["x-ms-continuation"] = continuation
    return Answer(200, listing("Documents", items, container.rid), headers)


def _asked(call: Call) -> tuple[str, Parameters]:
    body = decode_object(call.body)
    text, parameters = body.get("query"), _parameters(body.get("parameters", []))
    if not isinstance(text, str):
        raise CosmosError(400, "a query is a text")
    return _collapsed(text), parameters


def _unknown(text: str) -> CosmosError:
    return CosmosError(400, f"this stand-in does not know the query: {text}")


def _parameters(given: object) -> Parameters:
    if not isinstance(given, list) or not all(isinstance(item, dict) and "name" in item for item in given):
        raise CosmosError(400, "the parameters of a query are a list of names with values")
    return {str(item["name"]): item.get("value") for item in given}


def _collapsed(text: str) -> str:
    return " ".join(text.split())


def _frozen(key: Any) -> Any:
    return tuple(map(_frozen, key)) if isinstance(key, list | tuple) else key


_RESOURCES = re.compile(
    r"SELECT \* FROM (?P<name>\w+)"
    r"(?P<by_id> WHERE (?P=name)\.id ?= ?(?:(?P<parameter>@\w+)|(['\"])(?P<literal>[^'\"\\]*)\4))?",
    re.IGNORECASE,
)
_BY_PREFIX = re.compile(r"SELECT \* FROM c WHERE STARTSWITH\(c\.id, '([^'\\]*)'\)")


def _by_prefix(text: str) -> Query | None:
    """Documents whose id begins with a text, which stands in the query itself: a processor's leases."""
    found = _BY_PREFIX.fullmatch(text)
    prefix = found[1] if found else ""
    return (
        Query(where=lambda document, _parameters: str(document["id"]).startswith(prefix)) if found else None
    )


_ONE_ITEM = r"\( c\.id = (@\w+) AND (?:\S+ = (@\w+)|IS_DEFINED\(\S+\) = false) \)"
_ITEMS = re.compile(rf"SELECT \* FROM c WHERE \( {_ONE_ITEM}(?: OR {_ONE_ITEM})* \)")
_ITEMS_OF_ONE_KEY = re.compile(
    r"SELECT \* FROM c WHERE c\.\S+ = (@pk) AND c\.id IN \((@id\d+(?:, @id\d+)*)\)"
)
_ITEMS_KEYED_BY_ID = re.compile(r"SELECT \* FROM c WHERE c\.id IN \( (@param_id\d+(?:, @param_id\d+)*) \)")


def _of_read_items(text: str, container: Container, parameters: Parameters) -> Query | None:
    """The query behind one of the three texts the SDK writes for read_items."""
    if _ITEMS.fullmatch(text):
        named = re.findall(_ONE_ITEM, text)
    elif match := _ITEMS_OF_ONE_KEY.fullmatch(text):
        named = [(name, match[1]) for name in match[2].split(", ")]
    elif match := _ITEMS_KEYED_BY_ID.fullmatch(text):
        named = [(name, name) for name in match[1].split(", ")]
    else:
        return None
    wanted = {(parameters.get(id_), canonical(parameters.get(key)) if key else "{}") for id_, key in named}
    return Query(
        where=lambda document, _parameters: (document["id"], partition_of(container, document)) in wanted
    )
