"""The timer, as the host is given it."""

import json

import azure.functions as func

from sync_inventory.blueprint import bp


def test_the_sync_runs_by_the_schedule_of_the_setting() -> None:
    app = func.FunctionApp()
    app.register_functions(bp)
    [function] = app.get_functions()
    assert function.get_function_name() == "sync_inventory"
    [trigger] = json.loads(function.get_function_json())["bindings"]
    assert trigger["type"] == "timerTrigger"
    assert trigger["schedule"] == "%SYNC_SCHEDULE%"
    assert trigger["runOnStartup"] is False
    assert trigger["useMonitor"] is True
