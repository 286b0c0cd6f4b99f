"""Turns that nothing runs for: questions, results, memory, and whatever was not understood, answered honestly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from pydantic import JsonValue

from agents.conversation.explaining import explain
from agents.conversation.hearing import Heard
from agents.conversation.remembering import facts_in
from agents.conversation.replying import Reply, quoted
from agents.conversation.wording import message, refusals_said
from api.conversing import Event, Json, Said, new_conversation, questions_of
from api.http.signing_in import Caller
from api.talk.knowing import known_of, result_of
from api.talk.memory import RememberedView, accepted_of, forgotten_facts, listed, offer_facts
from api.talk.standing import Seen
from api.talk.telling import language_for
from api.views.numbers import sourced
from policies.figures import Figure
from store.repositories.agent_work import add_turn
from store.threads import in_thread

_BEGINS = 60


async def reply_to(caller: Caller, said: Said, seen: Seen, heard: Heard) -> AsyncIterator[Event]:
    """Answer a turn that changes no campaign, in the language of the turn or of the campaign that it is about."""
    language = language_for(said.text, heard)
    if heard.kind in ("remember", "accept", "recall", "forget"):
        conversation_id = await _conversation(caller, seen)
        seen = seen._replace(conversation_id=conversation_id)
        words, kept = await in_thread(
            _memory, caller, said.text[heard.start :], seen, heard, conversation_id, language
        )
        shown: list[JsonValue] = [each.model_dump(mode="json") for each in kept]
        return await replying(caller, seen, said.text, heard, words, {"remembered": shown})
    reply = await in_thread(_reply, caller, said.text, seen, heard, language)
    extra: Json = {}
    if heard.merged is not None and heard.merged.refusals:
        text = said.text[heard.start :]
        extra["refusals"] = [
            {**refusal.model_dump(mode="json"), "words": text[slice(*refusal.span)]}
            for refusal in heard.merged.refusals
        ]
        extra["notice"] = refusals_said(
            [(refusal, text[slice(*refusal.span)]) for refusal in heard.merged.refusals], language
        )
    if heard.kind == "other" and heard.campaign is not None:
        extra |= await _questions(caller, seen, heard)
        if extra.get("interrupt_id"):
            reply = Reply(message("asks", language))
    return await replying(caller, seen, said.text, heard, reply, extra)


async def replying(
    caller: Caller,
    seen: Seen,
    text: str,
    heard: Heard,
    reply: Reply | str,
    extra: Mapping[str, JsonValue] = {},
) -> AsyncIterator[Event]:
    """Keep a turn with its reply, and return the events that tell it; UnsourcedNumberError for an invented number."""
    conversation_id = await _conversation(caller, seen)
    whole = Reply(reply) if isinstance(reply, str) else reply
    words, cited = whole.spoken(), whole.cited()
    campaign_id = heard.campaign.campaign_id if heard.campaign is not None else None
    await in_thread(_keep, caller, conversation_id, campaign_id, text, heard.kind, words, cited)
    place: Json = {"conversation_id": conversation_id, "campaign_id": campaign_id}
    figures: Json = {name: sourced(figure).model_dump(mode="json") for name, figure in cited.items()}
    told: Json = {"heard": heard.kind, "text": words, "figures": figures}
    return _events(
        Event("started", place),
        Event(
            "understood", {**place, "heard": heard.kind, "changes": [], "refusals": extra.get("refusals", [])}
        ),
        Event("reply", {**place, **told, **extra}),
    )


async def _events(*events: Event) -> AsyncIterator[Event]:
    for event in events:
        yield event


async def _conversation(caller: Caller, seen: Seen) -> str:
    if seen.conversation_id is not None:
        return seen.conversation_id
    return await in_thread(new_conversation, caller.app, caller.workspace_id, caller.person.user_id)


def _reply(caller: Caller, text: str, seen: Seen, heard: Heard, language: str) -> Reply:
    if heard.kind == "question":
        return _about_plan(caller, seen, heard, language)
    if heard.kind == "result":
        with caller.app.database.read() as session:
            return result_of(session, caller.workspace_id, text, seen.standing.current, language)
    if heard.kind == "which":
        return _which(seen, language)
    if heard.kind == "approval":
        return Reply(message("approval", language))
    if heard.kind == "refused":
        return Reply(message("refused", language))
    topics = {"greeting": "greeting", "new_campaign": "say_campaign"}
    if heard.topic == "addressed" and heard.campaign is not None:
        return Reply(message("addressed", language, campaign=heard.campaign.name.lower()))
    return Reply(message(topics.get(heard.topic, "not_understood"), language))


def _which(seen: Seen, language: str) -> Reply:
    """Name the campaigns there are by the beginnings of their briefs."""
    figures: dict[str, Figure] = {}
    for each in seen.standing.campaigns:
        begins = each.text if len(each.text) <= _BEGINS else f"{each.text[:_BEGINS]}…"
        figures |= quoted("brief", begins, kind="brief", path=each.campaign_id)
    named = "; ".join(f"“{{figure:{name}}}”" for name in figures)
    return Reply(message("which", language, named=named), figures)


def _about_plan(caller: Caller, seen: Seen, heard: Heard, language: str) -> Reply:
    campaign = seen.campaign(heard.campaign)
    if campaign is None or heard.campaign is None:
        if heard.topic == "help":
            return Reply(message("greeting", language))
        return Reply(f"{message('no_campaign', language)} {message('say_campaign', language)}")
    with caller.app.database.read() as session:
        return explain(heard.topic, known_of(session, campaign, heard.campaign), language)


async def _questions(caller: Caller, seen: Seen, heard: Heard) -> Json:
    """What the campaign waits for, or what the turn itself raises, such as a channel that there is not."""
    campaign = seen.campaign(heard.campaign)
    if campaign is not None and campaign.thread_id is not None:
        waiting = await questions_of(caller.app, campaign.thread_id)
        if waiting:
            return waiting
    if heard.merged is None or heard.campaign is None:
        return {}
    known = {question.field for question in heard.campaign.record.questions}
    new: list[JsonValue] = [
        question.model_dump(mode="json")
        for question in heard.merged.record.questions
        if question.field not in known and question.field.startswith("unsupported_channel:")
    ]
    return {"questions": new} if new else {}


def _memory(
    caller: Caller, words: str, seen: Seen, heard: Heard, conversation_id: str, language: str
) -> tuple[str, list[RememberedView]]:
    if heard.kind == "recall":
        kept = listed(caller)
        return message("recalled" if kept else "nothing_recalled", language), kept
    if heard.kind == "accept":
        kept = accepted_of(caller, conversation_id)
        return message("accepted" if kept else "nothing_accepted", language), kept
    noted = facts_in(words, seen.by)
    if heard.kind == "forget":
        gone = forgotten_facts(caller, [each.fact for each in noted])
        return message("forgotten" if gone else "nothing_forgotten", language), gone
    if not noted:
        return message("cannot_remember", language), []
    return message("offered", language), offer_facts(caller, noted, conversation_id)


def _keep(
    caller: Caller,
    conversation_id: str,
    campaign_id: str | None,
    text: str,
    heard: str,
    words: str,
    cited: Mapping[str, Figure],
) -> None:
    app = caller.app
    figures: Json = {name: figure.model_dump(mode="json") for name, figure in cited.items()}
    with app.database.write() as session:
        at = app.clock.now(session)
        for speaker, said, detail in (("person", text, None), ("countersign", words, {"figures": figures})):
            add_turn(
                session,
                turn_id=app.ids.new(at),
                workspace_id=caller.workspace_id,
                conversation_id=conversation_id,
                speaker=speaker,
                text=said,
                at=at,
                heard=heard,
                campaign_id=campaign_id,
                detail=detail,
            )
