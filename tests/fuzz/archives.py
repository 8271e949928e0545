"""Intune's export of apps: the zip and the CSV in it."""

import io
import pathlib
import zipfile
from collections.abc import Iterator

from shared.errors import GraphRefused
from sync_inventory.apps.report import COLUMNS
from sync_inventory.apps.rows import AppRows
from sync_inventory.scratch import Scratch
from tests.fuzz.target import Target

HEADER = ",".join(COLUMNS)
CSV = (
    f'{HEADER}\r\ni-1,IOS,"A ""B"", C\nD",1,\r\ni-2,ios,Mail,1.2.3,1.2\r\n'.encode(),
    f"\ufeff{HEADER},Other\ni-1,iPadOS,微信,8.0,8,x\n".encode(),
    f"{HEADER}\n".encode(),
)
FACTS = '{"platform": "ios", "ownership": "company", "intune_id": "i-1"}'


def targets() -> Iterator[Target]:
    """The file as it is downloaded, and what is in a good one."""
    refuses = (GraphRefused,)
    yield Target(
        "export zip",
        _from_zip,
        _zips(),
        refuses,
        (b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"../"),
    )
    yield Target("export CSV", _from_csv, CSV, refuses, (b'"', b'""', b',"', b'"\n', HEADER.encode()))


def packed(content: bytes, name: str = "report.csv", kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of one file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        archive.writestr(zipfile.ZipInfo(name), content, kind)
    return file.getvalue()


def _zips() -> list[bytes]:
    names = (
        "report.csv",
        "../../etc/report.csv",
        "/etc/cron.d/a.csv",
        "C:\\a.CSV",
        "a.csv/",
        "report.json",
        "\0.csv",
    )
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    return [*(packed(CSV[0], name) for name in names), *(packed(CSV[0], kind=kind) for kind in kinds)]


def _from_zip(content: bytes) -> None:
    with Scratch() as scratch:
        path = scratch.folder / "export.zip"
        path.write_bytes(content)
        _collected(scratch, path)
        assert {each.name for each in scratch.folder.iterdir()} <= {"export.zip", "scratch.sqlite"}


def _from_csv(content: bytes) -> None:
    _from_zip(packed(content))


def _collected(scratch: Scratch, path: pathlib.Path) -> None:
    scratch.script("CREATE TABLE device (id TEXT, intune TEXT, facts TEXT);")
    scratch.write("INSERT INTO device VALUES ('d-1', 'i-1', ?)", FACTS)
    AppRows(scratch).take(path)
