"""What a model writes while it writes it, passed on as a preview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk, GenerationChunk

if TYPE_CHECKING:
    from agents.loop_guard import LoopGuard


class Tokens(AsyncCallbackHandler):
    """Hears every chunk of a model that streams: words, or the arguments of a call as they grow."""

    def __init__(self, guard: LoopGuard) -> None:
        self._guard = guard

    async def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        chunk: GenerationChunk | ChatGenerationChunk | None = None,
        **_: Any,  # what LangChain tells any handler
    ) -> None:
        """Tell the listener what was just written."""
        text = token if isinstance(token, str) else ""
        if isinstance(chunk, ChatGenerationChunk) and isinstance(chunk.message, AIMessageChunk):
            text += "".join(part["args"] or "" for part in chunk.message.tool_call_chunks)
        if text:
            self._guard.emit("tokens", detail=text)
