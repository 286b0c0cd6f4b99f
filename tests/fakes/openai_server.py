"""A scripted server that speaks OpenAI's chat completions on loopback: plain and streamed, tools and usage.

It can also be hostile: slow, dripping, dropping, endless, huge, refusing.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Call:
    """A tool call in a reply; `args` as text is sent as it is, so it may be broken JSON."""

    name: str
    args: dict[str, Any] | str


@dataclass(frozen=True)
class Reply:
    """One scripted answer: tool calls, text, or something worse.

    `drop_after` cuts the connection after so many bytes of the body; `drip_s` sends it a byte at a time, so many seconds
    apart; `endless` never comes to the end of a streamed answer.
    """

    calls: Sequence[Call] = ()
    text: str | None = None
    status: int = 200
    body: bytes | None = None
    delay_s: float = 0.0
    usage: tuple[int, int] = (11, 7)
    refusal: str | None = None
    finish: str | None = None
    headers: Sequence[tuple[str, str]] = ()
    drop_after: int | None = None
    drip_s: float = 0.0
    endless: bool = False


_PLAIN = Reply()
Script = Sequence[Reply] | Callable[[dict[str, Any]], Reply]


@dataclass
class OpenAIServer:
    """Answers requests from a script in turn, or by a function of the request; records every request."""

    script: Script
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(self, request: dict[str, Any], headers: dict[str, str]) -> tuple[int, Reply]:
        """The number of this request, from 1, and its reply; past the end of the script HTTP 599."""
        with self._lock:
            self.requests.append(request)
            self.headers.append(headers)
            turn = len(self.requests)
            if callable(self.script):
                return turn, self.script(request)
            return turn, self.script[turn - 1] if turn <= len(self.script) else Reply(status=599)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def wait(self, seconds: float) -> None:
        self._stopping.wait(seconds)


@contextmanager
def serving(*script: Reply) -> Iterator[OpenAIServer]:
    """A running server with these replies."""
    with OpenAIServer(script) as server:
        yield server


def _handler_for(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path != "/v1/chat/completions":
                self._send(404, b'{"error": {"message": "no such path"}}', "application/json")
                return
            turn, reply = server.answer(request, dict(self.headers))
            server.wait(reply.delay_s)
            if reply.body is not None or reply.status != 200:
                body = reply.body if reply.body is not None else b'{"error": {"message": "scripted"}}'
                self._send(reply.status, body, "application/json", reply)
            elif request.get("stream"):
                self._send(200, _events(reply, request, turn), "text/event-stream", reply)
            else:
                body = json.dumps(_completion(reply, request["model"], turn)).encode()
                self._send(200, body, "application/json", reply)

        def _send(self, status: int, body: bytes, kind: str, reply: Reply = _PLAIN) -> None:
            try:
                self.send_response(status)
                self.send_header("content-type", kind)
                for name, value in reply.headers:
                    self.send_header(name, value)
                if reply.endless:
                    self.send_header("connection", "close")
                else:
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                self._write(body, reply)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client gave up, as a test of time-outs wants

        def _write(self, body: bytes, reply: Reply) -> None:
            if reply.drop_after is not None:
                self.wfile.write(body[: reply.drop_after])
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if reply.drip_s:
                for at in range(len(body)):
                    if server.stopping:
                        return
                    self.wfile.write(body[at : at + 1])
                    self.wfile.flush()
                    server.wait(reply.drip_s)
                return
            if reply.endless:
                first, rest = body.split(b"\n\n", 1)[0] + b"\n\n", body.split(b"\n\n", 2)[1] + b"\n\n"
                self.wfile.write(first)
                while not server.stopping:
                    self.wfile.write(rest * 50)
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests read requests from the server, not from its log."""

    return Handler


def _usage(reply: Reply) -> dict[str, int]:
    sent, received = reply.usage
    return {"prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received}


def _tool_calls(reply: Reply, turn: int) -> list[dict[str, Any]]:
    calls = []
    for at, call in enumerate(reply.calls):
        args = call.args if isinstance(call.args, str) else json.dumps(call.args)
        function = {"name": call.name, "arguments": args}
        calls.append({"id": f"call_{turn}_{at}", "type": "function", "function": function})
    return calls


def _completion(reply: Reply, model: str, turn: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.refusal is not None:
        message["refusal"] = reply.refusal
    if reply.calls:
        message["tool_calls"] = _tool_calls(reply, turn)
    finish = reply.finish or ("tool_calls" if reply.calls else "stop")
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [choice],
        "usage": _usage(reply),
    }


def _events(reply: Reply, request: dict[str, Any], turn: int) -> bytes:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": reply.text}]
    for at, call in enumerate(_tool_calls(reply, turn)):
        text = call["function"]["arguments"]
        half = len(text) // 2
        opening = {**call, "index": at, "function": {**call["function"], "arguments": text[:half]}}
        deltas += [{"tool_calls": [opening]}]
        deltas += [{"tool_calls": [{"index": at, "function": {"arguments": text[half:]}}]}]
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": request["model"]}
    chunks = [{**base, "choices": [{"index": 0, "delta": d, "finish_reason": None}]} for d in deltas]
    end = reply.finish or ("tool_calls" if reply.calls else "stop")
    chunks.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": end}]})
    if request.get("stream_options", {}).get("include_usage"):
        chunks.append({**base, "choices": [], "usage": _usage(reply)})
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()
