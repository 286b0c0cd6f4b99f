"""The demonstration, played: prepare, chat, countersign, launch into the replayed world, read out."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.prompt import Prompt

from api.cli.chatting import Outcome, converse
from api.cli.client import Client, demo_keys, in_process
from api.cli.show.approval import show_approval
from api.cli.show.lists import show_outcome, show_resolved, show_verification
from api.cli.show.marks import section
from api.cli.show.progress import Watcher
from api.cli.show.readout import show_readout
from api.demo.hillstrom import APPROVER, MARKETER, DemoHome, prepare
from api.demo.journey import Journey
from api.settings import read_settings
from api.wiring import Watching, open_app
from policies.errors import CountersignError
from store.home_settings import HomeExistsError
from store.threads import in_thread

ANSWERS = {"a": "approve", "c": "request_changes", "r": "reject"}
_MOST_HOMES = 100
Json = dict[str, Any]


class DemoStoppedError(CountersignError):
    """The demonstration came to no proposal."""

    code = "demo_stopped"


class DemoRun:
    """One demonstration in a new home; `out` None shows nothing."""

    def __init__(self, home: Path, seed: int, objective: str | None, out: Console | None) -> None:
        self._path = home
        self._seed = seed
        self._objective = objective
        self._quiet = out is None
        self._out = out or Console(file=io.StringIO())

    async def play(self, *, attended: bool) -> Json:
        """Play it to the end and return what came of it; attended, the person at the terminal countersigns."""
        began = time.perf_counter()
        section(self._out, "Prepare")
        demo = await in_thread(prepare, self._path, seed=self._seed, on_progress=self._step)
        journey = Journey(None if self._quiet else self._out)
        async with open_app(demo.made.home, read_settings(), watching=Watching(work=journey.tell)) as app:
            journey.clock, journey.database = app.clock, app.database
            keys = demo_keys(demo.made.home)
            async with in_process(app, keys[MARKETER]) as marketer:
                result = await self._campaign(
                    demo, marketer, marketer.as_user(keys[APPROVER]), journey, attended
                )
        result["home"] = str(demo.made.home.path)
        result["seconds"] = round(time.perf_counter() - began, 1)
        self._goodbye(result)
        return result

    async def _campaign(
        self, demo: DemoHome, marketer: Client, approver: Client, journey: Journey, attended: bool
    ) -> Json:
        proposed = await self._chat(demo, marketer, attended)
        approval = await approver.get(f"/v1/approvals/{proposed['approval_id']}")
        section(self._out, "The proposal, as the approver sees it")
        show_approval(self._out, approval)
        resolved = await self._countersign(approver, approval, attended)
        result: Json = {
            "campaign_id": proposed["campaign_id"],
            "approval_id": proposed["approval_id"],
            "digest": approval["digest"],
            "answer": resolved["answer"],
        }
        if resolved["status"] == "approved":
            section(self._out, "Launch  [dim]outcomes of 2008, replayed[/]")
            with journey.to_the_end(int(approval["content"]["envelope"]["batches"]["value"])):
                await marketer.settle()
            result["readout"] = await marketer.get(f"/v1/campaigns/{proposed['campaign_id']}/readout")
            section(self._out, "Readout")
            show_readout(self._out, result["readout"])
        else:
            await marketer.settle()
        section(self._out, "Audit")
        result["audit"] = await approver.get("/v1/audit/verify")
        show_verification(self._out, result["audit"])
        if (result.get("readout") or {}).get("has_report"):
            result["report"] = str(demo.made.home.reports_dir / f"{proposed['campaign_id']}.html")
        return result

    async def _chat(self, demo: DemoHome, marketer: Client, attended: bool) -> Json:
        text = self._objective or demo.brief
        section(self._out, f"{MARKETER} says")
        self._out.print(f"  [italic]{escape(text)}[/]\n")
        with Watcher(None if self._quiet else self._out) as watching:
            name, data = await self._converse(marketer, text, watching, attended)
        if name != "proposal":
            show_outcome(self._out, name, data)
            raise DemoStoppedError(
                f"the objective led to no proposal ({name}); say more in --objective", value=text
            )
        return data

    async def _converse(self, marketer: Client, text: str, watching: Watcher, attended: bool) -> Outcome:
        return await converse(marketer, {"text": text}, {}, watching, asking=attended)

    async def _countersign(self, approver: Client, approval: Json, attended: bool) -> Json:
        section(self._out, "Countersign")
        answer, comment = ("approve", "Answered by the demonstration's made-up approver.")
        if attended:
            chosen = Prompt.ask(
                f"You are {APPROVER}, campaign manager. Approve (a), ask for changes (c) or reject (r)?",
                choices=list(ANSWERS),
                console=self._out,
            )
            answer = ANSWERS[chosen]
            comment = self._comment(needed=answer != "approve")
        body = {"answer": answer, "digest": approval["digest"], "comment": comment}
        resolved: Json = await approver.post(f"/v1/approvals/{approval['approval_id']}/resolve", body)
        self._out.print(f"  {APPROVER} answers for digest {approval['digest'][:12]}.")
        show_resolved(self._out, resolved)
        return resolved

    def _comment(self, *, needed: bool) -> str:
        comment = ""
        while not comment:
            comment = Prompt.ask(
                "Say why" if needed else "Comment", console=self._out, default="", show_default=False
            ).strip()
            if not needed:
                break
        return comment

    def _step(self, words: str) -> None:
        self._out.print(f"  {escape(words)}")

    def _goodbye(self, result: Json) -> None:
        section(self._out, "Done")
        if "report" in result:
            self._out.print(f"  Report: {result['report']}", soft_wrap=True)
        self._out.print(f"  The whole run took {result['seconds']} s.")
        self._out.print(f"  Open the home: countersign --home {result['home']} serve", soft_wrap=True)
        self._out.print(
            f"  Ask it something: countersign --home {result['home']} --as {APPROVER} campaigns list",
            soft_wrap=True,
        )


def free_home(wanted: Path) -> Path:
    """Return `wanted`, or with something there already the first free one numbered after it."""
    for path in (wanted, *(wanted.with_name(f"{wanted.name}-{n}") for n in range(2, _MOST_HOMES))):
        if not path.exists() or (path.is_dir() and not any(path.iterdir())):
            return path
    raise HomeExistsError(f"{wanted} and {_MOST_HOMES} after it are taken; give --home", value=wanted)
