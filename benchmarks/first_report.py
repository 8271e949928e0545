"""From nothing to the first report that is answered, in a process of the Python that Azure runs, out of the
package as it is uploaded: mounted there read-only, so nothing is compiled for the next one."""

import json
import pathlib

from benchmarks.processes import answer_of
from infra.package import LIBRARIES

_BEGINNING = """
import sys, time
begun = time.process_time()
sys.path[:0] = [{libraries!r}, {folder!r}]
import asyncio, json
headers, body = json.loads(sys.argv[1]), sys.argv[2].encode()
"""
_END = """
asyncio.run(work())
print(json.dumps({"cpu": time.process_time() - begun}))
"""
APP = """
import function_app
import azure.functions as func

async def work():
    from shared.services import services

    named = {each.get_function_name(): each.get_user_function() for each in function_app.app.get_functions()}
    request = func.HttpRequest(
        "POST", "https://example.com/api/partners/lookout/reports", headers=headers,
        route_params={"partner": "lookout"}, body=body,
    )
    answer = await named["ingest_threat"](request)
    assert answer.status_code == 202, answer.get_body()
    await services().close()
"""
FLOOR = """
import hmac
import azure.functions
from pydantic import BaseModel

class One(BaseModel):
    id: str

async def work():
    hmac.compare_digest(hmac.digest(b"0" * 32, body, "sha256"), b"0" * 32)
    One.model_validate_json(body)
"""
"""The least: HMAC and one model, and nothing stored."""
BARE = (
    FLOOR
    + """
    import os, uuid
    from azure.cosmos.aio import CosmosClient

    async with CosmosClient.from_connection_string(os.environ["COSMOS"]) as client:
        reports = client.get_database_client("mtd").get_container_client("reports")
        await reports.create_item({"id": uuid.uuid4().hex, "agent": "lookout:agent", "body": body.decode()})
"""
)
"""The same, and one document stored."""
NAIVE = "import msgraph, azure.identity.aio, azure.cosmos.aio\n" + BARE
"""The same with every SDK that the app has at its top, as one writes it in an afternoon."""


async def cpu_of_first(
    python: str, package: pathlib.Path, work: str, signed: tuple[dict[str, str], bytes], env: dict[str, str]
) -> float:
    """Seconds of CPU until `work` has answered."""
    beginning = _BEGINNING.format(libraries=str(package / LIBRARIES), folder=str(package))
    headers, body = signed
    command = (python, "-B", "-c", beginning + work + _END, json.dumps(headers), body.decode())
    return float((await answer_of(*command, environment=env, folder=package))["cpu"])
