"""Run by Python 3.13: index the app with azure-functions-runtime and print what was found, as a line of JSON.

The runtime's own protobuf messages are stood in for by plain objects with the same names.
"""

import asyncio
import json
import sys
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime

MESSAGES = (
    "BindingInfo",
    "FunctionEnvironmentReloadResponse",
    "FunctionLoadResponse",
    "FunctionMetadataResponse",
    "InvocationResponse",
    "NullableBool",
    "NullableDouble",
    "NullableString",
    "NullableTimestamp",
    "ParameterBinding",
    "RpcException",
    "RpcFunctionMetadata",
    "RpcHttp",
    "RpcHttpCookie",
    "RpcRetryOptions",
    "StatusResult",
    "TypedData",
    "WorkerInitResponse",
    "WorkerMetadata",
)


def _protos() -> Any:
    def message(name: str) -> type:
        return type(name, (SimpleNamespace,), {})

    protos = SimpleNamespace(**{name: message(name) for name in MESSAGES})
    protos.StatusResult.Success, protos.StatusResult.Failure = 1, 0
    protos.BindingInfo.undefined, protos.BindingInfo.out, protos.BindingInfo.inout = 0, 1, 2
    protos.RpcHttpCookie.SameSite = SimpleNamespace(Lax=1, Strict=2, ExplicitNone=3)
    return protos


async def _index(folder: str) -> dict[str, Any]:
    protos = _protos()

    def request(**content: Any) -> Any:
        return SimpleNamespace(
            request=SimpleNamespace(**content), properties={"host": "127.0.0.1", "protos": protos}
        )

    begun = SimpleNamespace(capabilities={}, function_app_directory=folder)
    started = await runtime.worker_init_request(request(worker_init_request=begun))
    if started.result.status != protos.StatusResult.Success:
        raise SystemExit(f"indexing failed: {started.result.exception.message}")
    asked = SimpleNamespace(function_app_directory=folder)
    answer = await runtime.functions_metadata_request(request(functions_metadata_request=asked))
    return {found.name: _summary(found) for found in answer.function_metadata_results or []}


def _summary(found: Any) -> dict[str, Any]:
    bindings = [json.loads(binding) for binding in found.raw_bindings]
    trigger = next(b for b in bindings if b["type"].lower().endswith("trigger"))
    retry = getattr(found, "retry_options", None)
    return {"trigger": trigger, "retry": _retry(retry) if retry else None}


def _retry(options: Any) -> dict[str, Any]:
    fixed = "delay_interval" in vars(options) and options.delay_interval is not None
    return {
        "strategy": "fixed_delay" if fixed else "exponential_backoff",
        "count": int(options.max_retry_count),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_index(sys.argv[1]))) + "\n")
