"""What a run ends at, whatever it is: it is kept until the run is recorded with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from poll_partners.remedies import remedy
from shared.domain.polling import PollRun
from shared.error_words import error_words
from shared.errors import SourceUnavailable, SourceUnreadable, UnreadableReport


@dataclass
class Ending:
    """How a run ended."""

    error: Exception | None = None


@asynccontextmanager
async def ending(deadline: float) -> AsyncIterator[Ending]:
    """Cut off what a run does after `deadline` seconds, and keep the error that ends it: nothing is raised
    before the run is recorded (`record`)."""
    end = Ending()
    try:
        async with asyncio.timeout(deadline):
            yield end
    except TimeoutError:
        end.error = SourceUnavailable(f"cut off after {deadline:.0f} seconds")
    except UnreadableReport as error:
        end.error = SourceUnreadable(f"rows in another format: {error.reason}")
    except Exception as error:  # noqa: BLE001 - kept until the run is recorded, then raised
        end.error = error


def explained(run: PollRun, error: Exception, partner: str) -> PollRun:
    """`run` with its error in words, and what to do about it."""
    return run.model_copy(update={"error": error_words(error), "remedy": remedy(error, partner)})
