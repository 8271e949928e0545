"""A report as it is ordered and as it is written: AppInvRawData, as CSV in a zip.

Source: Intune "Export reports using Graph APIs". A filter is one `column eq 'text'`. Left out: the other
reports, JSON, localized columns.
"""

import asyncio
import csv
import io
import pathlib
import re
import zipfile
from typing import Annotated, Literal

from pydantic import AfterValidator

from local.graph.directory import Directory
from local.graph.faults import ExportFlaws
from local.graph.inventory import COLUMNS, blocks
from local.graph.policy import Wire

CONDITION = re.compile(r"\(?(\w+) eq '((?:[^']|'')*)'\)?")
PADDING = bytes(1024 * 1024)


def _column(name: str) -> str:
    if name not in COLUMNS:
        raise ValueError(f"no column {name}")
    return name


def _filter(text: str) -> str:
    found = CONDITION.fullmatch(text)
    if text and (found is None or _column(found[1]) == "ApplicationKey"):
        raise ValueError("not a filter of this report, or not simulated")
    return text


class Order(Wire):
    """The body of the request for an export job."""

    report_name: Literal["AppInvRawData"]
    filter: Annotated[str, AfterValidator(_filter)] = ""
    select: tuple[Annotated[str, AfterValidator(_column)], ...] = ()
    format: Literal["csv"] = "csv"
    localization_type: str = "LocalizedValuesAsAdditionalColumn"


async def write(path: pathlib.Path, state: Directory, order: Order, flaws: ExportFlaws) -> None:
    """The zip, with pauses in which others have their turn; never more than a block of it in memory."""
    columns = [COLUMNS.index(name) for name in order.select or COLUMNS]
    condition = None if flaws.filter_ignored else CONDITION.fullmatch(order.filter)
    place, text = (COLUMNS.index(condition[1]), condition[2].replace("''", "'")) if condition else (0, None)
    text = "none of its words" if condition and flaws.filter_meets_none else text
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(f"{path.stem}.csv", "w", force_zip64=True) as entry:
            lines = io.TextIOWrapper(entry, "utf-8-sig", errors="replace", newline="")
            writer = csv.writer(lines)
            writer.writerow([COLUMNS[column] for column in columns])
            for rows in blocks(state):
                chosen = (row for row in rows if text is None or row[place] == text)
                writer.writerows([row[column] for column in columns] for row in chosen)
                await asyncio.sleep(0)
            lines.flush()
            lines.detach()
            for _ in range(flaws.padding_mib):
                entry.write(PADDING)
                await asyncio.sleep(0)
        if flaws.claimed_size is not None:
            _claim(archive, flaws.claimed_size)


def _claim(archive: zipfile.ZipFile, size: int) -> None:
    """Let both headers of the only entry give `size` as its uncompressed size."""
    entry = archive.filelist[0]
    entry.file_size = size
    assert archive.fp is not None
    archive.fp.seek(entry.header_offset)
    archive.fp.write(entry.FileHeader(zip64=True))
    archive.fp.seek(archive.start_dir)
