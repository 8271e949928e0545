"""The two triggers of this room: the change feed of `reports`, and the minute that retries pending tags."""

import json

import azure.functions as func

from shared.containers import DATABASE
from shared.errors import StoreUnavailable
from shared.log import LogEvent, log_event
from shared.resolve import run
from shared.rules_file import check
from shared.settings import current

EVALUATE = "evaluate_risk.evaluation:evaluate"
RETRY_PENDING = "evaluate_risk.enforce:retry_pending"

bp = func.Blueprint()  # type: ignore[no-untyped-call]
_settings = current()
check(_settings.rules_file)  # refused at start, not at the first report


@bp.function_name("evaluate_risk")
@bp.cosmos_db_trigger(
    arg_name="documents",
    connection="COSMOS",
    database_name=DATABASE,
    container_name="reports",
    lease_container_name="leases",
    lease_container_prefix="evaluate_risk.",
    create_lease_container_if_not_exists=False,
    start_from_beginning=True,  # type: ignore[arg-type] # the annotation says time; the host reads a bool
    feed_poll_delay=_settings.feed_poll_delay_ms,
    max_items_per_invocation=_settings.feed_batch_size,
)
@bp.retry(
    strategy="exponential_backoff",
    max_retry_count="-1",
    minimum_interval="00:00:01",
    maximum_interval="00:05:00",
)
async def evaluate_risk(documents: func.DocumentList) -> None:
    """Evaluate a batch of reports; an unavailable store makes the host replay it, for as long as it takes."""
    try:
        await run(EVALUATE, [json.loads(document.to_json()) for document in documents])
    except StoreUnavailable as error:
        log_event(LogEvent.FEED_RETRIED, documents=len(documents), why=error)
        raise


@bp.function_name("retry_pending_tags")
@bp.timer_trigger(arg_name="timer", schedule="0 * * * * *", use_monitor=False)
async def retry_pending_tags(timer: func.TimerRequest) -> None:
    """Every minute: write the tags that Graph did not take."""
    await run(RETRY_PENDING)
