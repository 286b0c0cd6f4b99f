"""The memory of a marketer: facts offered in conversation or typed in, accepted, changed and forgotten by their owner only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue

from agents.conversation.remembering import KINDS, Fact, Noted, facts_in
from api.http.signing_in import Caller
from api.talk.standing import reading_of
from api.views.numbers import View
from policies.errors import InvalidInputError
from policies.privacy import require_no_address
from store.repositories.remembered import accept, change, forget, get_remembered, offer, remembered_by
from store.tables import Remembered

LONGEST_WORDS = 300


class NotRememberableError(InvalidInputError):
    """The words hold nothing of the few kinds of facts that are kept."""

    code = "not_rememberable"


class RememberedView(View):
    """One thing that is kept, or offered to be kept, for a marketer."""

    remembered_id: str
    status: str
    kind: str
    fact: dict[str, JsonValue]
    words: str
    conversation_id: str | None
    offered_at: datetime
    accepted_at: datetime | None


def listed(caller: Caller) -> list[RememberedView]:
    """Return everything that is kept or offered for the caller."""
    with caller.app.database.read() as session:
        rows = remembered_by(session, caller.workspace_id, caller.person.user_id)
        return [_view(row) for row in rows]


def offer_facts(caller: Caller, noted: Sequence[Noted], conversation_id: str | None) -> list[RememberedView]:
    """Offer facts to their marketer; nothing counts before it is accepted."""
    app = caller.app
    with app.database.write() as session:
        at = app.clock.now(session)
        return [
            _view(
                offer(
                    session,
                    Remembered(
                        remembered_id=app.ids.new(),
                        workspace_id=caller.workspace_id,
                        user_id=caller.person.user_id,
                        conversation_id=conversation_id,
                        fact_key=_key(each.fact),
                        fact=each.fact.model_dump(mode="json"),
                        words=each.words[:LONGEST_WORDS],
                        offered_at=at,
                    ),
                )
            )
            for each in noted
        ]


def read_fact(caller: Caller, words: str) -> Noted:
    """Return the one fact that words say; NotRememberableError for none or several."""
    require_no_address("what is remembered", words)
    with caller.app.database.read() as session:
        by = reading_of(caller, session)
    found = facts_in(words, by)
    if len(found) != 1:
        raise NotRememberableError(
            f"say one thing that can be remembered ({KINDS}), such as “we never text”; {len(found)} were found",
            value=words[:80],
        )
    return found[0]


def accepted(caller: Caller, remembered_id: str) -> RememberedView:
    """Make an offer count for later briefs; NotFoundError for one that is not the caller's."""
    app = caller.app
    with app.database.write() as session:
        row = get_remembered(session, caller.workspace_id, caller.person.user_id, remembered_id)
        return _view(accept(session, row, app.clock.now(session)))


def accepted_of(caller: Caller, conversation_id: str) -> list[RememberedView]:
    """Accept everything that was offered in a conversation."""
    app = caller.app
    with app.database.write() as session:
        at = app.clock.now(session)
        rows = remembered_by(session, caller.workspace_id, caller.person.user_id)
        wanted = [row for row in rows if (row.conversation_id, row.status) == (conversation_id, "offered")]
        return [_view(accept(session, row, at)) for row in wanted]


def changed(caller: Caller, remembered_id: str, words: str) -> RememberedView:
    """Put what other words say in the place of a fact; it stays accepted, or offered, as it was."""
    noted = read_fact(caller, words)
    with caller.app.database.write() as session:
        row = get_remembered(session, caller.workspace_id, caller.person.user_id, remembered_id)
        fact = noted.fact.model_dump(mode="json")
        return _view(change(session, row, fact_key=_key(noted.fact), fact=fact, words=noted.words))


def forgotten(caller: Caller, remembered_id: str) -> None:
    """Remove a fact; NotFoundError for one that is not the caller's."""
    with caller.app.database.write() as session:
        forget(session, get_remembered(session, caller.workspace_id, caller.person.user_id, remembered_id))


def forgotten_facts(caller: Caller, facts: Sequence[Fact]) -> list[RememberedView]:
    """Remove what is kept under the keys of these facts, and return what that was."""
    keys = {_key(fact) for fact in facts}
    with caller.app.database.write() as session:
        rows = remembered_by(session, caller.workspace_id, caller.person.user_id)
        gone = [row for row in rows if row.fact_key in keys]
        views = [_view(row) for row in gone]
        for row in gone:
            forget(session, row)
        return views


def _key(fact: Fact) -> str:
    """What a fact is about; of the same key, the newer one counts."""
    return f"{fact.kind}:{fact.channel}" if fact.kind == "never_channel" else fact.kind


def _view(row: Remembered) -> RememberedView:
    return RememberedView(
        remembered_id=row.remembered_id,
        status=row.status,
        kind=str(row.fact["kind"]),
        fact=row.fact,
        words=row.words,
        conversation_id=row.conversation_id,
        offered_at=row.offered_at,
        accepted_at=row.accepted_at,
    )
