"""A page names some thirty files: what each is called from outside is worked out once."""

from __future__ import annotations

from pathlib import Path

from django.core.files.base import ContentFile

from pulse.static import Hashed, Plain


def test_an_address_is_worked_out_once(tmp_path: Path) -> None:
    files = Plain(location=tmp_path, base_url="/static/")

    assert files.url("js/live.js") == "/static/js/live.js"
    files.base_url = "/elsewhere/"
    assert files.url("js/live.js") == "/static/js/live.js"
    assert files.url("js/copy.js") == "/elsewhere/js/copy.js"


def test_in_production_it_tells_what_is_in_the_file(tmp_path: Path) -> None:
    files = Hashed(location=tmp_path, base_url="/static/")
    files.save("live.js", ContentFile(b"let one = 1;"))
    list(files.post_process({"live.js": (files, "live.js")}))

    found = files.url("live.js", force=True)

    assert found.startswith("/static/live.")
    assert (tmp_path / found.removeprefix("/static/")).read_bytes() == b"let one = 1;"
