"""The report's file: what is read of it, and what is refused, whatever it claims to be."""

import pathlib
import re
import tempfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import GraphRefused
from sync_inventory.apps import report as app_report
from sync_inventory.apps.report import COLUMNS, ReportRow, report_rows

HEADER = ",".join(COLUMNS)
ROW = "i-1,IOS,Mail,1.2.3,1.2"


def _zip(
    path: pathlib.Path, text: str | bytes, name: str = "report.csv", kind: int = zipfile.ZIP_DEFLATED
) -> pathlib.Path:
    with zipfile.ZipFile(path / "report.zip", "w", kind) as archive:
        archive.writestr(name, text)
    return path / "report.zip"


def _read(path: pathlib.Path, *lines: str) -> list[ReportRow]:
    return [row for row in report_rows(_zip(path, "\r\n".join((HEADER, *lines)))) if row]


def _claiming(path: pathlib.Path, text: bytes, size: int) -> pathlib.Path:
    """A zip whose headers give `size` for its content."""
    made = _zip(path, text)
    data = made.read_bytes()
    made.write_bytes(data.replace(len(text).to_bytes(4, "little"), size.to_bytes(4, "little")))
    return made


def test_a_row_is_read_by_the_names_of_its_columns(tmp_path: pathlib.Path) -> None:
    header = "ApplicationShortVersion,Other,ApplicationName,DeviceId,ApplicationVersion,Platform"
    made = _zip(tmp_path, f"{header}\r\n1.2,x,Mail,i-1,1.2.3,IOS\r\n")
    assert list(report_rows(made)) == [ReportRow("i-1", "IOS", "Mail", "1.2.3", "1.2")]


def test_quotes_commas_lines_and_other_alphabets_belong_to_a_cell(tmp_path: pathlib.Path) -> None:
    rows = _read(tmp_path, 'i-1,IOS,"A ""B"", C\nD",1,', "i-2,IOS,微信 Ж ☕,8.0,8")
    assert [row.name for row in rows] == ['A "B", C\nD', "微信 Ж ☕"]
    assert rows[0].short_version == ""


def test_a_mark_of_byte_order_is_no_part_of_a_name(tmp_path: pathlib.Path) -> None:
    made = _zip(tmp_path, f"\ufeff{HEADER}\n{ROW}\n".encode())
    assert len(list(report_rows(made))) == 1


def test_bytes_that_are_no_text_spoil_one_cell_and_no_more(tmp_path: pathlib.Path) -> None:
    made = _zip(tmp_path, f"{HEADER}\n".encode() + b"i-1,IOS,\xff\xfeMail,1,\n" + f"{ROW}\n".encode())
    assert [row and row.name for row in report_rows(made)] == ["��Mail", "Mail"]


def test_a_line_with_too_few_or_too_many_cells_is_no_row_and_counted(tmp_path: pathlib.Path) -> None:
    lines = (HEADER, "i-1,IOS", "", ROW, ROW + ",more", "i-1,IOS,Mail, Calendar,3.1,3", ROW)
    rows = list(report_rows(_zip(tmp_path, "\r\n".join(lines))))
    assert [row and row.name for row in rows] == [None, "Mail", None, None, "Mail"]


@pytest.mark.parametrize(
    "after",
    [
        (),
        (ROW,),
        (ROW,) * 30,
        (ROW, 'i-2,IOS,"Mail,1,', ROW),
        ('i-2,IOS,"A ""B"", C\nD",1,', ROW),
        (*(ROW,) * 8, 'i-2,IOS,"A\nB",1,'),
    ],
)
def test_a_quote_that_never_closes_costs_its_row_and_no_other(
    tmp_path: pathlib.Path, after: tuple[str, ...]
) -> None:
    lines = (HEADER, ROW, 'i-1,IOS,"Mail,1,', *after)
    rows = list(report_rows(_zip(tmp_path, "\r\n".join(lines))))
    rest = list(report_rows(_zip(tmp_path, "\r\n".join((HEADER, *after)))))
    assert [row and row.name for row in rows[:2]] == ["Mail", None]
    assert rows[2:] == rest


def test_a_cell_goes_over_ten_lines_and_no_more(tmp_path: pathlib.Path) -> None:
    ten, eleven = ("\n".join("x" * count) for count in (11, 12))
    assert [row.name for row in _read(tmp_path, f'i-1,IOS,"{ten}",1,', ROW)] == [ten, "Mail"]
    assert [row.name for row in _read(tmp_path, f'i-1,IOS,"{eleven}",1,', ROW)] == ["Mail"]


