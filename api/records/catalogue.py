"""What a workspace may offer and say: actions, offers, products, documents, imports."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from store.tables import ActionRow, Document, ImportRun, Offer


def documents_of(session: Session, workspace_id: str) -> Sequence[Document]:
    """Return the documents of a workspace by id."""
    query = select(Document).where(Document.workspace_id == workspace_id)
    return session.exec(query.order_by(col(Document.document_id))).all()


def actions_of(session: Session, workspace_id: str) -> Sequence[ActionRow]:
    """Return what may be done for a person, by id."""
    query = select(ActionRow).where(ActionRow.workspace_id == workspace_id)
    return session.exec(query.order_by(col(ActionRow.action_id))).all()


def offers_of(session: Session, workspace_id: str) -> Sequence[Offer]:
    """Return the offers of a workspace by id."""
    query = select(Offer).where(Offer.workspace_id == workspace_id)
    return session.exec(query.order_by(col(Offer.offer_id))).all()


def imports_of(session: Session, workspace_id: str) -> Sequence[ImportRun]:
    """Return every file read in, the oldest first."""
    query = select(ImportRun).where(ImportRun.workspace_id == workspace_id)
    return session.exec(query.order_by(col(ImportRun.import_id))).all()
