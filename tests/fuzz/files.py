"""Files and settings of an admin: links, local rules, settings, what is sent to a route."""

import json
from collections.abc import Iterator
from functools import partial

from ingest_threat import start
from serve_console.approvals import ApprovalRequest
from serve_console.inventory import position
from serve_console.linking import LinkRequest
from serve_console.links_file import lines
from serve_console.overrides import OverrideRequest
from serve_console.paging import rows_asked_for
from serve_console.request import Request
from serve_console.what_if import asked_for
from shared import settings
from shared.domain import local_rules
from shared.errors import BadRequest, SettingsError, UnreadableReport
from shared.request import read_request
from tests.end_to_end.machine import ROOT
from tests.fuzz.target import Target

LINKS = b"partner,partner_device_id,device,reason\r\n"
RULES = (
    b"""[[rule]]
name = "Corporate iPhones"
allowed = "secured"
platform = "ios"
category = "network"
grace_hours = 24
""",
    b"""[[rule]]
name = "all"
allowed = "low"
dry_run = true

[minimum_os.lookout]
ios = "16.0"
android = "12"
""",
)
EXAMPLE = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]
ENVIRONMENTS = (
    "\n".join(f"{name}={value}" for name, value in EXAMPLE.items()),
    "WEBHOOK_SECRETS_LOOKOUT=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nPARTNERS_IOS=lookout\nGUARD_PERCENT=10",
    "AUTH_SOPHOS=header\nHEADER_NAME_SOPHOS=X-Own\nHEADER_SECRETS_SOPHOS=0123456789abcdef0123456789abcdef",
    "AUTH_ZIMPERIUM=entra\nENTRA_TENANT_ZIMPERIUM=11111111-1111-4111-8111-111111111111\nENTRA_AUDIENCE_ZIMPERIUM=api://a\n"
    "ENTRA_APP_IDS_ZIMPERIUM=22222222-2222-4222-8222-222222222222",
    "AUTH_BETTER_MOBILE=shared_key\nSHARED_KEY_WORKSPACE_BETTER_MOBILE=w\n"
    "SHARED_KEYS_BETTER_MOBILE=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "ACCESS_APPS=Office365 All\nACCESS_EXCLUSIONS=guests role:33333333-3333-4333-8333-333333333333\n"
    "MODE=enforce\nREAD_KEY_A=0123456789abcdef0123456789abcdef",
)
REQUESTS: dict[type[Request], bytes] = {
    LinkRequest: b'{"device": "intune:a", "reason": "bought used"}',
    OverrideRequest: b'{"hours": 4, "reason": "a known false alarm"}',
    ApprovalRequest: b'{"reason": "a drill"}',
}


def targets() -> Iterator[Target]:
    """What an admin writes, and what a request holds."""
    links = (LINKS + b'lookout,a-1,i-1,"bought, used"\r\nsophos,b,serial:1,new phone\r\n',)
    yield Target("file of links", lines, links, (BadRequest, UnreadableReport), (LINKS, b'""', b","))
    yield Target(
        "local rules",
        _rules,
        RULES,
        (SettingsError,),
        (b"[[rule]]\n", b"= ", b'"""', b"[a.b]\n", b"inf", b"nan"),
    )
    yield Target("settings", _settings, [each.encode() for each in ENVIRONMENTS], (SettingsError,))
    for kind, sample in REQUESTS.items():
        yield Target(f"request {kind.__name__}", partial(read_request, kind), (sample,), (BadRequest,))
    yield Target("query", _query, (b"100", b"AAAA-_", b"Office365"), (BadRequest,))


def _rules(content: bytes) -> None:
    read = local_rules.parse(content)
    for rule in (*read.rules, *read.dry):
        rule.model_dump_json().encode()


def _settings(content: bytes) -> None:
    text = content.decode("utf-8", "surrogateescape")
    environment = dict(line.split("=", 1) for line in text.split("\n") if "=" in line)
    start.check(settings.read(environment))


def _query(content: bytes) -> None:
    text = content.decode("utf-8", "surrogateescape")
    for read in (partial(rows_asked_for, most=1000), position, asked_for):
        try:
            read(text)
        except BadRequest:
            continue
