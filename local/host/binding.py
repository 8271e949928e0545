"""What the app's decorators declare, read into plain data: a function, its one trigger, its retry policy.

Refused as the Python worker refuses it (azure_functions_worker/functions.py): a name used twice, parameters
that do not match the bindings, annotations that do not match the trigger. Also refused: bindings this host
does not serve (anything but an HTTP, timer or Cosmos DB trigger and the HTTP `$return`).
"""

import inspect
import json
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import azure.functions as func
from azure.functions.cosmosdb import CosmosDBTriggerConverter
from azure.functions.decorators.function_app import Function as Declared
from azure.functions.http import HttpRequestConverter
from azure.functions.meta import InConverter
from azure.functions.timer import TimerRequestConverter

from local.host.errors import HostError
from local.host.retry import RetryPolicy, read_policy
from local.host.settings import Account, cosmos_account


@dataclass(frozen=True)
class HttpTrigger:
    route: str
    methods: frozenset[str]
    """Upper case; empty is every method."""
    needs_key: bool


@dataclass(frozen=True)
class TimerTrigger:
    schedule: str
    run_on_startup: bool
    use_monitor: bool


@dataclass(frozen=True)
class CosmosTrigger:
    account: Account
    database: str
    container: str
    lease_account: Account
    lease_database: str
    lease_container: str
    lease_prefix: str
    create_lease_container: bool
    poll_delay: float
    """Seconds."""
    max_items: int
    from_beginning: bool


Trigger = HttpTrigger | TimerTrigger | CosmosTrigger


@dataclass(frozen=True)
class Function:
    name: str
    call: Callable[..., Any]
    parameter: str
    """The parameter that takes what triggered the function."""
    trigger: Trigger
    retry: RetryPolicy
    wants_context: bool
    returns: bool


def read_functions(app: func.FunctionApp, settings: Mapping[str, str]) -> list[Function]:
    """Every function of the app, `%NAME%` in its trigger resolved. Raises HostError for what cannot run."""
    app.functions_bindings = {}  # the library remembers names, and would call a second indexing a duplicate
    try:
        declared = app.get_functions()
    except ValueError as error:
        raise HostError(str(error)) from error
    return [_read(function, settings) for function in declared]


def _read(declared: Declared, settings: Mapping[str, str]) -> Function:
    name = str(declared.get_function_name())
    where = f"function {name}"
    bindings = {binding["name"]: binding for binding in map(json.loads, declared.get_raw_bindings())}
    parameter = next(key for key, binding in bindings.items() if binding["type"].lower().endswith("trigger"))
    fields = _Fields(where, bindings.pop(parameter), settings)
    returns = bindings.pop("$return", None)
    if bindings or (returns and returns["type"] != "http") or fields.raw["type"] not in _TRIGGERS:
        unknown = [returns or fields.raw, *bindings.values()][-1]
        raise HostError(f"{where}: binding {unknown['name']} of type {unknown['type']} is not served here")
    converter, read_trigger = _TRIGGERS[fields.raw["type"]]
    call = declared.get_user_function()
    return Function(
        name=name,
        call=call,
        parameter=parameter,
        trigger=read_trigger(fields),
        retry=read_policy(declared.get_settings_dict("retry_policy"), where=where),
        wants_context=_check_parameters(call, parameter, converter, where),
        returns=returns is not None,
    )


def _check_parameters(
    call: Callable[..., Any], parameter: str, converter: type[InConverter], where: str
) -> bool:
    """Refuse parameters the worker refuses; whether `context` is wanted."""
    names, annotations = set(inspect.signature(call).parameters), typing.get_type_hints(call)
    wants_context = "context" in names and parameter != "context"
    if wants_context:
        names.remove("context")
        annotation = annotations.get("context", func.Context)
        if getattr(annotation, "__name__", None) != "Context":
            raise HostError(f"{where}: the context parameter is not an azure.functions.Context")
    if extra := names - {parameter}:
        raise HostError(f"{where}: parameters are declared in Python but not in function.json: {extra}")
    if not names:
        raise HostError(f"{where}: parameter {parameter} is declared in function.json but not in Python")
    annotation = annotations.get(parameter)
    if isinstance(annotation, type) and not converter.check_input_type_annotation(annotation):
        raise HostError(f"{where}: parameter {parameter} does not match its annotation {annotation.__name__}")
    return wants_context


@dataclass(frozen=True)
class _Fields:
    """The fields of one trigger; numbers and flags may be given as text."""

    where: str
    raw: Mapping[str, Any]
    settings: Mapping[str, str]

    def text(self, field: str, default: str | int | None = None) -> str:
        value = self.raw.get(field)
        return re.sub(
            r"%([^%]+)%", lambda name: self._setting(name[1], field), str(default if value is None else value)
        )

    def number(self, field: str, default: int) -> int:
        text = self.text(field, default)
        if not text.isdecimal():
            raise HostError(f"{self.where}: {field} is not a number: {text}")
        return int(text)

    def flag(self, field: str, *, default: bool = False) -> bool:
        return self.text(field, str(default)).lower() == "true"

    def account(self, field: str, default: str = "") -> Account:
        return cosmos_account(self.text(field, default), self.settings, where=f"{self.where}: {field}")

    def _setting(self, name: str, field: str) -> str:
        if not self.settings.get(name):
            raise HostError(f"{self.where}: {field} needs setting {name}, which is missing")
        return self.settings[name]


def _http(fields: _Fields) -> HttpTrigger:
    return HttpTrigger(
        route=fields.text("route"),
        methods=frozenset(str(method).upper() for method in fields.raw.get("methods") or ()),
        needs_key=fields.text("authLevel", "FUNCTION").upper() != "ANONYMOUS",
    )


def _timer(fields: _Fields) -> TimerTrigger:
    return TimerTrigger(
        schedule=fields.text("schedule"),
        run_on_startup=fields.flag("runOnStartup"),
        use_monitor=fields.flag("useMonitor", default=True),
    )


def _cosmos(fields: _Fields) -> CosmosTrigger:
    """Defaults: the trigger's documentation, extension 4.x."""
    if fields.raw.get("startFromTime") is not None:
        raise HostError(f"{fields.where}: startFromTime is not served here")
    return CosmosTrigger(
        account=fields.account("connection"),
        database=fields.text("databaseName"),
        container=fields.text("containerName"),
        lease_account=fields.account("leaseConnection", fields.text("connection")),
        lease_database=fields.text("leaseDatabaseName", fields.text("databaseName")),
        lease_container=fields.text("leaseContainerName", "leases"),
        lease_prefix=fields.text("leaseContainerPrefix", ""),
        create_lease_container=fields.flag("createLeaseContainerIfNotExists"),
        poll_delay=fields.number("feedPollDelay", 5000) / 1000,
        max_items=fields.number("maxItemsPerInvocation", 100),
        from_beginning=fields.flag("startFromBeginning"),
    )


_TRIGGERS: Mapping[str, tuple[type[InConverter], Callable[[_Fields], Trigger]]] = {
    "httpTrigger": (HttpRequestConverter, _http),
    "timerTrigger": (TimerRequestConverter, _timer),
    "cosmosDBTrigger": (CosmosDBTriggerConverter, _cosmos),
}
