"""One memory a workspace, made on first use and filled from the documents that SQL holds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from api.records.catalogue import documents_of
from policies.policy_change import KIND as POLICY_CHANGE
from policies.policy_change import ApproveClaim, read_change
from store.database import Database
from store.embedding import MiniLMEmbedder
from store.memory import ChromaMemory, Memory, MemoryDocument
from store.tables import Approval, Document, Proposal


class Memories:
    """Gives each workspace its memory; the index is rebuilt where it holds nothing and SQL does."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._embedder = MiniLMEmbedder()
        self._lock = threading.Lock()
        self._open: dict[str, ChromaMemory] = {}

    def of(self, workspace_id: str) -> Memory:
        """Return the memory of a workspace."""
        with self._lock:
            found = self._open.get(workspace_id)
            if found is None:
                found = self._open[workspace_id] = ChromaMemory(self._folder, workspace_id, self._embedder)
                self._fill(workspace_id, found)
            return found

    def close(self) -> None:
        """Let go of the folder."""
        with self._lock:
            for memory in self._open.values():
                memory.close()
            self._open.clear()

    def _fill(self, workspace_id: str, memory: ChromaMemory) -> None:
        with self._database.read() as session:
            documents = [_document(row) for row in documents_of(session, workspace_id)]
        if documents and not memory.query(documents[0].text, limit=1):
            memory.rebuild(documents)


def learn_claim(database: Database, memory_of: Callable[[str], Memory], approval_id: str) -> None:
    """Put a claim whose approval took effect into its workspace's memory; any other change is none of its business."""
    with database.read() as session:
        approval = session.get_one(Approval, approval_id)
        proposal = session.get_one(Proposal, approval.proposal_id)
        change = read_change(proposal.canonical_json).change if proposal.kind == POLICY_CHANGE else None
        if not isinstance(change, ApproveClaim):
            return
        row = session.get_one(Document, (approval.workspace_id, change.document_id))
    memory_of(approval.workspace_id).upsert([_document(row)])


def _document(row: Document) -> MemoryDocument:
    return MemoryDocument(
        doc_id=row.document_id,
        kind=row.kind,
        text=row.text,
        metadata={"title": row.title, "version": row.version},
    )
