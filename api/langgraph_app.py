"""The propose graph for `langgraph dev` (langgraph.json names this factory).

The development server pulls in another version of protobuf than ours, so it runs in a virtual environment of its own:
install `langgraph-cli[inmem]` and this project there. It opens the home that COUNTERSIGN_HOME names and owns it for as
long as a run lasts, so neither `serve` nor a second run may hold it. The server brings its own checkpointer; what
it resumes or edits approves nothing, because the graph reads every approval from the home's database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents.propose.graph import ProposeGraph
from api.settings import read_settings
from api.wiring import open_app, propose_graph
from store.home import open_home


@asynccontextmanager
async def propose() -> AsyncIterator[ProposeGraph]:
    """Open the home that the environment names and give its propose graph; HomeNotFoundError without one."""
    settings = read_settings()
    async with open_app(open_home(settings.home), settings) as app:
        yield propose_graph(app)
