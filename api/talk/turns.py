"""One turn of a conversation: what it is taken for, and what comes of it: a thread, or a reply."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial

from agents.comments.asks import PREFIX, is_yes_or_no
from agents.conversation.changes import FieldChange, changes_between
from agents.conversation.hearing import hear
from agents.conversation.merging import WORDS, Merged
from agents.conversation.standing import Spoken, Standing
from agents.conversation.wording import message
from agents.planner.brief import Brief
from agents.planner.reading import read_brief
from agents.refusals import ThreadWaitsError
from agents.state import ProposeState
from agents.thread_talking import TurnSaid, Version, begin_change, begin_undo, version_before
from agents.threads import Started
from api.conversing import Event, Json, Place, Said, new_conversation, require_text, run
from api.http.signing_in import Caller
from api.talk.replies import reply_to, replying
from api.talk.standing import see_conversation
from api.talk.telling import Turn, language_for, understood
from policies.authority import Action
from policies.errors import NotAuthorisedError
from policies.refusals import Refusal
from store.repositories.agent_work import add_turn
from store.tables import Campaign
from store.threads import in_thread


async def talk(caller: Caller, said: Said) -> AsyncIterator[Event]:
    """Take a turn and return what is told of it; whatever refuses it is raised before anything is told.

    InvalidInputError for words that are none, too many or hold an address; NotAuthorisedError for somebody else's
    conversation; ConflictError for a campaign that is being worked on or is past review.
    """
    require_text(said.text)
    async with caller.refusals_of(said.campaign_id or said.conversation_id or ""):
        seen = await in_thread(see_conversation, caller, said)
    heard = await in_thread(hear, said.text, seen.standing, seen.by, campaign_id=said.campaign_id)
    turn = Turn(caller, said, seen, heard)
    whole = await in_thread(_whole_brief, turn)
    if whole is not None:
        return await _anew(turn, whole)
    if seen.foreign and heard.kind != "brief":
        raise NotAuthorisedError(
            "only the author of a brief talks it over, so that others can still approve; say the whole campaign anew",
            value=said.campaign_id,
        )
    if heard.kind == "brief":
        return await _begin(turn)
    campaign = seen.campaign(heard.campaign)
    if campaign is not None and heard.campaign is not None:
        if heard.kind == "undo":
            return await _undo(turn, campaign, heard.campaign)
        answers = _answers(turn, heard.campaign)
        if answers and (waiting := await _interrupt(turn, campaign)) is not None:
            return await _answer(turn, campaign, heard.campaign, answers, waiting)
        if heard.kind in ("change", "answer") and heard.merged is not None:
            return await _change(turn, campaign, heard.campaign, heard.merged)
    return await reply_to(caller, said, seen, heard)


async def _begin(turn: Turn) -> AsyncIterator[Event]:
    """A campaign of its own."""
    caller = turn.caller
    caller.require(Action.CREATE_CAMPAIGN)
    conversation_id = await _conversation(turn, turn.seen.conversation_id)
    return _started(turn, Place(conversation_id, None), turn.words, understood(turn, conversation_id, None))


async def _anew(turn: Turn, whole: Brief) -> AsyncIterator[Event]:
    """A campaign that is named, said anew as a whole."""
    caller = turn.caller
    campaign = turn.seen.campaigns[turn.said.campaign_id or ""]
    caller.require_for(Action.EDIT_CAMPAIGN, campaign)
    _require_idle(turn, campaign)
    spoken = turn.seen.standing.campaign(campaign.campaign_id)
    changes = changes_between(spoken.record, whole, text=turn.said.text) if spoken is not None else ()
    conversation_id = await _conversation(turn, campaign.conversation_id or turn.seen.conversation_id)
    place = Place(conversation_id, campaign.campaign_id)
    told = understood(turn, place.conversation_id, campaign.campaign_id, changes, heard="brief")
    return _started(turn, place, turn.said.text, told)


async def _conversation(turn: Turn, known: str | None) -> str:
    caller = turn.caller
    if known is not None:
        return known
    return await in_thread(new_conversation, caller.app, caller.workspace_id, caller.person.user_id)


def _started(turn: Turn, place: Place, text: str, understood: Json) -> AsyncIterator[Event]:
    app = turn.caller.app

    async def work() -> Started:
        return await app.threads.start(
            workspace_id=turn.caller.workspace_id,
            author_id=turn.caller.person.user_id,
            text=text,
            conversation_id=place.conversation_id,
            campaign_id=place.campaign_id,
        )

    return run(app, place, work, place.campaign_id, understood)


async def _change(turn: Turn, campaign: Campaign, spoken: Spoken, merged: Merged) -> AsyncIterator[Event]:
    """The record as the turn changed it, in a thread of its own."""
    changes = changes_between(
        spoken.record, merged.record, text=turn.words, offset=len(spoken.text) + 1, sources=merged.taken
    )
    if not changes and not merged.refusals:
        return await replying(
            turn.caller, turn.seen, turn.said.text, turn.heard, _message(turn, "nothing_changed")
        )
    return await _changed(turn, campaign, turn.words, merged.record, changes, merged.refusals)


async def _changed(
    turn: Turn,
    campaign: Campaign,
    words: str,
    record: Brief,
    changes: Sequence[FieldChange],
    refusals: Sequence[Refusal],
    after: Version | None = None,
) -> AsyncIterator[Event]:
    told = understood(turn, campaign.conversation_id or "", campaign.campaign_id, changes, refusals)
    begun = partial(begin_change, words=words, record=record, after=after)
    return await _talked_over(turn, campaign, begun, told)


def _message(turn: Turn, key: str) -> str:
    return message(key, language_for(turn.said.text, turn.heard))


async def _undo(turn: Turn, campaign: Campaign, spoken: Spoken) -> AsyncIterator[Event]:
    """The campaign as it was so many turns before; what the turn says after that is a change of it."""

    def before() -> tuple[Version, Brief] | None:
        with turn.caller.app.database.read() as session:
            version, _ = version_before(session, campaign, turn.heard.levels)
            return None if version is None else (version, version.record(turn.seen.by))

    found = await in_thread(before)
    if found is None:
        return await replying(
            turn.caller, turn.seen, turn.said.text, turn.heard, _message(turn, "nothing_to_undo")
        )
    version, record = found
    if turn.heard.then is not None:
        words = turn.said.text[turn.heard.then :]
        past = spoken._replace(text=version.brief.text, record=record)
        again = await in_thread(hear, words, Standing((past,), past.campaign_id), turn.seen.by)
        if again.merged is not None and again.merged.stated:
            own = words[again.start :]
            offset = len(past.text) + 1
            changes = changes_between(
                spoken.record, again.merged.record, text=own, offset=offset, sources=again.merged.taken
            )
            return await _changed(
                turn, campaign, own, again.merged.record, changes, again.merged.refusals, version
            )
    changes = changes_between(spoken.record, record)
    told = understood(turn, campaign.conversation_id or "", campaign.campaign_id, changes)
    return await _talked_over(turn, campaign, partial(begin_undo, to=version), told)


async def _talked_over(
    turn: Turn, campaign: Campaign, begin: partial[ProposeState], understood: Json
) -> AsyncIterator[Event]:
    """Begin a thread in place of the campaign's present one, and run it."""
    caller = turn.caller
    caller.require_for(Action.EDIT_CAMPAIGN, campaign)
    _require_idle(turn, campaign)
    kept = TurnSaid(turn.said.text, turn.heard.kind, {"changes": understood["changes"]})
    async with caller.refusals_of(campaign.campaign_id):
        state = await in_thread(
            begin,
            caller.app.bench,
            workspace_id=caller.workspace_id,
            user_id=caller.person.user_id,
            campaign_id=campaign.campaign_id,
            thread_id=campaign.thread_id,
            turn=kept,
        )

    async def work() -> Started:
        return await caller.app.threads.run_begun(state)

    place = Place(campaign.conversation_id or "", campaign.campaign_id)
    return run(caller.app, place, work, campaign.campaign_id, understood)


