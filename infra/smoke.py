#!/usr/bin/env python3
"""Does a deployed app answer as it should? Four questions that need no key and change nothing.

    python3 infra/smoke.py https://<app>.azurewebsites.net

Right after a deployment functions take a while to appear: each question is asked again for five minutes.
`/health` may say `degraded` until the identity has its Graph permissions and a sync went through.
"""

import sys
import time
from dataclasses import dataclass
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

PATIENCE_SECONDS = 300.0
PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class Question:
    """A request, and the answers that are right."""

    what: str
    method: str
    path: str
    right: frozenset[int]


QUESTIONS = (
    Question("anybody may ask how it is", "GET", "/api/health", frozenset({200, 503})),
    Question("nobody knows that partner", "POST", "/api/partners/nobody/reports", frozenset({404})),
    Question("an unsigned message is refused", "POST", "/api/partners/lookout/reports", frozenset({401})),
    Question("devices are not for everybody", "GET", "/api/devices", frozenset({401})),
)


def asked(base: str, question: Question) -> int | str:
    """The status that came back; words where nothing did."""
    data = b"{}" if question.method == "POST" else None
    headers = {"Content-Type": "application/json"}
    request = Request(f"{base}{question.path}", data, headers, method=question.method)  # noqa: S310
    try:
        with urlopen(request, timeout=30) as answer:  # noqa: S310 - the address the administrator gave
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except (URLError, TimeoutError) as error:
        return f"no answer: {error}"


def settled(base: str, question: Question, ends: float) -> int | str:
    """The right answer as soon as it comes; the last wrong one when time is up."""
    while True:
        answer = asked(base, question)
        if answer in question.right or time.monotonic() >= ends:
            return answer
        time.sleep(PAUSE_SECONDS)


def main(arguments: list[str]) -> int:
    """0 where every answer is right."""
    if len(arguments) != 1 or not arguments[0].startswith(("https://", "http://127.0.0.1:")):
        sys.stderr.write("expected one address: https://<app>.azurewebsites.net\n")
        return 2
    base, ends, wrong = arguments[0].rstrip("/"), time.monotonic() + PATIENCE_SECONDS, 0
    for question in QUESTIONS:
        answer = settled(base, question, ends)
        right = answer in question.right
        wrong += not right
        sys.stdout.write(f"{'ok   ' if right else 'WRONG'} {question.what}: {answer}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