@given(st.text('ab,"\n\r', max_size=60), st.integers(1, 9))
def test_rows_are_the_same_however_the_text_is_cut_into_pieces(body: str, piece: int) -> None:
    def read(size: int) -> list[ReportRow | None]:
        with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
            patch.setattr(app_report, "PIECE", size)
            patch.setattr(app_report, "MAX_CELL_LINES", 3)
            return list(report_rows(_zip(pathlib.Path(folder), f"{HEADER}\n{body}")))

    try:
        whole = read(app_report.PIECE)
    except GraphRefused as refused:
        with pytest.raises(GraphRefused, match=re.escape(str(refused))):
            read(piece)
    else:
        assert read(piece) == whole


def test_a_report_without_rows_has_none(tmp_path: pathlib.Path) -> None:
    assert _read(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no column DeviceId"),
        ("DeviceId,Platform,ApplicationName,ApplicationVersion\n", "has no column ApplicationShortVersion"),
        (f"{HEADER}\n" + "x" * 70_000, "has a line of more than 65536 characters"),
        (b"\0" * 200_000, "has a line of more than 65536 characters"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: pathlib.Path, text: str | bytes, why: str) -> None:
    with pytest.raises(GraphRefused, match=why):
        list(report_rows(_zip(tmp_path, text)))


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_zip_that_lies_about_its_size_is_refused(tmp_path: pathlib.Path, size: int) -> None:
    made = _claiming(tmp_path, f"{HEADER}\n{ROW}\n{ROW}\n".encode(), size)
    with pytest.raises(GraphRefused, match=r"is no zip that is what it claims to be|claims 100000 bytes"):
        list(report_rows(made))


def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_report, "MAX_BYTES", 1_000_000)
    made = _zip(tmp_path, f"{HEADER}\n" + f"{ROW}\n" * 100_000)
    assert made.stat().st_size < 200_000
    read: list[ReportRow | None] = []
    with pytest.raises(GraphRefused, match="unpacks to more than 1000000 bytes"):
        read.extend(report_rows(made))
    assert len(read) < 1_000_000 / len(ROW)


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_packed_by_a_method_that_unpacks_without_bounds_is_refused_before_it_is_unpacked(
    tmp_path: pathlib.Path, kind: int
) -> None:
    made = _zip(tmp_path, f"{HEADER}\n" + f"{ROW}\n" * 100_000, kind=kind)
    assert made.stat().st_size < 20_000
    with pytest.raises(GraphRefused, match="packed by another method than deflate"):
        list(report_rows(made))


def test_a_zip_with_a_long_list_of_files_is_refused_before_the_list_is_read(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(12_000):
            archive.writestr(f"{number:060}.csv", b"")
    monkeypatch.setattr(zipfile, "ZipInfo", None)  # nothing is made of an entry
    with pytest.raises(GraphRefused, match="list of files is longer than 1048576 bytes"):
        list(report_rows(tmp_path / "many.zip"))


@pytest.mark.parametrize("name", ["../../report.csv", "/etc/report.csv", "C:\\report.CSV"])
def test_the_name_of_the_file_inside_is_no_path(tmp_path: pathlib.Path, name: str) -> None:
    (tmp_path / "inner").mkdir()
    made = _zip(tmp_path / "inner", f"{HEADER}\n{ROW}\n", name)
    assert len(list(report_rows(made))) == 1
    assert [each.name for each in tmp_path.rglob("*")] == ["inner", "report.zip"]


def test_content_that_is_not_what_its_checksum_says_is_refused(tmp_path: pathlib.Path) -> None:
    made = _zip(tmp_path, f"{HEADER}\n{ROW}\n", kind=zipfile.ZIP_STORED)
    made.write_bytes(made.read_bytes().replace(b"Mail", b"Male"))
    with pytest.raises(GraphRefused, match="is no zip that is what it claims to be"):
        list(report_rows(made))


def test_a_zip_that_lies_about_where_its_content_begins_is_refused(tmp_path: pathlib.Path) -> None:
    made = _zip(tmp_path, f"{HEADER}\n{ROW}\n")
    data = made.read_bytes()
    directory = int.from_bytes(data[-6:-2], "little") + 10_000
    made.write_bytes(data[:-6] + directory.to_bytes(4, "little") + data[-2:])
    with pytest.raises(GraphRefused, match="is no zip that is what it claims to be"):
        list(report_rows(made))


def test_a_file_that_is_no_zip_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "report.zip").write_bytes(b"<html>no</html>")
    with pytest.raises(GraphRefused, match="is no zip"):
        list(report_rows(tmp_path / "report.zip"))


def test_a_zip_of_other_files_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(GraphRefused, match="expected one, a CSV"):
        list(report_rows(_zip(tmp_path, "{}", "report.json")))
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", HEADER)
        archive.writestr("b.csv", HEADER)
    with pytest.raises(GraphRefused, match="is a zip of 2 files"):
        list(report_rows(tmp_path / "two.zip"))
