"""From an objective to a launch with nothing but the SDK client, and the events that a stream brings."""

from __future__ import annotations

import socket

import pytest

from agents.models.interface import ModelSettings
from store.repositories.approvals import signatures_of
from tests.api.langgraph_server.conftest import GRAPH, refused, serving
from tests.small_shop import BRIEF, Shop


@pytest.mark.promise
async def test_the_sdk_alone_brings_an_objective_to_its_launch_and_no_other_answer_counts_after(
    shop: Shop,
) -> None:
    async with serving(shop, working=True) as served:
        ada, grace, linus = (served.client(name) for name in ("Ada", "Grace", "Linus"))
        thread_id = (await ada.threads.create(graph_id=GRAPH))["thread_id"]
        said = {"messages": [{"role": "user", "content": BRIEF}]}
        told = [
            part
            async for part in ada.runs.stream(thread_id, GRAPH, input=said, stream_mode=["values", "updates"])
        ]
        assert told[0].event == "metadata" and told[-1].event == "end"
        nodes = [name for part in told if part.event == "updates" for name in part.data]
        assert nodes[:2] == ["sense", "plan"] and nodes[-2:] == ["freeze_proposal", "__interrupt__"]
        (waiting,) = [part for part in told if part.event == "values"][-1].data["__interrupt__"]
        assert [thread["thread_id"] for thread in await grace.threads.search(status="interrupted")] == [
            thread_id
        ]
        answer = {waiting["id"]: {"type": "approve"}}
        parts = [part async for part in grace.runs.stream(thread_id, GRAPH, command={"resume": answer})]
        assert [part.event for part in parts] == ["metadata", "values", "end"]
        approval = served.approval(thread_id)
        assert (parts[1].data["status"], parts[1].data["digest"]) == ("launched", approval.digest)
        with served.app.database.read() as session:
            (signature,) = signatures_of(session, approval.approval_id)
        assert (signature.user_id, signature.answer) == (shop.users["Grace"], "approve")
        with refused(409, "waits for no answer"):
            await linus.runs.wait(thread_id, GRAPH, command={"resume": {"decisions": [{"type": "approve"}]}})
        with refused(409, "has come to its end"):
            await ada.runs.wait(thread_id, GRAPH, input=said)
        assert served.refusals(thread_id) == [
            (shop.users["Linus"], "thread_waits"),
            (shop.users["Ada"], "thread_ended"),
        ]
        assert await grace.threads.search(status="interrupted") == []
        with refused(404):
            await grace.threads.get("01M7XNOBODYKNOWSTHISTHREAD")


async def test_a_run_that_breaks_off_says_so_in_the_stream_and_its_thread_shows_it(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    model = ModelSettings.model_validate({"use": "openai:none", "base_url": nobody, "max_retries": 0})
    async with serving(shop, working=False, model=model) as served:
        ada = served.client("Ada")
        thread_id = (await ada.threads.create())["thread_id"]
        told = [part async for part in ada.runs.stream(thread_id, GRAPH, input={"text": BRIEF})]
        assert [told[0].event, told[-1].event] == ["metadata", "error"]
        assert told[-1].data["error"] == "model_unavailable" and nobody in told[-1].data["message"]
        assert (await ada.threads.get(thread_id))["status"] == "error"
