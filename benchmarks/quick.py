"""python -m benchmarks.quick: counts and ratios that nobody is to lose again unseen, in less than a minute.

A row is held by a count, which is the same on any machine, to a limit with room above what it is now. Ratios
of CPU are shown beside, with the goal there is for them; on a machine that others use they vary by half.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from benchmarks import indexing
from benchmarks.bytecode import without_bytecode
from benchmarks.calls import calls_of
from benchmarks.one_report import MESSAGE, OPEN_THREATS, Signed, bare, documents, one_more
from benchmarks.ratio import cpu_of, ratio
from ingest_threat.redaction import redacted

CONFIGURED = frozenset({"shared.domain.authentication.AuthenticationSettings", "shared.settings.Settings"})
"""The models that settings are read into: they are refused when the app starts, if at all."""


@dataclass(frozen=True)
class Row:
    """A count that is held, or a ratio that is shown."""

    what: str
    measured: float | None
    """None where it cannot be measured here; `note` says why."""
    limit: float | None = None
    """The most it may be; None for what is only shown."""
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is within its limit, as what is not measured or only shown is."""
        return self.limit is None or self.measured is None or self.measured <= self.limit

    def __str__(self) -> str:
        measured = "not measured" if self.measured is None else f"{self.measured:,.4g}"
        limit = "" if self.limit is None else f", at most {self.limit:,g}"
        note = f" ({self.note})" if self.note else ""
        return f"{'ok  ' if self.holds else 'LOST'} {self.what}: {measured}{limit}{note}"


def redactor() -> Row:
    """The same message over and over, as a partner's keys are."""
    redacted(MESSAGE)
    return Row("calls to redact a message whose keys are known", calls_of(lambda: redacted(MESSAGE)), 450)


def one_report() -> Row:
    """Everything up to the document, of a partner's second message."""
    message = Signed.of("lookout", MESSAGE)
    documents(message)
    return Row("calls to verify, read and redact one report", calls_of(lambda: documents(message)), 1_400)


def many_threats() -> Row:
    """Per threat that the agent has."""
    work = one_more()
    work()
    return Row("calls for one more report, by open threat of its agent", calls_of(work) / OPEN_THREATS, 45)


def rooms() -> Iterator[Row]:
    """What the host loads to index the app, and which models are built for it."""
    app = indexing.indexed(indexing.APP)
    yield Row("modules of the app that indexing loads", len(app.ours), 75)
    built = sorted(set(app.built) - CONFIGURED)
    yield Row("models that indexing builds", len(built), 0, ", ".join(built))


def bytecode() -> Row:
    """Of the app's modules, in the package."""
    missing = without_bytecode()
    if missing is None:
        return Row("modules in the package without bytecode", None, 0, "no Python of Azure's version is here")
    return Row("modules in the package without bytecode", len(missing), 0, ", ".join(missing[:3]))


def report_ratio() -> Row:
    """Shown: what the redactor, the adapters and the models cost above the least anybody does."""
    message = Signed.of("lookout", MESSAGE)
    measured = ratio(
        lambda: cpu_of(lambda: documents(message), 50), lambda: cpu_of(lambda: bare(message), 500)
    )
    return Row("one report, CPU against bare HMAC and JSON", measured, note="goal 15")


def index_ratio(rounds: int = 5) -> Row:
    """Shown: what indexing costs above the libraries it cannot do without."""
    app, floor = (partial(_seconds, work) for work in (indexing.APP, indexing.FLOOR))
    measured = ratio(app, floor, rounds)
    return Row("indexing, CPU against azure.functions and pydantic", measured, note="goal 1.5")


def _seconds(work: str) -> float:
    return indexing.indexed(work).seconds


def counts() -> Iterator[Row]:
    """What is held."""
    yield redactor()
    yield one_report()
    yield many_threats()
    yield from rooms()
    yield bytecode()


def main() -> int:
    console, rows = Console(highlight=False, soft_wrap=True), []
    shown: tuple[Callable[[], Row], ...] = (report_ratio, index_ratio)
    for row in (*counts(), *(each() for each in shown)):
        console.print(str(row), markup=False)
        rows.append(row)
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
