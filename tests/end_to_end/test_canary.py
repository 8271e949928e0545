"""The canary on a machine that is really running: its own door, the change feed, Entra and What If."""

import pathlib
from datetime import UTC, datetime

import aiohttp

from local import sample_tenant as tenant
from local.partners import lookout
from local.sample_tenant import USER, Phone
from tests.end_to_end.machine import READ_KEY, by_webhook, hands_of, machine

PHONE = Phone.of("canary-test", "the canary's", "iOS")


async def test_the_canary_goes_the_whole_way_on_a_running_machine(tmp_path: pathlib.Path) -> None:
    canary = {"CANARY_DEVICE": PHONE.entra_id, "CANARY_USER": USER, "CANARY_PARTNER": "lookout"}
    env = by_webhook(
        **canary, CANARY_SCHEDULE="0 0 3 1 1 *", PARTNERS_IOS="lookout", LOCAL_FUNCTION_KEY=READ_KEY
    )
    env["PUBLIC_URL"] = f"http://127.0.0.1:{env['LOCAL_HOST_PORT']}"
    async with machine(tmp_path, env=env) as one, aiohttp.ClientSession() as http:
        await one.until("serving until Ctrl-C")
        hands = hands_of(one, env, tmp_path, http)
        await hands.admin("connectors", tenant.connectors())
        await hands.admin("compliance-policies", tenant.compliance_policies())
        await hands.enroll(PHONE)
        await hands.import_policies()
        await hands.sync()
        await hands.until("the sync brings the phone", hands.known, PHONE)
        await hands.post("lookout", lookout.check_in(PHONE, datetime.now(UTC)))
        await hands.until("it is let in", hands.verdict, PHONE, "allow")
        await hands.run_timer("canary")

        async def returned() -> bool:
            return bool((await hands.asked("enforcement"))["canary"])

        await hands.until("the canary returns", returned)
        [run] = (await hands.asked("enforcement"))["canary"]
        assert [(step["step"], step["missed"]) for step in run["steps"]] == [
            ("ended", None),
            ("ready", None),
            ("accepted", None),
            ("blocked", None),
            ("refused", None),
            ("resolved", None),
            ("released", None),
            ("granted", None),
        ]
