"""Timer functions: NCRONTAB schedules in UTC, and the status by which a restart notices a missed run.

Written from WebJobs' TimerListener: the next run is counted from the start of the last one, so a slow run
delays the next (which then comes at once) and several missed ones come as one. Runs never overlap. A monitor
is not kept for schedules that fire more than once a minute. Left out: the blob lock between instances,
TimeSpan schedules, time zones.
"""

import asyncio
import itertools
import json
import pathlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.functions.meta import Datum
from azure.functions.timer import TimerRequestConverter
from croniter import croniter
from croniter.croniter import CroniterError

from local.host.binding import Function, TimerTrigger
from local.host.errors import HostError
from local.host.invocation import Invoker, Outcome
from local.host.retry import with_retries

NEVER = datetime.min.replace(tzinfo=UTC)
TICK = 0.05
"""Seconds between looks at the clock, which may be set forward."""
FIELD = re.compile(r"([0-9*,/-]|(?<![A-Za-z])[A-Za-z]{3}(?![A-Za-z]))+")


@dataclass(frozen=True)
class Schedule:
    """Six fields, seconds first. Day of month and day of week must both match, as in NCrontab."""

    expression: str

    def after(self, moment: datetime) -> datetime:
        following = croniter(self.expression, moment, second_at_beginning=True, day_or=False)
        result: datetime = following.get_next(datetime)
        return result

    def is_monitorable(self, moment: datetime) -> bool:
        following = [moment := self.after(moment) for _ in range(5)]
        return all(b - a >= timedelta(minutes=1) for a, b in itertools.pairwise(following))


def read_schedule(function: Function, trigger: TimerTrigger) -> Schedule:
    """Raises HostError for what NCrontab does not take, and for a day that never comes."""
    fields = trigger.schedule.split()
    schedule = Schedule(trigger.schedule)
    try:
        if len(fields) != 6 or not all(FIELD.fullmatch(part) for part in fields):
            raise ValueError("six fields are needed, seconds first")
        if re.search(r"(?<![/0-9])7", fields[5]):
            raise ValueError("Sunday is 0")
        schedule.after(datetime.now(UTC))
    except (ValueError, CroniterError) as error:
        raise HostError(f"function {function.name}: schedule {trigger.schedule}: {error}") from error
    return schedule


@dataclass(frozen=True)
class Status:
    last: datetime
    last_updated: datetime
    next: datetime

    def encode(self) -> dict[str, str]:
        moments = {"Last": self.last, "LastUpdated": self.last_updated, "Next": self.next}
        return {name: moment.isoformat() for name, moment in moments.items()}


class Timer:
    """Runs one timer function; its status is a file in `state`, or only in memory."""

    def __init__(
        self,
        function: Function,
        trigger: TimerTrigger,
        invoker: Invoker,
        *,
        clock: Callable[[], datetime],
        state: pathlib.Path | None,
    ) -> None:
        self._function = function
        self._trigger = trigger
        self._schedule = read_schedule(function, trigger)
        self._invoker = invoker
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._monitored = trigger.use_monitor and self._schedule.is_monitorable(clock())
        self._file = state / f"{function.name}.timer.json" if state and self._monitored else None
        self._status = Status(NEVER, NEVER, self._schedule.after(clock()))
        self._past_due = False

    async def run(self) -> None:
        """For ever: first what is past due or wanted at start-up, then by the schedule."""
        if self._past_due or self._trigger.run_on_startup:
            await self._fire(past_due=self._past_due)
        while True:
            while (left := (self._status.next - self._clock()).total_seconds()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(min(left, TICK))
            await self._fire()

    async def once(self) -> Outcome:
        """Run now, outside the schedule and without the retry policy."""
        async with self._one_at_a_time:
            return await self._invoke()

    def resume(self) -> None:
        """Take up the status an earlier host left; the next run is counted anew, for schedules change.

        Raises HostError for a file that is no status.
        """
        now = self._clock()
        if self._file is None or not self._file.exists():
            self._save(Status(NEVER, now, self._schedule.after(now)))
            return
        try:
            stored = json.loads(self._file.read_text(encoding="utf-8"))
            last, updated = (datetime.fromisoformat(stored[name]) for name in ("Last", "LastUpdated"))
        except (ValueError, KeyError, TypeError) as error:
            raise HostError(f"function {self._function.name}: {self._file} is no timer status") from error
        self._save(Status(last, updated, self._schedule.after(updated if last == NEVER else last)))
        self._past_due = now > self._status.next

    async def _fire(self, *, past_due: bool = False) -> None:
        started = self._clock()

        async def attempt(retry: int, previous: Exception | None) -> Exception | None:
            async with self._one_at_a_time:
                outcome = await self._invoke(past_due=past_due, retry=retry, previous=previous)
                if outcome.error is None or self._function.retry.is_last(retry):
                    self._save(Status(started, started, self._schedule.after(started)))
                return outcome.error

        await with_retries(
            self._function.retry, lambda retry, previous: self._invoker.spare(attempt(retry, previous))
        )

    async def _invoke(
        self, *, past_due: bool = False, retry: int = 0, previous: Exception | None = None
    ) -> Outcome:
        status = self._status.encode() if self._monitored else None
        info = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due}
        argument = TimerRequestConverter.decode(Datum(json.dumps(info), "json"), trigger_metadata=None)
        return await self._invoker.invoke(self._function, argument, retry=retry, previous=previous)

    def _save(self, status: Status) -> None:
        self._status = status
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside = self._file.with_suffix(".new")
            beside.write_text(json.dumps(status.encode()), encoding="utf-8")
            beside.replace(self._file)
