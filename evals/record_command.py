"""`countersign evals record | stub`: keep a served model's answers, and serve the stub. Importing this loads nothing heavy."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

STUB = "stub"


def record(
    folder: Annotated[Path, typer.Argument(help="Where the recording is kept, in place of what is there.")],
    suites: Annotated[list[str] | None, typer.Argument(help="All of the tier without any.")] = None,
    model: Annotated[str, typer.Option(help="openai:NAME, or stub: served for this recording alone.")] = STUB,
    base_url: Annotated[str, typer.Option(help="Where openai:NAME is served, ending in /v1.")] = "",
    api_key: Annotated[
        str, typer.Option(envvar="COUNTERSIGN_MODEL_API_KEY", help="The server's key.")
    ] = "none",
    tier: Annotated[str, typer.Option(help="cassette or live: which cases.")] = "cassette",
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Run the cases of a tier once against a server and keep its answers, to be replayed with --model replay:FOLDER."""
    from evals.harness.errors import CaseFileError
    from evals.harness.suite import SERVED
    from evals.models.stub import STUB_MODEL, StubServer
    from evals.recording import ANSWERS_FILE, read_recording
    from evals.recording import record as keep
    from evals.running import Chosen, meta_of

    if tier not in SERVED:
        raise CaseFileError(f"the tier {tier!r} asks no served model; say {' or '.join(SERVED)}", value=tier)

    def recorded(words: str, address: str) -> None:
        chosen = Chosen(words, address, api_key)
        meta = meta_of(chosen, tier, seed)  # type: ignore[arg-type]  # one of SERVED
        asyncio.run(keep(suites or [], chosen.provider(), meta, folder))

    if model == STUB:
        with StubServer() as server:
            recorded(f"openai:{STUB_MODEL}", server.base_url)
    elif model.startswith("openai:"):
        recorded(model, base_url)
    else:
        raise CaseFileError(f"{model!r} is served nowhere; say stub or openai:NAME", value=model)
    head, tape = read_recording(folder)
    typer.echo(
        f"{sum(head.cases.values())} cases, {head.answers} answers of {head.model}, "
        f"{(tape.stat().st_size + 1023) // 1024} kB in {tape.parent / ANSWERS_FILE}"
    )
    if head.note:
        typer.echo(head.note)


def stub(port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8700) -> None:
    """Serve the stub on loopback until it is interrupted: OpenAI's protocol, answered by the embedded rules."""
    from evals.harness.errors import EvalsError
    from evals.models.stub import STUB_MODEL, STUB_NOTE, StubServer

    try:
        server = StubServer(port)
    except OSError as error:
        raise EvalsError(
            f"port {port} cannot be taken: {error.strerror}; name another", value=port
        ) from error
    typer.echo(f"{STUB_MODEL} at {server.base_url}: {STUB_NOTE}")
    try:
        server.serve()
    except KeyboardInterrupt:
        typer.echo("stopped")
    finally:
        server.close()
