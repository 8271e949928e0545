"""A drill: report a test phone as infected, or as clean again, as its partner would, signed.

    python -m infra.drill --url https://<app> --secret-file <file> --device <Intune device id> --platform iOS
    python -m infra.drill … --clean

For a phone set aside for it, and a partner that signs by Standard Webhooks. The report is a real one to the
app: in `enforce` the phone is tagged. `--partner`: lookout (default) or zimperium, in the shape it sends.
"""

import argparse
import json
import pathlib
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from local.partners import lookout as sample_lookout
from local.partners import zimperium as sample_zimperium
from local.partners.authentication import signed
from local.partners.message import Message, encoded
from local.sample_tenant import Phone

SNAPSHOTS = {True: "SECURE", False: "THREATS_HIGH"}


def lookout(phone: Phone, at: datetime, *, clean: bool) -> Message:
    """Lookout's snapshot of the whole device: secure, or with high threats."""
    message = json.loads(encoded(sample_lookout.check_in(phone, at)))
    event: dict[str, Any] = message["events"][0]
    event["device"]["status"]["security_status"] = SNAPSHOTS[clean]
    return {"events": [event]}


def zimperium(phone: Phone, at: datetime, *, clean: bool) -> Message:
    """A man in the middle, seen by Zimperium or mitigated."""
    message = sample_zimperium.resolution if clean else sample_zimperium.detection
    return message(phone, "drill", at)


PARTNERS: Mapping[str, Callable[..., Message]] = {"lookout": lookout, "zimperium": zimperium}


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where the app took the report."""
    ask = argparse.ArgumentParser(prog="python -m infra.drill", description="Report a test phone.")
    ask.add_argument("--url", required=True, help="address of the app, without a path")
    ask.add_argument("--secret-file", required=True, type=pathlib.Path, help="file with one whsec_ secret")
    ask.add_argument("--device", required=True, help="the test phone's Intune device id")
    ask.add_argument("--platform", required=True, choices=("iOS", "Android"))
    ask.add_argument("--partner", default="lookout", choices=sorted(PARTNERS))
    ask.add_argument("--clean", action="store_true", help="report it as clean again")
    given = ask.parse_args(arguments)
    phone = Phone("drill", given.platform, given.device, "", f"drill-{given.device}")
    body = encoded(PARTNERS[given.partner](phone, datetime.now(UTC), clean=given.clean))
    try:
        headers = signed(given.secret_file.read_text(encoding="utf-8").strip(), body)
        answer = _posted(f"{given.url.rstrip('/')}/api/partners/{given.partner}/reports", body, headers)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"not sent: {error}\n")
        return 1
    sys.stdout.write(f"{answer}\n")
    return 0 if answer.startswith("202 ") else 1


def _posted(url: str, body: bytes, headers: Mapping[str, str]) -> str:
    request = Request(url, body, dict(headers), method="POST")  # noqa: S310 - the address the administrator gave
    try:
        with urlopen(request, timeout=60) as answer:  # noqa: S310
            return f"{answer.status} {answer.read().decode()}"
    except HTTPError as error:
        return f"{error.code} {error.read().decode()}"
    except URLError as error:
        raise OSError(str(error.reason)) from error


if __name__ == "__main__":
    sys.exit(main())
