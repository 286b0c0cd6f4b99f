"""Proofs on the graph as it is drawn: no way around the approval, no tool with an effect, names that are frozen."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest
from pydantic import BaseModel

from agents.agent_tool import AgentTool
from agents.errors import AgentSetupError
from bench.picture import propose_graph

ROOT = Path(__file__).resolve().parents[3]
NODES = {
    "__start__", "sense", "plan", "clarify", "segment", "write", "design_experiment", "forecast", "check_policies",
    "freeze_proposal", "approve", "verify_approval", "launch", "__end__",
}  # fmt: skip


def edges() -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in propose_graph().edges}


def reachable(start: str, given: Iterable[tuple[str, str]], without: str) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for source, target in given:
            if source == here and target != without and target not in found:
                found.add(target)
                waiting.append(target)
    return found


@pytest.mark.promise
@pytest.mark.parametrize("gate", ["approve", "verify_approval", "freeze_proposal", "check_policies"])
def test_without_the_gate_no_path_reaches_launch(gate: str) -> None:
    assert "launch" in reachable("__start__", edges(), without="")
    assert "launch" not in reachable("__start__", edges(), without=gate)


def test_node_names_are_those_that_were_released() -> None:
    assert set(propose_graph().nodes) == NODES


@pytest.mark.promise
def test_a_tool_with_an_effect_cannot_be_made() -> None:
    class Asked(BaseModel):
        launch_id: str

    with pytest.raises(AgentSetupError, match="without effects"):
        AgentTool("launch", "Launch it.", Asked, lambda asked: asked, effect="launch")  # type: ignore[arg-type]


@pytest.mark.promise
def test_no_module_of_an_agent_imports_delivery_or_writes() -> None:
    forbidden = ("delivery", "store.repositories.approvals", "api")
    for package in ("planner", "segmenter", "copywriter", "analyst"):
        for path in (ROOT / "agents" / package).rglob("*.py"):
            tree = ast.parse(path.read_text())
            names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
            assert not [name for name in names if name.startswith(forbidden)], path
            writes = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == "write"]
            assert not [
                n for n in writes if isinstance(n.value, ast.Attribute) and n.value.attr == "database"
            ], path
