"""The offline embedder: near in meaning is near in space, and a text's vector depends on the text alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from store.embedding import EmbedderError, MiniLMEmbedder

LAPSED = "Bring back customers who have not bought for six months"
WIN_BACK = "Win back people who stopped purchasing"
CAT = "The cat is asleep on the roof"


@pytest.fixture(scope="module")
def embedder() -> MiniLMEmbedder:
    return MiniLMEmbedder()


def test_rows_have_length_one_and_the_stated_shape(embedder: MiniLMEmbedder) -> None:
    rows = embedder.embed([LAPSED, WIN_BACK, CAT])
    assert rows.shape == (3, embedder.dimension) and rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_texts_near_in_meaning_are_nearer_than_others(embedder: MiniLMEmbedder) -> None:
    lapsed, win_back, cat = embedder.embed([LAPSED, WIN_BACK, CAT])
    assert lapsed @ win_back > 0.4 > 0.2 > lapsed @ cat


def test_a_text_has_one_vector_whatever_shares_its_batch(embedder: MiniLMEmbedder) -> None:
    company = [LAPSED, "a", "long " * 300, CAT, ""]
    together = embedder.embed(company)
    alone = np.vstack([embedder.embed([text]) for text in company])
    np.testing.assert_array_equal(together, alone)


def test_a_second_embedder_gives_the_same_bits(embedder: MiniLMEmbedder) -> None:
    np.testing.assert_array_equal(embedder.embed([LAPSED]), MiniLMEmbedder().embed([LAPSED]))


def test_more_texts_than_a_batch_keep_their_order(embedder: MiniLMEmbedder) -> None:
    texts = [f"item {number}" for number in range(70)]
    rows = embedder.embed(texts)
    np.testing.assert_array_equal(rows[65], embedder.embed(["item 65"])[0])


def test_altered_model_does_not_run(tmp_path: Path) -> None:
    altered = tmp_path / "model.onnx"
    altered.write_bytes(b"not the model")
    with pytest.raises(EmbedderError, match=r"model\.onnx has SHA-256"):
        MiniLMEmbedder(altered).embed(["text"])


def test_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match=r"gone\.onnx"):
        MiniLMEmbedder(tmp_path / "gone.onnx").embed(["text"])
