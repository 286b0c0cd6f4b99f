"""What agents may look up by meaning: an index over rows that SQL holds, so it can always be rebuilt.

Brand documents, approved claims, catalogue items and campaign learnings; never anything about a person. One process
owns the folder: a second one would not see the rows of the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

from policies.errors import CountersignError, InvalidInputError
from store.embedding import Embedder

if TYPE_CHECKING:
    from chromadb import Where
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

MetadataValue: TypeAlias = str | int | float | bool

_T = TypeVar("_T")
_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9._-]{1,510})[a-zA-Z0-9]")


class MemoryIndexError(CountersignError):
    """The index of the memory cannot be read or written; rebuilding it loses nothing."""

    code = "memory_index"


class MemoryDocument(BaseModel):
    """One text to be found by its meaning; `doc_id` is the id of its row in SQL."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    doc_id: str = Field(min_length=1, max_length=200)
    kind: str = Field(min_length=1, max_length=50)
    text: str = Field(min_length=1)
    metadata: Mapping[str, MetadataValue] = {}

    @field_validator("metadata")
    @classmethod
    def _kind_is_ours(cls, value: Mapping[str, MetadataValue]) -> Mapping[str, MetadataValue]:
        if "kind" in value:
            raise ValueError("metadata cannot hold 'kind', which is a field of its own")
        return value


class MemoryHit(BaseModel):
    """A document found; similarity is the cosine of the two vectors, in [-1, 1], 1 for the same text."""

    model_config = ConfigDict(frozen=True)

    document: MemoryDocument
    similarity: float


class Memory(Protocol):
    """The port: four verbs, and SQL is the truth behind them."""

    def upsert(self, documents: Iterable[MemoryDocument]) -> int:
        """Add or replace documents by id; how many."""

    def query(self, text: str, *, kinds: Sequence[str] = (), limit: int = 5) -> tuple[MemoryHit, ...]:
        """The documents nearest in meaning, nearest first, of the given kinds or of all."""

    def delete(self, doc_ids: Iterable[str]) -> None:
        """Forget documents; unknown ids are no error."""

    def rebuild(self, documents: Iterable[MemoryDocument]) -> int:
        """Replace the whole index by these documents; how many."""


class ChromaMemory:
    """The port on a Chroma folder: one collection per workspace and embedder, opened on first use.

    InvalidInputError when the workspace's id does not fit a collection's name.
    """

    def __init__(self, folder: Path, workspace_id: str, embedder: Embedder) -> None:
        self.collection_name = f"{workspace_id}.{embedder.id}"
        if not _NAME.fullmatch(self.collection_name):
            raise InvalidInputError(
                f"The workspace id {workspace_id!r} cannot name a collection: letters, digits, '.', '_' and '-' only.",
                value=workspace_id,
            )
        self._folder = folder
        self._embedder = embedder

    def upsert(self, documents: Iterable[MemoryDocument]) -> int:
        """Add or replace documents by id; how many. The last of two with one id wins."""
        wanted = list({document.doc_id: document for document in documents}.values())
        if wanted:
            self._write(wanted, self._embedder.embed([document.text for document in wanted]))
        return len(wanted)

    def query(self, text: str, *, kinds: Sequence[str] = (), limit: int = 5) -> tuple[MemoryHit, ...]:
        """The documents nearest in meaning, nearest first, of the given kinds or of all; limit 1 to 100."""
        if not 1 <= limit <= 100:
            raise InvalidInputError(f"limit is {limit}; ask for 1 to 100 documents.", value=limit)
        found = self._collection.query(
            query_embeddings=list(self._embedder.embed([text])),
            n_results=limit,
            where=_of_kinds(kinds),
            include=["documents", "metadatas", "distances"],
        )
        texts, metadatas, distances = found["documents"], found["metadatas"], found["distances"]
        if texts is None or metadatas is None or distances is None:
            raise MemoryIndexError(
                "The index answered without its texts; rebuild it.", value=self.collection_name
            )
        rows = zip(found["ids"][0], texts[0], metadatas[0], distances[0], strict=True)
        return tuple(_hit(doc_id, body, meta, distance) for doc_id, body, meta, distance in rows)

    def delete(self, doc_ids: Iterable[str]) -> None:
        """Forget documents; unknown ids are no error."""
        for some in _batches(list(doc_ids), self._batch_size):
            self._collection.delete(ids=some)

    def rebuild(self, documents: Iterable[MemoryDocument]) -> int:
        """Replace the whole index by these documents; how many.

        All vectors are made before the old index goes; a crash in between leaves less than SQL holds, and the next
        rebuild mends it.
        """
        wanted = list({document.doc_id: document for document in documents}.values())
        vectors = self._embedder.embed([document.text for document in wanted])
        # Open first, so that there is a collection to delete.
        self._client.delete_collection(self._collection.name)
        del self._collection
        self._write(wanted, vectors)
        return len(wanted)

    def close(self) -> None:
        """Let go of the folder; the next use opens it again."""
        if client := self.__dict__.pop("_client", None):
            client.close()
        self.__dict__.pop("_collection", None)

    def _write(self, documents: list[MemoryDocument], vectors: NDArray[np.float32]) -> None:
        pairs = list(zip(documents, vectors, strict=True))
        for some in _batches(pairs, self._batch_size):
            self._collection.upsert(
                ids=[document.doc_id for document, _ in some],
                embeddings=[vector for _, vector in some],
                documents=[document.text for document, _ in some],
                metadatas=[{**document.metadata, "kind": document.kind} for document, _ in some],
            )

    @property
    def _batch_size(self) -> int:
        return self._client.get_max_batch_size()

    @cached_property
    def _client(self) -> ClientAPI:
        import chromadb
        from chromadb.config import Settings

        self._folder.mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(self._folder, Settings(anonymized_telemetry=False))

    @cached_property
    def _collection(self) -> Collection:
        # Without an embedding function Chroma can never fetch a model of its own.
        return self._client.get_or_create_collection(
            self.collection_name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )


def _of_kinds(kinds: Sequence[str]) -> Where | None:
    condition: dict[Literal["$in", "$nin"], list[str | int | float | bool]] = {"$in": [*kinds]}
    return {"kind": condition} if kinds else None


def _hit(doc_id: str, text: str, stored: Mapping[str, object], distance: float) -> MemoryHit:
    fields = {name: value for name, value in stored.items() if name != "kind"}
    document = MemoryDocument.model_validate(
        {"doc_id": doc_id, "kind": stored["kind"], "text": text, "metadata": fields}
    )
    return MemoryHit(document=document, similarity=1.0 - distance)


def _batches(items: list[_T], size: int) -> Iterator[list[_T]]:
    return (items[at : at + size] for at in range(0, len(items), size))
