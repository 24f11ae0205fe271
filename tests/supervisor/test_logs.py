"""Log files rotate by size and hold whole lines."""

from pathlib import Path

from pulse.supervisor.logs import LogFile, Output


def test_a_file_that_is_full_moves_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "web.log", max_bytes=100, kept=2)
    for number in range(10):
        file.write(f"line {number:02} ".ljust(49, "x").encode() + b"\n")
    file.close()
    found = {path.name: path.read_text()[:7] for path in tmp_path.iterdir()}
    assert found == {"web.log": "line 08", "web.log.1": "line 06", "web.log.2": "line 04"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_output_is_logged_in_whole_lines_however_it_arrives(tmp_path: Path) -> None:
    output = Output("web", LogFile(tmp_path / "web.log"), None)
    for piece in (b"fir", b"st\nsecond\nla", b"st"):
        output.feed(piece)
    assert (tmp_path / "web.log").read_text() == "first\nsecond\n"
    output.end()
    assert (tmp_path / "web.log").read_text() == "first\nsecond\nlast\n"


def test_a_line_without_end_does_not_grow_in_memory(tmp_path: Path) -> None:
    output = Output("web", LogFile(tmp_path / "web.log"), None)
    for _ in range(5):
        output.feed(b"x" * 65536)
    assert (tmp_path / "web.log").stat().st_size >= 4 * 65536
