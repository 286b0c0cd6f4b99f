"""OpenAI's chat completions over HTTP on loopback, plain and streamed, with tools and usage; who answers is a function.

Nothing is remembered between requests: the ids of tool calls come from the turn that the request's own messages are at.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self

COMPLETIONS, MODELS = "/v1/chat/completions", "/v1/models"
_LONGEST_REQUEST = 8_000_000
# A request and a completion are open documents of somebody else's protocol.
Document = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A tool call in a reply; `args` as text is sent as it is, so it may be broken JSON."""

    name: str
    args: Document | str


@dataclass(frozen=True)
class Reply:
    """One answer: tool calls, text, or a refusal; `usage` in tokens sent and received. With another status, `body` is sent."""

    calls: Sequence[Call] = ()
    text: str | None = None
    status: int = 200
    body: bytes | None = None
    usage: tuple[int, int] = (11, 7)
    refusal: str | None = None
    finish: str | None = None


class ChatServer:
    """Serves on loopback while it is entered; `port` 0 takes a free one. A subclass says what is answered."""

    fingerprint: ClassVar[str] = ""
    models: ClassVar[Sequence[str]] = ()

    def __init__(self, port: int = 0) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", port), self.handler())
        self._thread = threading.Thread(target=self.serve)

    @property
    def base_url(self) -> str:
        """Where it is served, ending in /v1."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def reply(self, request: Document, headers: Mapping[str, str]) -> Reply:
        """Return the answer to a request."""
        raise NotImplementedError

    def handler(self) -> type[ChatHandler]:
        """Return the class that handles this server's requests."""
        return type("Handler", (ChatHandler,), {"chat": self})

    def serve(self) -> None:
        """Answer requests in this thread until the server is left, or interrupted."""
        self._http.serve_forever(poll_interval=0.01)

    def close(self) -> None:
        """Let the port go."""
        self._http.server_close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self.close()


class ChatHandler(BaseHTTPRequestHandler):
    """One connection to a `ChatServer`."""

    protocol_version = "HTTP/1.1"
    chat: ClassVar[ChatServer]

    def do_GET(self) -> None:
        """List the models."""
        if self.path != MODELS:
            self.give(404, fault(f"there is no {self.path}; ask {MODELS} or {COMPLETIONS}"))
            return
        listed = [{"id": name, "object": "model", "owned_by": "nobody"} for name in self.chat.models]
        self.give(200, json.dumps({"object": "list", "data": listed}).encode())

    def do_POST(self) -> None:
        """Answer a chat completion, whole or as a stream of events."""
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > _LONGEST_REQUEST:
            self.close_connection = True
            self.give(413, fault(f"a request says its length, at most {_LONGEST_REQUEST} bytes"))
            return
        raw = self.rfile.read(int(length))
        if self.path != COMPLETIONS:
            self.give(404, fault(f"there is no {self.path}; ask {COMPLETIONS}"))
            return
        request = _request(raw)
        if request is None:
            self.give(400, fault("a request is a JSON object with a model and messages"))
            return
        self.answer(request, self.chat.reply(request, dict(self.headers)))

    def answer(self, request: Document, reply: Reply) -> None:
        """Send a reply in the form that was asked for."""
        if reply.body is not None or reply.status != 200:
            self.give(reply.status, reply.body if reply.body is not None else fault("scripted"))
        elif request.get("stream"):
            self.give(200, events(reply, request, self.chat.fingerprint), "text/event-stream")
        else:
            self.give(200, json.dumps(completion(reply, request, self.chat.fingerprint)).encode())

    def give(self, status: int, body: bytes, kind: str = "application/json") -> None:
        """Send a response."""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: a request holds a brief."""


def fault(message: str) -> bytes:
    """Return the body of an error, as the protocol has it."""
    return json.dumps({"error": {"message": message}}).encode()


def completion(reply: Reply, request: Document, fingerprint: str = "") -> Document:
    """Return a whole answer as a chat completion."""
    message: Document = {"role": "assistant", "content": reply.text}
    if reply.refusal is not None:
        message["refusal"] = reply.refusal
    if reply.calls:
        message["tool_calls"] = _tool_calls(reply, request)
    choice = {"index": 0, "message": message, "finish_reason": _finish(reply)}
    return {**_head("chat.completion", request, fingerprint), "choices": [choice], "usage": _usage(reply)}


def events(reply: Reply, request: Document, fingerprint: str = "") -> bytes:
    """Return an answer as the events of a stream: text in one piece, the arguments of a tool call in two."""
    deltas: list[Document] = [{"role": "assistant", "content": reply.text}]
    if reply.refusal is not None:
        deltas[0]["refusal"] = reply.refusal
    for at, call in enumerate(_tool_calls(reply, request)):
        text = call["function"]["arguments"]
        half = len(text) // 2
        opening = {**call, "index": at, "function": {**call["function"], "arguments": text[:half]}}
        deltas += [{"tool_calls": [opening]}]
        deltas += [{"tool_calls": [{"index": at, "function": {"arguments": text[half:]}}]}]
    base = _head("chat.completion.chunk", request, fingerprint)
    chunks = [{**base, "choices": [{"index": 0, "delta": d, "finish_reason": None}]} for d in deltas]
    chunks.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": _finish(reply)}]})
    if request.get("stream_options", {}).get("include_usage"):
        chunks.append({**base, "choices": [], "usage": _usage(reply)})
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()


def _request(raw: bytes) -> Document | None:
    try:
        request = json.loads(raw)
    except ValueError:
        return None
    fits = isinstance(request, dict) and isinstance(request.get("messages"), list) and "model" in request
    return request if fits else None


def _head(kind: str, request: Document, fingerprint: str) -> Document:
    head = {"id": "chatcmpl-1", "object": kind, "created": 0, "model": request["model"]}
    return {**head, "system_fingerprint": fingerprint} if fingerprint else head


def _finish(reply: Reply) -> str:
    return reply.finish or ("tool_calls" if reply.calls else "stop")


def _usage(reply: Reply) -> dict[str, int]:
    sent, received = reply.usage
    return {"prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received}


def _tool_calls(reply: Reply, request: Document) -> list[Document]:
    turn = sum(message.get("role") == "assistant" for message in request["messages"]) + 1
    calls = []
    for at, call in enumerate(reply.calls):
        args = call.args if isinstance(call.args, str) else json.dumps(call.args)
        function = {"name": call.name, "arguments": args}
        calls.append({"id": f"call_{turn}_{at}", "type": "function", "function": function})
    return calls
