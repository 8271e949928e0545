"""What the host refuses to start with, as the Python worker does or because it does not serve it."""

from typing import Any

import azure.functions as func
import pytest

from local.host.binding import CosmosTrigger, read_functions
from local.host.errors import HostError

ACCOUNT = {"MTD": "AccountEndpoint=http://a/;AccountKey=k;"}


def refuse(app: func.FunctionApp, problem: str) -> None:
    with pytest.raises(HostError, match=problem):
        read_functions(app, ACCOUNT)


def cosmos_app(**options: Any) -> func.FunctionApp:
    app = func.FunctionApp()
    fields = {"connection": "MTD", "database_name": "mtd", "container_name": "threats"} | options

    @app.cosmos_db_trigger(arg_name="docs", **fields)
    def feed(docs: func.DocumentList) -> None: ...

    return app


def cosmos_trigger(settings: dict[str, str] | None = None, **options: Any) -> CosmosTrigger:
    trigger = read_functions(cosmos_app(**options), ACCOUNT | (settings or {}))[0].trigger
    assert isinstance(trigger, CosmosTrigger)
    return trigger


def test_the_defaults_of_the_cosmos_trigger_are_the_documented_ones() -> None:
    trigger = cosmos_trigger()
    assert (trigger.lease_account, trigger.lease_database) == (trigger.account, "mtd")
    assert (trigger.lease_container, trigger.lease_prefix) == ("leases", "")
    assert (trigger.poll_delay, trigger.max_items, trigger.from_beginning) == (5.0, 100, False)
    assert not trigger.create_lease_container


def test_numbers_of_a_binding_may_be_text() -> None:
    trigger = cosmos_trigger(feed_poll_delay="250", max_items_per_invocation="7")
    assert (trigger.poll_delay, trigger.max_items) == (0.25, 7)


def test_a_setting_named_in_a_binding_is_put_in_its_place() -> None:
    assert cosmos_trigger({"DB": "other"}, database_name="%DB%-1").database == "other-1"


def test_a_missing_setting_is_named_with_function_and_field() -> None:
    refuse(cosmos_app(container_name="%NOPE%"), "function feed: containerName needs setting NOPE")


def test_a_number_that_is_none_is_refused() -> None:
    refuse(cosmos_app(feed_poll_delay="soon"), "function feed: feedPollDelay is not a number: soon")


def test_a_missing_connection_is_named_with_function_and_field() -> None:
    refuse(cosmos_app(lease_connection="L"), "function feed: leaseConnection: setting L")


def test_a_starting_time_is_not_served(app: func.FunctionApp) -> None:
    refuse(cosmos_app(start_from_time="2026-01-01T00:00:00Z"), "startFromTime is not served")


def test_one_app_may_be_read_twice() -> None:
    app = cosmos_app()
    assert len(read_functions(app, ACCOUNT)) == len(read_functions(app, ACCOUNT)) == 1


def test_a_name_used_twice_is_refused(app: func.FunctionApp) -> None:
    for route in "ab":

        @app.function_name("same")
        @app.route(route)
        def answer(req: func.HttpRequest) -> str:
            return ""

    refuse(app, "same does not have a unique function name")


def test_a_parameter_without_binding_is_refused(app: func.FunctionApp) -> None:
    @app.route("a")
    def answer(req: func.HttpRequest, other: str) -> str:
        return ""

    refuse(app, "function answer: parameters are declared in Python but not in function.json: {'other'}")


def test_a_binding_without_parameter_is_refused(app: func.FunctionApp) -> None:
    @app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
    def tick() -> None: ...

    refuse(app, "function tick: parameter timer is declared in function.json but not in Python")


def test_an_annotation_that_does_not_match_the_trigger_is_refused(app: func.FunctionApp) -> None:
    @app.route("a")
    def answer(req: func.TimerRequest) -> str:
        return ""

    refuse(app, "function answer: parameter req does not match its annotation TimerRequest")


def test_a_context_of_another_type_is_refused(app: func.FunctionApp) -> None:
    @app.route("a")
    def answer(req: func.HttpRequest, context: str) -> str:
        return ""

    refuse(app, "function answer: the context parameter")


def test_a_binding_that_is_not_served_is_refused(app: func.FunctionApp) -> None:
    @app.queue_trigger(arg_name="message", queue_name="q", connection="c")
    def take(message: func.QueueMessage) -> None: ...

    refuse(app, "function take: binding message of type queueTrigger is not served here")


def test_an_output_binding_is_refused(app: func.FunctionApp) -> None:
    @app.route("a")
    @app.queue_output(arg_name="out", queue_name="q", connection="c")
    def answer(req: func.HttpRequest, out: func.Out[str]) -> str:
        return ""

    refuse(app, "function answer: binding out of type queue is not served here")
