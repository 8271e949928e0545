"""Everything on one machine: Cosmos server, Graph simulator, the vendors and the parts of Azure that are
polled, and Functions host, in one process, on loopback.

Settings come from local.settings.json, or the example beside it; the environment wins over both. What is
blank there and must not be invented twice (the partners' secrets) is made once and kept in the data folder.
"""

import errno
import json
import os
import pathlib
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ssl import SSLContext

from aiohttp import web

from local.azure import tls
from local.azure.server import create_app as azure_app
from local.azure.workspace import WORKSPACE, Workspace
from local.cosmos.account import EMULATOR_KEY
from local.cosmos.server import create_app as cosmos_app
from local.database import QUERIES, connection_string, provision
from local.graph.server import create_app as graph_app
from local.host.host import DISABLED_PREFIX, Host
from local.host.settings import load_settings
from local.partners.secrets import BrokenSecretsError, kept
from local.vendors.server import create_app as vendors_app

ROOT = pathlib.Path(__file__).resolve().parent.parent
PORTS = {
    "LOCAL_HOST_PORT": 7071,
    "LOCAL_COSMOS_PORT": 8081,
    "LOCAL_GRAPH_PORT": 8082,
    "LOCAL_VENDORS_PORT": 8083,
    "LOCAL_AZURE_PORT": 8084,
}
POLLED = {
    "POLL_URL_LOOKOUT": "lookout",
    "POLL_URL_CHECKPOINT_HARMONY": "checkpoint",
    "POLL_URL_ZIMPERIUM": "zimperium",
    "POLL_URL_WANDERA_JAMF": "jamf",
    "POLL_URL_PRADEO": "pradeo",
    "POLL_URL_SOPHOS": "sophos",
}
"""Addresses of vendors that are polled, and where the stand-ins have them."""
OF_AZURE = {
    "POLL_DROP_SYMANTEC_SEP_MOBILE": "storage/drop",
    "POLL_WORKSPACE_BETTER_MOBILE": f"logs/workspaces/{Workspace.id}",
}
"""The same of what is read in Azure, by TLS."""
AUTHORITY = "authority.pem"
"""In the data folder: whom to trust for TLS of the stand-ins."""
ADMINS = {"ADMIN_TENANT": "7e0a1f64-3c58-4b9d-8f21-6d5c4b3a2910", "ADMIN_AUDIENCE": "api://mtd-connector"}
"""The stated local identity: whose tokens admins write with, as the Graph simulator makes them."""


class StartError(Exception):
    """Something on this machine is in the way; the message is one line and says what to do."""


@dataclass(frozen=True)
class Stack:
    """What is running, and where."""

    host_url: str
    graph_url: str
    vendors_url: str
    azure_url: str
    settings: Mapping[str, str]
    data: pathlib.Path
    host: Host
    exits: AsyncExitStack

    def set_settings(self, **changed: str) -> None:
        """Change settings of the app, which then reads all of them anew, as it does in Azure by a restart.

        What is under way goes on by the old ones, and bindings keep theirs. Raises SettingsError.
        """
        from ingest_threat.start import check
        from shared.services import services
        from shared.settings import current

        self.exits.push_async_callback(services().close)
        os.environ |= changed
        current.cache_clear()
        check(current())
        services.cache_clear()

    @property
    def read_key(self) -> str:
        """What opens reads on this machine, in the header X-Api-Key."""
        return self.settings["READ_KEY_LOCAL"]


def read_settings(data: pathlib.Path) -> dict[str, str]:
    """The settings to run by, with addresses and secrets filled in."""
    own = ROOT / "local.settings.json"
    values = load_settings(own if own.exists() else ROOT / "local.settings.json.example")
    values |= {name: os.environ[name] for name in values if name in os.environ}
    try:
        made = kept(data / "secrets.json", values)
    except BrokenSecretsError as error:
        raise StartError(f"{error} cannot be read: remove it, or begin anew with --fresh") from error
    cosmos, graph = (f"http://127.0.0.1:{port(values, f'LOCAL_{name}_PORT')}" for name in ("COSMOS", "GRAPH"))
    addresses = {
        "COSMOS": connection_string(cosmos, EMULATOR_KEY),
        "GRAPH_BASE_URL": f"{graph}/v1.0",
        "ENTRA_AUTHORITY": graph,
        "IDENTITY_ENDPOINT": f"{graph}/msi/token",
        "IDENTITY_HEADER": "local",
    }
    vendors = f"http://127.0.0.1:{port(values, 'LOCAL_VENDORS_PORT')}"
    azure = f"https://127.0.0.1:{port(values, 'LOCAL_AZURE_PORT')}"
    polled = {name: f"{vendors}/{path}" for name, path in POLLED.items()}
    in_azure = {name: f"{azure}/{path}" for name, path in OF_AZURE.items()}
    return values | made | addresses | polled | in_azure | ADMINS


