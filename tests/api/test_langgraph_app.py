"""langgraph.json names a factory that gives our propose graph."""

from __future__ import annotations

import importlib.util
import json
from collections import deque

import pytest

from policies.errors import NotFoundError
from tests.import_walk import ROOT
from tests.small_shop import Shop


def factory():
    """Load the factory the way the development server does: by file and name."""
    file, name = json.loads((ROOT / "langgraph.json").read_text())["graphs"]["propose"].split(":")
    spec = importlib.util.spec_from_file_location("langgraph_app_under_test", ROOT / file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


@pytest.mark.promise
async def test_the_factory_gives_the_graph_and_only_the_approval_leads_to_launch(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_HOME", str(shop.home.path))
    async with factory()() as graph:
        drawn = graph.get_graph()
    nodes = set(drawn.nodes)
    assert {"sense", "clarify", "approve", "verify_approval", "launch"} <= nodes
    reached, waiting = {"__start__"}, deque(["__start__"])
    while waiting:
        here = waiting.popleft()
        for edge in drawn.edges:
            if edge.source == here and edge.target not in reached | {"approve"}:
                reached.add(edge.target)
                waiting.append(edge.target)
    assert "freeze_proposal" in reached and "launch" not in reached


async def test_without_a_home_the_factory_names_the_place(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_HOME", f"{tmp_path}/nothing")
    with pytest.raises(NotFoundError, match="nothing"):
        async with factory()():
            pass
