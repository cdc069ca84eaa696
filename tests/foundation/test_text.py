"""Files in the encodings that editors and spreadsheets write."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from foundation.settings import PROJECT_ROOT, Settings, SettingsError, load_company
from foundation.text import read_text

COMPANY = (
    (PROJECT_ROOT / "company.toml").read_text(encoding="utf-8").replace("Cedar Ridge IT", "Müller & Söhne")
)


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "company.toml").write_text(COMPANY, encoding="utf-8-sig")
    (tmp_path / "env").write_text('SCORELINE_AS_OF="2025-10-27T12:00:00Z"\n', encoding="utf-8-sig")
    monkeypatch.delenv("SCORELINE_AS_OF", raising=False)
    monkeypatch.setenv("SCORELINE_COMPANY_FILE", str(tmp_path / "company.toml"))
    monkeypatch.setenv("SCORELINE_ENV_FILE", str(tmp_path / "env"))
    assert load_company(Settings()).company.name == "Müller & Söhne"
    assert Settings().as_of is not None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("a = 1\nname = 'Müller'\n".encode("latin-1"), "line 2: byte 0xfc is not UTF-8"),
        (codecs.BOM_UTF16_LE + "a = 1".encode("utf-16-le"), "the encoding is UTF-16"),
        ("a = 1".encode("utf-16-be"), "the encoding is UTF-16"),
    ],
)
@pytest.mark.parametrize("which", ["company", "env"])
def test_another_encoding_is_named_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str, data: bytes, says: str
) -> None:
    path = tmp_path / which
    path.write_bytes(data)
    monkeypatch.setenv(f"SCORELINE_{which.upper()}_FILE", str(path))
    with pytest.raises(SettingsError) as caught:
        load_company(Settings())
    assert str(path) in str(caught.value)
    assert says in str(caught.value)
    assert str(caught.value).endswith("Save the file as UTF-8.")


def test_a_folder_in_place_of_a_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        read_text(tmp_path)
