"""The OpenAI-compatible path drives the same graph: every model turn goes over HTTP to a scripted server."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from policies.proposal import parse
from store.home import open_home
from store.repositories.agent_work import traces_of
from store.tables import Proposal
from tests.agents.conftest import OpenDesk
from tests.agents.replaying import replaying, scripted
from tests.fakes.openai_server import OpenAIServer
from tests.small_shop import BRIEF, Shop


async def test_a_scripted_server_drives_the_same_graph_to_the_same_content(
    shop: Shop, open_desk: OpenDesk, tmp_path: Path
) -> None:
    shutil.copytree(shop.home.path, tmp_path / "other")
    other = replace(shop, home=open_home(tmp_path / "other"))
    async with open_desk(shop) as desk:
        started = await desk.threads.start(
            workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=BRIEF
        )
        with desk.bench.database.read() as session:
            offline = session.get_one(Proposal, started.state["proposal_id"])
            turns = [
                message
                for trace in traces_of(session, started.thread_id)
                for message in trace.messages
                if message["role"] == "ai"
            ]
    with OpenAIServer(replaying(turns)) as server:
        settings = scripted(server)
        async with open_desk(other, settings) as desk:
            started = await desk.threads.start(
                workspace_id=shop.workspace_id, author_id=shop.users["Ada"], text=BRIEF
            )
            with desk.bench.database.read() as session:
                online = session.get_one(Proposal, started.state["proposal_id"])
                models = {trace.model for trace in traces_of(session, started.thread_id)}
    assert len(server.requests) == len(turns) + 1, "the reading of the brief is one more"
    assert models == {"openai-compatible/scripted"} == {online.model}
    assert online.digest == offline.digest, "recorded answers give the same digest"
    tools = {tool["function"]["name"] for request in server.requests for tool in request.get("tools", [])}
    effects = {"launch", "send", "resume", "approve", "resolve", "write_file"}
    assert tools and not tools & effects
    copy_requests = [
        request for request in server.requests if "You write one message" in str(request["messages"])
    ]
    assert copy_requests
    assert all("4000" not in str(r["messages"]) and "$40" not in str(r["messages"]) for r in copy_requests)
    assert parse(online.canonical_json) == parse(offline.canonical_json)
