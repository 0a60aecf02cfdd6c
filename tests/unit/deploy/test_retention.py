"""docs/retention.md says what topics and tables declare, and nothing of what is not there."""

from pathlib import Path

import pytest

from deploy import retention


def test_the_page_is_what_is_declared() -> None:
    assert retention.FILE.read_text(encoding="utf-8") == retention.text()


def test_a_table_is_told_by_its_tags_until_it_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_text(
        "-- migrate:up\nCOMMENT ON TABLE entries IS '[append-only] The books'' lines.';\n"
        "COMMENT ON TABLE senders IS '[installation] Systems.';\nCOMMENT ON TABLE lines IS 'Of a programme.';\n"
        "COMMENT ON TABLE gone IS 'Once.';\n-- migrate:down\nDROP TABLE entries;\n"
    )
    (tmp_path / "0002_b.sql").write_text("-- migrate:up\nDROP TABLE gone;\n")
    assert list(retention.tables(tmp_path)) == [
        ("entries", retention.FOR_GOOD, "The books' lines."),
        ("lines", retention.AS_ITS_REGION, "Of a programme."),
        ("senders", retention.AS_THE_INSTALLATION, "Systems."),
    ]


def test_what_is_said_of_a_table_that_is_not_there_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(retention.KEPT, "no_such_table", "a while")
    with pytest.raises(ValueError, match="no_such_table"):
        retention.text()
