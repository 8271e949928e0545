"""What one report costs before it is stored, and one more for an agent that has many."""

from collections.abc import AsyncIterator

from benchmarks.one_report import MESSAGE, OPEN_THREATS, Signed, bare, documents, one_more
from benchmarks.ratio import cpu_of, ratio
from benchmarks.row import Row

BOUND = 60.0
MOST = 15.0
MOST_OF_MANY = 4.0
REPEATS = 200


def measured(rounds: int = 5) -> Row:
    """Verified, read, redacted and made a document, against the least anybody does with the same bytes."""
    message = Signed.of("lookout", MESSAGE)
    times = ratio(
        lambda: cpu_of(lambda: documents(message), 50), lambda: cpu_of(lambda: bare(message), 500), rounds
    )
    return Row("one report, CPU", times, " times", MOST, note="against bare HMAC and pydantic's JSON")


async def rows() -> AsyncIterator[Row]:
    message = Signed.of("lookout", MESSAGE)
    documents(message)
    micros = cpu_of(lambda: documents(message), REPEATS) * 1e6
    yield measured(9)
    yield Row("one report, CPU", micros, " µs")
    work = one_more()
    work()
    what = f"one more report of an agent with {OPEN_THREATS} open threats, CPU"
    yield Row(what, cpu_of(work, REPEATS) * 1e3, " ms", MOST_OF_MANY)
