"""Answers a test asks the server to give instead of, or after, doing what a document request wants."""

from dataclasses import dataclass

from local.cosmos.protocol import CosmosError


@dataclass
class Fault:
    status: int
    times: int
    container: str | None
    operation: str | None
    retry_after_ms: int
    after_commit: bool
    sub_status: int | None

    def error(self) -> CosmosError:
        return CosmosError(
            self.status,
            "a fault was asked for",
            retry_after_ms=self.retry_after_ms,
            substatus=self.sub_status,
        )


class Faults:
    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def fail_next(
        self,
        status: int,
        *,
        times: int = 1,
        container: str | None = None,
        operation: str | None = None,
        retry_after_ms: int = 10,
        after_commit: bool = False,
        sub_status: int | None = None,
    ) -> None:
        """Fail the next `times` document requests that match; status 0 drops the connection unanswered.

        With `after_commit` the request is done first and only its answer is lost.
        """
        fault = Fault(status, times, container, operation, retry_after_ms, after_commit, sub_status)
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, container: str, operation: str) -> Fault | None:
        for fault in self._waiting:
            if fault.container in (None, container) and fault.operation in (None, operation):
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None