async def _answer(
    turn: Turn, campaign: Campaign, spoken: Spoken, answers: Mapping[str, str], interrupt_id: str
) -> AsyncIterator[Event]:
    """Words that answer what the thread waits with, given to its interrupt."""
    caller, merged = turn.caller, turn.heard.merged
    caller.require_for(Action.EDIT_CAMPAIGN, campaign)
    _require_idle(turn, campaign)
    assert campaign.thread_id is not None
    thread_id = campaign.thread_id
    changes = changes_between(spoken.record, merged.record, text=turn.words) if merged is not None else ()
    place = Place(campaign.conversation_id or "", campaign.campaign_id)
    told = understood(turn, place.conversation_id, campaign.campaign_id, changes, heard="answer")

    def keep() -> None:
        app = caller.app
        with app.database.write() as session:
            add_turn(
                session,
                turn_id=app.ids.new(),
                workspace_id=caller.workspace_id,
                conversation_id=place.conversation_id,
                speaker="person",
                text=turn.said.text,
                at=app.clock.now(session),
                heard="answer",
                campaign_id=campaign.campaign_id,
                detail={"changes": told["changes"]},
            )

    async def work() -> Started:
        await in_thread(keep)
        return await caller.app.threads.answer(
            workspace_id=caller.workspace_id,
            user_id=caller.person.user_id,
            thread_id=thread_id,
            interrupt_id=interrupt_id,
            answers=answers,
        )

    return run(caller.app, place, work, campaign.campaign_id, told)


