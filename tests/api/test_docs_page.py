"""The page that shows the OpenAPI document allows nothing inline, and other hosts only where static files are."""

import re
from typing import Any

from tests.api.client import Api, rolled_back

pytestmark = rolled_back


def test_nothing_is_inline_and_all_of_it_is_our_own(nobody: Api) -> None:
    answer = nobody.get("/docs")
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;")
    assert "unsafe" not in policy
    page = answer.content.decode()
    assert not re.search(r"<style|\son\w+=|\sstyle=|javascript:", page)
    scripts = re.findall(r"<script[^>]*>", page)
    assert [" src=" in script for script in scripts] == [True, True]
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


def test_static_files_may_be_on_another_host(nobody: Api, settings: Any) -> None:
    settings.STATIC_URL = "https://static.example.com/hub/"
    policy = nobody.get("/docs")["Content-Security-Policy"]
    assert "script-src static.example.com; style-src static.example.com;" in policy
    assert "connect-src 'self';" in policy
