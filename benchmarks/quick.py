"""python -m benchmarks.quick: counts and ratios that nobody is to lose again unseen, in less than a minute.

A row is held by a count, which is the same on any machine, to a limit with room above what it is now. Ratios
of CPU are shown beside, with the goal there is for them; on a machine that others use they vary by half.
"""

import sys
from collections.abc import Callable, Iterator

from rich.console import Console

from benchmarks import indexing
from benchmarks.bytecode import without_bytecode
from benchmarks.calls import calls_of
from benchmarks.one_report import MESSAGE, OPEN_THREATS, Signed, documents, one_more
from benchmarks.row import Row
from benchmarks.rows import indexing as indexing_row
from benchmarks.rows import one_report as one_report_row
from ingest_threat.redaction import redacted

CONFIGURED = frozenset({"shared.domain.authentication.AuthenticationSettings", "shared.settings.Settings"})
"""The models that settings are read into: they are refused when the app starts, if at all."""


def redactor() -> Row:
    """The same message over and over, as a partner's keys are."""
    redacted(MESSAGE)
    return Row(
        "calls to redact a message whose keys are known", calls_of(lambda: redacted(MESSAGE)), most=450
    )


def one_report() -> Row:
    """Everything up to the document, of a partner's second message."""
    message = Signed.of("lookout", MESSAGE)
    documents(message)
    return Row(
        "calls to verify, read and redact one report", calls_of(lambda: documents(message)), most=1_400
    )


def many_threats() -> Row:
    """Per threat that the agent has."""
    work = one_more()
    work()
    return Row(
        "calls for one more report, by open threat of its agent", calls_of(work) / OPEN_THREATS, most=45
    )


def rooms() -> Iterator[Row]:
    """What the host loads to index the app, and which models are built for it."""
    app = indexing.indexed(indexing.APP)
    yield Row("modules of the app that indexing loads", len(app.ours), most=75)
    built = sorted(set(app.built) - CONFIGURED)
    yield Row("models that indexing builds", len(built), most=0, note=", ".join(built))


def bytecode() -> Row:
    """Of the app's modules, in the package."""
    missing = without_bytecode()
    if missing is None:
        return Row(
            "modules in the package without bytecode", None, note="no Python of Azure's version is here"
        )
    return Row("modules in the package without bytecode", len(missing), most=0, note=", ".join(missing[:3]))


def counts() -> Iterator[Row]:
    """What is held."""
    yield redactor()
    yield one_report()
    yield many_threats()
    yield from rooms()
    yield bytecode()


def main() -> int:
    console, rows = Console(highlight=False, soft_wrap=True), []
    shown: tuple[Callable[[], Row], ...] = (one_report_row.measured, indexing_row.measured)
    for row in counts():
        console.print(f"{'ok  ' if row.holds else 'LOST'} {row}", markup=False)
        rows.append(row)
    for each in shown:
        console.print(f"     {each()}", markup=False)
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
