"""One call of a function, as the Python worker makes it: sync ones in a thread, async ones on the loop."""

import asyncio
import functools
import inspect
import logging
import threading
import traceback
import uuid
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from azure.functions.http import HttpResponseConverter
from azure.functions.meta import Datum

from local.host.binding import Function

T = TypeVar("T")
log = logging.getLogger("local.host")
KEPT_FAILURES = 1000


@dataclass(frozen=True)
class RpcException:
    source: str
    stack_trace: str
    message: str


@dataclass(frozen=True)
class RetryContext:
    retry_count: int
    max_retry_count: int
    exception: RpcException | None


@dataclass(frozen=True)
class TraceContext:
    trace_parent: str
    trace_state: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What a parameter named `context` receives (the worker's is no func.Context either)."""

    function_name: str
    invocation_id: str
    retry_context: RetryContext
    trace_context: TraceContext
    function_directory: str = ""
    thread_local_storage: threading.local = field(default_factory=threading.local)


@dataclass(frozen=True)
class Failure:
    """A function, or the loop that serves it, failed."""

    function: str
    error: Exception


@dataclass(frozen=True)
class Outcome:
    """`error` is None where the call succeeded; `response` only where the function has a `$return`."""

    response: Datum | None = None
    error: Exception | None = None


class Invoker:
    """Calls functions, remembers the last failures, and knows what still runs."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self._threads = ThreadPoolExecutor(thread_name_prefix="function")
        self._running: set[asyncio.Task[Any]] = set()

    async def invoke(
        self,
        function: Function,
        argument: Any,
        *,
        retry: int = 0,
        previous: Exception | None = None,
        trace: TraceContext | None = None,
    ) -> Outcome:
        arguments = {function.parameter: argument}
        if function.wants_context:
            retry_context = RetryContext(retry, function.retry.max_retries, _rpc_exception(previous))
            trace = trace or TraceContext(f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-00")
            arguments["context"] = Context(function.name, str(uuid.uuid4()), retry_context, trace)
        try:
            return Outcome(_response(function, await self._call(function, arguments)))
        except Exception as error:  # noqa: BLE001 - the edge: a function's failure is its own
            self.failed(function.name, error)
            return Outcome(error=error)

    def failed(self, function: str, error: Exception) -> None:
        log.error("%s failed", function, exc_info=error)
        self.failures.append(Failure(function, error))
        del self.failures[:-KEPT_FAILURES]

    def spare(self, work: Coroutine[Any, Any, T]) -> "asyncio.Future[T]":
        """Start `work`; cancelling who awaits the answer does not cut it short, only `close` does, late."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return asyncio.shield(task)

    async def close(self, *, patience: float) -> None:
        """Wait `patience` seconds for what runs, then cancel it (a thread cannot be; it ends by itself)."""
        running = list(self._running)
        if running:
            _, late = await asyncio.wait(running, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _call(self, function: Function, arguments: dict[str, Any]) -> Any:
        if inspect.iscoroutinefunction(function.call):
            return await function.call(**arguments)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, functools.partial(function.call, **arguments))


def _response(function: Function, result: Any) -> Datum | None:
    if function.returns:
        try:
            return HttpResponseConverter.encode(result, expected_type=None)
        except NotImplementedError as error:
            raise TypeError(f"unable to encode outgoing TypedData: {type(result).__name__}") from error
    if result is not None:
        raise RuntimeError(f"function {function.name!r} without a $return binding returned a non-None value")
    return None


def _rpc_exception(error: Exception | None) -> RpcException | None:
    if error is None:
        return None
    return RpcException("", "".join(traceback.format_exception(error)), f"{type(error).__name__}: {error}")
