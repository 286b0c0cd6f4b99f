"""The list of endpoints and the schema, without anything from elsewhere."""

from __future__ import annotations

import re

from tests.api.conftest import Open
from tests.small_shop import Shop


async def test_the_docs_page_lists_every_endpoint_and_loads_nothing(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        page = (await opened.call(None, "GET", "/docs")).text
        schema = (await opened.call(None, "GET", "/openapi.json")).json()
    assert all(path in page for path in schema["paths"])
    assert not re.search(r"https?://|<script|<link|<img", page)
    undescribed = [
        f"{method} {path}"
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
        if not operation.get("description")
    ]
    assert undescribed == []
