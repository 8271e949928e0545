"""Faults on demand: what a test or the scenario wants Graph to get wrong next."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from local.graph.problem import GraphProblem

GRAPH = ("/v1.0/", "/beta/")
"""Where a fault strikes that names no path."""


@dataclass
class Refusal:
    """The next `left` requests of this method and path get this status; with status 0 they are let through,
    whatever faults were ordered after it."""

    status: int
    left: int
    retry_after: str | None
    method: str | None
    parts: tuple[str, ...]
    """It strikes where one of these stands in path and query."""

    def strikes(self, request: web.Request) -> bool:
        """Whether this request is one of them."""
        right_method = self.method in (None, request.method)
        return self.left > 0 and right_method and _named(request, self.parts)


@dataclass(frozen=True)
class ExportFlaws:
    """What is wrong with one export job."""

    stuck: bool = False
    """It never starts."""
    fails: bool = False
    link_expired: bool = False
    filter_ignored: bool = False
    filter_meets_none: bool = False
    """The word it asks for is none of the report's: no row is in it."""
    padding_mib: int = 0
    """So many MiB of zero bytes follow the rows, which hardly lengthens the zip."""
    claimed_size: int | None = None
    """What the zip's headers give as the size of its content, in bytes, whatever it is."""


class Faults:
    """What was asked for and has not struck yet. `path_contains` is looked for in path and query."""

    def __init__(self) -> None:
        self._refusals: list[Refusal] = []
        self._empty_pages: list[str] = []
        self._truncations: list[tuple[int, str]] = []
        self._delays: list[tuple[float, tuple[str, ...]]] = []
        self._exports: list[ExportFlaws] = []

    def throttle(
        self,
        times: int,
        retry_after: str | None = "1",
        method: str | None = None,
        path_contains: str | None = None,
    ) -> None:
        """The next requests get 429; `retry_after` is sent verbatim, None sends none."""
        self._refusals.append(Refusal(429, times, retry_after, method, _parts(path_contains)))

    def fail(
        self, status: int, times: int, method: str | None = None, path_contains: str | None = None
    ) -> None:
        """The next requests get this status, and have no effect."""
        self._refusals.append(Refusal(status, times, None, method, _parts(path_contains)))

    def let_through(self, times: int, method: str | None = None, path_contains: str | None = None) -> None:
        """The next requests meet none of the refusals ordered after this."""
        self._refusals.append(Refusal(0, times, None, method, _parts(path_contains)))

    def empty_page(self, path_contains: str) -> None:
        """The next list answer is empty, with a next link that leads to the real page."""
        self._empty_pages.append(path_contains)

    def truncate(self, items: int, path_contains: str) -> None:
        """The next list answer ends after so many items, without a next link (microsoft-graph-docs#21659)."""
        self._truncations.append((items, path_contains))

    def export(self, times: int = 1, **flaws: Any) -> None:
        """The next export jobs ordered have these flaws, named as in `ExportFlaws`."""
        self._exports += [ExportFlaws(**flaws)] * times

    def delay(self, seconds: float, path_contains: str | None = None) -> None:
        """Every answer takes that long, until `clear`."""
        self._delays.append((seconds, _parts(path_contains)))

    def clear(self) -> None:
        """No faults any more."""
        self._refusals.clear()
        self._empty_pages.clear()
        self._truncations.clear()
        self._delays.clear()
        self._exports.clear()

    def seconds_to_wait(self, request: web.Request) -> float:
        """How long to hold this request."""
        return sum(seconds for seconds, parts in self._delays if _named(request, parts))

    def refuse(self, request: web.Request) -> None:
        """Raise the first refusal that strikes this request."""
        for refusal in self._refusals:
            if refusal.strikes(request):
                refusal.left -= 1
                if refusal.status == 0:
                    return
                phrase = HTTPStatus(refusal.status).phrase
                code, retry_after = phrase.replace(" ", ""), refusal.retry_after
                raise GraphProblem(refusal.status, code, phrase, retry_after=retry_after)

    def takes_empty_page(self, request: web.Request) -> bool:
        """Whether this list answer is to be the empty one; true once for each one asked for."""
        for part in self._empty_pages:
            if part in _address(request):
                self._empty_pages.remove(part)
                return True
        return False

    def takes_export_flaws(self) -> ExportFlaws:
        """What is wrong with the export job being ordered; mostly nothing."""
        return self._exports.pop(0) if self._exports else ExportFlaws()

    def takes_truncation(self, request: web.Request) -> int | None:
        """After how many items this list answer is to end; once for each one asked for, else None."""
        for order in self._truncations:
            if order[1] in _address(request):
                self._truncations.remove(order)
                return order[0]
        return None


FAULTS = web.AppKey("FAULTS", Faults)


def _address(request: web.Request) -> str:
    return unquote(request.path_qs)


def _parts(path_contains: str | None) -> tuple[str, ...]:
    return GRAPH if path_contains is None else (path_contains,)


def _named(request: web.Request, parts: tuple[str, ...]) -> bool:
    return any(part in _address(request) for part in parts)