def _answers(turn: Turn, spoken: Spoken) -> dict[str, str]:
    """The answers that a turn gives by field: to an approver's asks one by one, to all others in plain words."""
    merged = turn.heard.merged
    if not spoken.asks or turn.heard.kind not in ("answer", "other") or merged is None:
        return {}
    asked = [question.field for question in spoken.record.questions if question.field.startswith(PREFIX)]
    plainly = is_yes_or_no(turn.words)
    answers = {field: turn.words for field in asked if plainly or _states(merged, field)}
    return answers | ({WORDS: turn.words} if merged.stated else {})


def _states(merged: Merged, field: str) -> bool:
    name = field.removeprefix(PREFIX)
    wanted = {"dates": {"start", "end"}, "holdout": {"constraints.holdout"}}.get(name, {name})
    return bool(wanted & merged.stated)


async def _interrupt(turn: Turn, campaign: Campaign) -> str | None:
    """The interrupt that a campaign waits with for its marketer, if it does."""
    if campaign.thread_id is None:
        return None
    async with turn.caller.refusals_of(campaign.thread_id):
        waiting = await turn.caller.app.threads.waiting(campaign.thread_id)
    asks = (
        waiting is not None and isinstance(waiting.value, Mapping) and waiting.value.get("kind") == "clarify"
    )
    return waiting.id if waiting is not None and asks else None


def _whole_brief(turn: Turn) -> Brief | None:
    """What a turn says of the campaign it is sent for, where it says that as a whole."""
    if turn.said.campaign_id is None or turn.heard.kind not in ("brief", "change", "answer"):
        return None
    by = turn.seen.by
    record = read_brief(turn.said.text, today=by.today, home_currency=by.currency, policy=by.policy)
    whole = record.objective is not None and record.audience is not None and record.budget is not None
    return record if whole or turn.heard.kind == "brief" else None


def _require_idle(turn: Turn, campaign: Campaign) -> None:
    if campaign.campaign_id in turn.caller.app.busy:
        raise ThreadWaitsError(
            f"campaign {campaign.campaign_id} is being worked on; wait until it stops",
            value=campaign.campaign_id,
        )
