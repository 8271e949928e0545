#!/usr/bin/env python3
"""Post standard input to the connector as one message, signed as Standard Webhooks asks.

    ... | python3 infra/relay/post_signed.py https://<app>/api/partners/<slug>/reports <file with the secret>

The file holds the partner's `whsec_...` secret. It tries once, and prints the connector's answer on standard
error. It ends with 0 where the message is stored, 1 where it has to be sent again, 2 where it was called
wrongly, and 3 where the connector will never take it (400, 413, 415, 422). Needs Python 3.9 or newer, and
nothing else.
"""

import base64
import hashlib
import hmac
import http.client
import pathlib
import re
import sys
import time
import urllib.error
import urllib.request
import uuid

TIMEOUT = 30.0
"""Seconds the message may take."""
STORED, AGAIN, WRONGLY_CALLED, REFUSED = range(4)
"""What it ends with."""
ENDINGS = {202: STORED, **dict.fromkeys((400, 413, 415, 422), REFUSED)}
"""By the connector's status; after any other, sending the message again may help."""
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


def post(address: str, secret: bytes, body: bytes) -> tuple[int, str]:
    """The connector's status and answer; 0 and why where it could not be reached."""
    message = urllib.request.Request(address, body, headers(secret, body, int(time.time())))  # noqa: S310
    try:
        with urllib.request.urlopen(message, timeout=TIMEOUT) as answer:  # noqa: S310 - see _ADDRESS
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"not reached: {error}"


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
    status, answer = post(sys.argv[1], secret, sys.stdin.buffer.read())
    sys.stderr.write(f"{status or ''} {' '.join(answer.split())}\n".lstrip())
    return ENDINGS.get(status, AGAIN)


if __name__ == "__main__":
    sys.exit(main())
