"""The memory finds by meaning, keeps workspaces apart, and rebuilds from what SQL holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from policies.errors import InvalidInputError
from store.embedding import MiniLMEmbedder
from store.memory import ChromaMemory, MemoryDocument

CLAIM = MemoryDocument(
    doc_id="claim-1", kind="claim", text="Free returns within 30 days", metadata={"approved": True, "rank": 2}
)
TONE = MemoryDocument(doc_id="brand-1", kind="brand", text="We write warmly and never shout")
JACKET = MemoryDocument(
    doc_id="item-1", kind="item", text="Men's winter jacket, waterproof", metadata={"price": 129.5}
)
ALL = [CLAIM, TONE, JACKET]


@pytest.fixture(scope="module")
def embedder() -> MiniLMEmbedder:
    return MiniLMEmbedder()


@pytest.fixture
def memory(tmp_path: Path, embedder: MiniLMEmbedder) -> Iterator[ChromaMemory]:
    opened = ChromaMemory(tmp_path / "memory", "ws-1", embedder)
    yield opened
    opened.close()


def ids(memory: ChromaMemory, text: str, **how: object) -> list[str]:
    return [hit.document.doc_id for hit in memory.query(text, **how)]


def test_nearest_in_meaning_comes_first_with_its_similarity(memory: ChromaMemory) -> None:
    assert memory.upsert(ALL) == 3
    hits = memory.query("can I send it back?", limit=3)
    assert hits[0].document == CLAIM
    similarities = [hit.similarity for hit in hits]
    assert similarities == sorted(similarities, reverse=True)
    (same,) = memory.query(CLAIM.text, limit=1)
    assert same.similarity == pytest.approx(1.0, abs=1e-5)


def test_similarity_is_the_cosine_of_the_vectors(memory: ChromaMemory, embedder: MiniLMEmbedder) -> None:
    memory.upsert(ALL)
    question, *rows = embedder.embed(["a warm coat", *(document.text for document in ALL)])
    expected = {document.doc_id: float(question @ row) for document, row in zip(ALL, rows, strict=True)}
    found = {hit.document.doc_id: hit.similarity for hit in memory.query("a warm coat", limit=3)}
    assert found == pytest.approx(expected, abs=1e-5)


def test_query_can_be_kept_to_kinds(memory: ChromaMemory) -> None:
    memory.upsert(ALL)
    assert ids(memory, "winter jacket", kinds=["claim", "brand"], limit=5) != []
    assert "item-1" not in ids(memory, "winter jacket", kinds=["claim", "brand"], limit=5)
    assert ids(memory, "winter jacket", kinds=["offer"]) == []


def test_upsert_replaces_by_id_and_keeps_the_last_of_two(memory: ChromaMemory) -> None:
    memory.upsert(ALL)
    newer = CLAIM.model_copy(update={"text": "Free returns within 60 days"})
    assert memory.upsert([CLAIM, newer]) == 1
    (hit,) = memory.query("returns", kinds=["claim"])
    assert hit.document == newer


def test_deleted_documents_are_not_found_and_unknown_ids_are_no_error(memory: ChromaMemory) -> None:
    memory.upsert(ALL)
    memory.delete(["claim-1", "never-there"])
    memory.delete([])
    assert sorted(ids(memory, "returns", limit=9)) == ["brand-1", "item-1"]


def test_rebuild_leaves_exactly_what_sql_holds(memory: ChromaMemory) -> None:
    memory.upsert([CLAIM, TONE])
    assert memory.rebuild([TONE, JACKET]) == 2
    assert sorted(ids(memory, "anything", limit=9)) == ["brand-1", "item-1"]
    assert memory.rebuild([]) == 0
    assert ids(memory, "anything") == []


def test_rebuild_finds_the_same_as_building_did(memory: ChromaMemory) -> None:
    memory.upsert(ALL)
    before = memory.query("gift for a man", limit=3)
    memory.rebuild(reversed(ALL))
    assert memory.query("gift for a man", limit=3) == before


def test_index_outlives_its_client(memory: ChromaMemory) -> None:
    memory.upsert(ALL)
    memory.close()
    assert len(ids(memory, "anything", limit=9)) == 3


def test_workspaces_do_not_see_each_other(
    memory: ChromaMemory, tmp_path: Path, embedder: MiniLMEmbedder
) -> None:
    memory.upsert(ALL)
    other = ChromaMemory(tmp_path / "memory", "ws-2", embedder)
    assert other.query("anything") == ()
    other.rebuild([TONE])
    assert len(ids(memory, "anything", limit=9)) == 3
    other.close()


def test_embedder_is_part_of_the_collection_name(memory: ChromaMemory, embedder: MiniLMEmbedder) -> None:
    assert memory.collection_name == f"ws-1.{embedder.id}"


@pytest.mark.parametrize("workspace", ["", "a/b", "ws 1", "-ws", "ß", "w" * 600])
def test_workspace_that_cannot_name_a_collection_is_refused(
    tmp_path: Path, embedder: MiniLMEmbedder, workspace: str
) -> None:
    with pytest.raises(InvalidInputError, match="cannot name a collection"):
        ChromaMemory(tmp_path, workspace, embedder)


@pytest.mark.parametrize("limit", [0, -1, 101])
def test_limit_out_of_bounds_is_refused(memory: ChromaMemory, limit: int) -> None:
    with pytest.raises(InvalidInputError, match=str(limit)):
        memory.query("anything", limit=limit)


def test_empty_text_and_a_second_kind_are_refused() -> None:
    with pytest.raises(ValidationError, match="text"):
        MemoryDocument(doc_id="a", kind="claim", text="")
    with pytest.raises(ValidationError, match="a field of its own"):
        MemoryDocument(doc_id="a", kind="claim", text="b", metadata={"kind": "brand"})