def port(settings: Mapping[str, str], name: str) -> int:
    """The port a setting names."""
    text = settings.get(name) or str(PORTS[name])
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise StartError(f"{name} is {text!r}: expected a port from 1 to 65535")
    return int(text)


def data_folder(path: pathlib.Path, *, fresh: bool) -> pathlib.Path:
    """The folder everything is kept in, made and tried; emptied where `fresh` is asked for."""
    try:
        if fresh and (path / "made-by-local").exists():
            shutil.rmtree(path)
        path.mkdir(parents=True, exist_ok=True)
        (path / "made-by-local").touch()
    except OSError as error:
        raise StartError(f"{path}: the data folder cannot be written ({error.strerror})") from error
    return path


async def start(
    exits: AsyncExitStack, data: pathlib.Path, progress: Callable[[str], None], *, with_servers: bool = True
) -> Stack:
    """Start it all, or the host alone; `exits` stops it, last started first."""
    settings = read_settings(data)
    graph = settings["ENTRA_AUTHORITY"]
    if with_servers:
        await servers(exits, data, settings, progress)
    os.environ |= settings
    host = _host(settings, data, exits)
    url = await _serve(exits, host.web, settings, "LOCAL_HOST_PORT")
    await host.start()
    exits.push_async_callback(host.stop)
    progress(f"Functions   {url}/api   the app itself")
    vendors = f"http://127.0.0.1:{port(settings, 'LOCAL_VENDORS_PORT')}"
    azure = f"https://127.0.0.1:{port(settings, 'LOCAL_AZURE_PORT')}"
    return Stack(url, graph, vendors, azure, settings, data, host, exits)


async def servers(
    exits: AsyncExitStack, data: pathlib.Path, settings: Mapping[str, str], progress: Callable[[str], None]
) -> None:
    """Start what stands in for the cloud, without a host of the app."""
    try:
        cosmos_server = cosmos_app(data / "cosmos.sqlite", queries=QUERIES)
        graph_server = graph_app(data / "graph.sqlite")
    except sqlite3.DatabaseError as error:
        raise StartError(f"{data} holds data that cannot be read: begin anew with --fresh") from error
    cosmos = await _serve(exits, cosmos_server, settings, "LOCAL_COSMOS_PORT")
    await provision(cosmos, EMULATOR_KEY)
    progress(f"Cosmos DB   {cosmos}   stand-in, data in {data}")
    graph = await _serve(exits, graph_server, settings, "LOCAL_GRAPH_PORT")
    progress(f"Graph       {graph}   stand-in for Intune and Entra")
    vendors = await _serve(exits, vendors_app(), settings, "LOCAL_VENDORS_PORT")
    progress(f"Vendors     {vendors}   stand-ins for the partners that are polled")
    (data / AUTHORITY).write_bytes(tls.authority())
    azure_server = azure_app()
    azure_server[WORKSPACE].tables["BetterMTDIncidentLog_CL"] = []
    azure = await _serve(exits, azure_server, settings, "LOCAL_AZURE_PORT", tls.context())
    progress(f"Azure       {azure}  files and tables; trust it by SSL_CERT_FILE={data / AUTHORITY}")


def _host(settings: Mapping[str, str], data: pathlib.Path, exits: AsyncExitStack) -> Host:
    from function_app import app  # the app reads its settings when it is imported
    from shared.services import services

    async def close() -> None:
        await services().close()

    exits.push_async_callback(close)
    host_json = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    disabled = {name: value for name, value in os.environ.items() if name.startswith(DISABLED_PREFIX)}
    return Host(app, settings={**settings, **disabled}, host_json=host_json, state=data)


async def _serve(
    exits: AsyncExitStack,
    app: web.Application,
    settings: Mapping[str, str],
    setting: str,
    by_tls: SSLContext | None = None,
) -> str:
    number = port(settings, setting)
    # Like Azure's host, and unlike aiohttp by itself: what a sender compressed is handed on as it came.
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    await runner.setup()
    exits.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, "127.0.0.1", number, ssl_context=by_tls).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartError(f"port {number} is taken: free it, or set {setting} to another") from error
        raise StartError(f"port {number} ({setting}) cannot be opened ({error.strerror})") from error
    return f"http{'s' if by_tls else ''}://127.0.0.1:{number}"
