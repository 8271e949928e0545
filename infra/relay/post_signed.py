#!/usr/bin/env python3
"""Post standard input to the connector as one message, signed as Standard Webhooks asks.

    ... | python3 infra/relay/post_signed.py https://<app>/api/partners/<slug>/reports <file with the secret>

The file holds the partner's `whsec_...` secret. It tries once, and prints the connector's answer on standard
error; while the connector takes no more of the partner's in (429), it waits as it is asked to and tries
again, TRIES times at most. It ends with 0 where the message is stored, 1 where it has to be sent again, 2
where it was called wrongly, and 3 where the connector refused it and will do so again (400, 413, 415, 422).
What was refused is kept first, as it came, in the folder MTD_REFUSED, or `refused` in systemd's
STATE_DIRECTORY, or ~/.local/state/mtd-relay/refused; where that cannot be written it ends with 1. Needs
Python 3.9 or newer, and nothing else.
"""

import base64
import hashlib
import hmac
import http.client
import os
import pathlib
import re
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping

TIMEOUT = 30.0
"""Seconds the message may take."""
TRIES, MAX_WAIT = 10, 60
"""How often a message is sent that is put off, and the seconds that are waited in between at most."""
STORED, AGAIN, WRONGLY_CALLED, REFUSED = range(4)
"""What it ends with."""
PUT_OFF = 429
ENDINGS = {202: STORED, **dict.fromkeys((400, 413, 415, 422), REFUSED)}
"""By the connector's status; after any other, sending the message again may help."""
KEPT_MESSAGES, KEPT_BYTES, KEPT_DAYS = 1_000, 256 * 1024 * 1024, 90
"""What is kept of refused messages: beyond any of these the oldest go."""
_ADDRESS = re.compile(r"https://\S+|http://(127\.0\.0\.1|localhost)[:/]\S*")
_SECRET = re.compile(r"whsec_([A-Za-z0-9+/]+={0,2})")


def headers(secret: bytes, body: bytes, moment: int) -> dict[str, str]:
    """What authenticates a message sent at `moment`, in seconds since 1970 (standardwebhooks.com)."""
    id_ = f"msg_{uuid.uuid4().hex}"
    code = hmac.digest(secret, f"{id_}.{moment}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(moment),
        "webhook-signature": f"v1,{base64.b64encode(code).decode()}",
        "content-type": "text/plain; charset=utf-8",
    }


def post(address: str, sent: Mapping[str, str], body: bytes) -> tuple[int, str]:
    """The connector's status and answer to a message with the headers `sent`; 0 and why where it could not be
    reached."""
    status, answer, _ = _answered(address, sent, body)
    return status, answer


def post_patiently(address: str, secret: bytes, body: bytes) -> tuple[int, str]:
    """The same for a message that is signed anew each time it is sent, once it is not put off any more."""
    for _ in range(TRIES):
        status, answer, wait = _answered(address, headers(secret, body, int(time.time())), body)
        if status != PUT_OFF:
            break
        time.sleep(min(int(wait), MAX_WAIT) if wait.isdecimal() else MAX_WAIT)
    return status, answer


def _answered(address: str, sent: Mapping[str, str], body: bytes) -> tuple[int, str, str]:
    """Status, answer, and the header Retry-After where there is one."""
    message = urllib.request.Request(address, body, dict(sent))  # noqa: S310
    try:
        with urllib.request.urlopen(message, timeout=TIMEOUT) as answer:  # noqa: S310 - see _ADDRESS
            return answer.status, answer.read().decode("utf-8", "replace"), ""
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode("utf-8", "replace")
            return error.code, text, error.headers.get("Retry-After", "")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"not reached: {error}", ""


def ending(address: str, status: int, body: bytes, folder: pathlib.Path) -> int:
    """What a message ends with that was answered `status`: REFUSED only once it is kept in `folder`."""
    end = ENDINGS.get(status, AGAIN)
    if end != REFUSED:
        return end
    try:
        kept = keep(address, status, body, folder)
    except OSError as error:
        sys.stderr.write(f"refused, and not kept, so it has to be sent again: {error}\n")
        return AGAIN
    sys.stderr.write(f"refused; kept as {kept}\n")
    return REFUSED


def keep(address: str, status: int, body: bytes, folder: pathlib.Path) -> pathlib.Path:
    """Keep a refused message for its owner alone, under a name that the same message has again; OSError where
    it cannot be."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partner = re.search(r"/partners/([A-Za-z0-9_-]{1,40})/", address)
    name = f"{partner[1] if partner else 'message'}-{status}-{hashlib.sha256(body).hexdigest()[:32]}"
    partial = folder / f".{name}.{os.getpid()}"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / name)
    _remove_oldest(folder)
    return folder / name


def _remove_oldest(folder: pathlib.Path) -> None:
    kept, size = 0, 0
    for at, length, path in sorted(_kept(folder), reverse=True):
        kept, size = kept + 1, size + length
        over = kept > KEPT_MESSAGES or size > KEPT_BYTES or at < time.time() - KEPT_DAYS * 86400
        if over and kept > 1:
            path.unlink(missing_ok=True)
            sys.stderr.write(f"removed the oldest refused message: {path}\n")


def _kept(folder: pathlib.Path) -> list[tuple[float, int, pathlib.Path]]:
    """When each message in `folder` was kept, its bytes, and where it lies."""
    found = []
    for path in folder.iterdir():
        try:
            state = path.stat()
        except FileNotFoundError:  # Another relay removed it.
            continue
        found.append((state.st_mtime, state.st_size, path))
    return found


def folder_for_refused() -> pathlib.Path:
    """Where refused messages are kept."""
    if os.environ.get("MTD_REFUSED"):
        return pathlib.Path(os.environ["MTD_REFUSED"])
    if os.environ.get("STATE_DIRECTORY"):
        return pathlib.Path(os.environ["STATE_DIRECTORY"].partition(":")[0]) / "refused"
    return pathlib.Path("~/.local/state/mtd-relay/refused").expanduser()


def secret_in(path: pathlib.Path) -> bytes:
    """The key in a file that holds `whsec_` and base64; ValueError where it does not."""
    form = _SECRET.fullmatch(path.read_text(encoding="utf-8").strip())
    if form is None:
        raise ValueError(f"{path}: expected whsec_ and base64")
    return base64.b64decode(form[1] + "=" * (-len(form[1]) % 4))


def main() -> int:
    if len(sys.argv) != 3 or not _ADDRESS.fullmatch(sys.argv[1]):
        sys.stderr.write("expected: the https address that takes reports, and the file with the secret\n")
        return WRONGLY_CALLED
    try:
        secret = secret_in(pathlib.Path(sys.argv[2]))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return WRONGLY_CALLED
    address, body = sys.argv[1], sys.stdin.buffer.read()
    status, answer = post_patiently(address, secret, body)
    sys.stderr.write(f"{status or ''} {' '.join(answer.split())}\n".lstrip())
    return ending(address, status, body, folder_for_refused())


if __name__ == "__main__":
    sys.exit(main())
