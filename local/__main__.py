"""python -m local: everything on one machine, until Ctrl-C."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python gets one clear line, not a traceback
    sys.exit("Python %d.%d is too old: 3.11 or newer is needed" % sys.version_info[:2])  # noqa: UP031

import argparse
import asyncio
import logging
import pathlib
import signal
from contextlib import AsyncExitStack

from rich.console import Console

from local.host.errors import HostError
from local.scenario.steps import play
from local.stack import ROOT, StartError, data_folder, read_settings, servers, start
from shared.errors import SettingsError

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    ask = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    ask.add_argument("--data", type=pathlib.Path, default=ROOT / ".local", help="where data is kept")
    ask.add_argument("--fresh", action="store_true", help="begin with an empty data folder")
    ask.add_argument("--play", action="store_true", help="play the sample scenario, then serve")
    ask.add_argument("--scenario", action="store_true", help="play the sample scenario, then end")
    ask.add_argument("--servers", action="store_true", help="no host: for another one (func start)")
    ask.add_argument(
        "--host", action="store_true", help="the host alone: with the --servers of another process"
    )
    given = ask.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("mtd").setLevel(logging.ERROR)
    logging.getLogger("azure").setLevel(logging.ERROR)
    try:
        return asyncio.run(_run(given))
    except (StartError, SettingsError, HostError) as error:
        console.print(f"cannot start: {error}", style="red", markup=False)
        return 2


async def _run(given: argparse.Namespace) -> int:
    ended = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    async with AsyncExitStack() as exits:
        if given.servers:
            data = data_folder(given.data, fresh=given.fresh)
            await servers(exits, data, read_settings(data), _say)
            _say("serving until Ctrl-C; a host of the app finds them by local.settings.json.example")
            await ended.wait()
            return 0
        data = data_folder(given.data, fresh=given.fresh)
        stack = await start(exits, data, _say, with_servers=not given.host)
        if given.play or given.scenario:
            playing = asyncio.create_task(play(stack, _say))
            waiting = asyncio.create_task(ended.wait())
            await asyncio.wait({playing, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if not playing.done():
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)
                return 130
            held = playing.result()
            _say("the scenario holds" if held else "the scenario does not hold")
            if given.scenario or not held:
                return 0 if held else 1
        ask = f'curl -H "X-Api-Key: {stack.read_key}" {stack.host_url}/api/devices'
        _say(f"serving until Ctrl-C; devices: {ask}")
        await ended.wait()
        _say("stopping")
    return 0


def _say(line: str) -> None:
    console.print(line, markup=False)


if __name__ == "__main__":
    sys.exit(main())
