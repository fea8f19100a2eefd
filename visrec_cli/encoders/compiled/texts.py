"""Text models of sentence-transformers, compiled: minilm and ``st:``."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from visrec_cli.encoders.base import TextEncoder, Vectors, over_limit
from visrec_cli.encoders.compiled.inference_sessions import Array, Session, engine_name, open_session
from visrec_cli.encoders.compiled.manifest import MODEL, ModelManifest, keep_manifest, status_of, whole
from visrec_cli.encoders.compiled.tokens import PARTS, Tokens, tokens_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from visrec_cli.encoders.sentence import SentenceTextEncoder

TOKENS = "tokenizer.json"
_TOKENS_TOGETHER = 1024  # per batch: more are not faster, and each needs a third of a megabyte of working memory
_TEXTS = [
    "red dress", "a long blue coat of wool for the winter", "x", "shoes", "café crème, 5 €", "Star Wars (1977)",
    "Men's checked cotton shirt with a button-down collar and one breast pocket, machine wash at 30 degrees",
    "a quick brown fox " * 40, "watch", "Nike running shoes, size 42", "日本のドレス", "1234 5678",
    "the smallest of all the blue bags that we have in the shop", "trousers", "silver ring", "ring of silver",
]  # fmt: skip  # what a model is checked with


class CompiledTextEncoder(TextEncoder):
    """A cached model. Texts with the same number of tokens are computed together.

    Nothing is padded, so that a vector does not depend on other texts, and short texts do not wait beside long ones.

    Parameters
    ----------
    manifest : ModelManifest
        Manifest of the model.
    engine : str
        "onnx", "openvino" or "openvino-bf16".
    recompile : Callable[[], ModelManifest]
        Compiles the model again, if the cached file is damaged.
    threads : int
        Number of threads.
    normalise : bool, default=True
        Whether vectors have length 1.

    Attributes
    ----------
    alone : , default=True
        See ``Encoder``.
    """

    alone = True

    def __init__(
        self,
        manifest: ModelManifest,
        engine: str,
        recompile: Callable[[], ModelManifest],
        *,
        threads: int,
        normalise: bool = True,
    ) -> None:
        self.spec, self._manifest, self._name, self._again, self._threads = (
            manifest.spec,
            manifest,
            engine,
            recompile,
            threads,
        )
        self.space = replace(manifest.space, normalised=normalise)
        self.token_limit = manifest.token_limit or 10**9
        self.queries_differ = manifest.prompts.get("query", "") != manifest.prompts.get("document", "")
        self.engine = engine_name(engine)
        self._opening = threading.Lock()

    @cached_property
    def _kept(self) -> ModelManifest:
        self._manifest = whole(self._manifest, self._again)
        return self._manifest

    @cached_property
    def _opened(self) -> Session:
        return open_session(self._kept.model, self._name)

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(Path(self._kept.folder) / TOKENS))

    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> Vectors:
        """See TextEncoder. Uses the model's own prompt for documents, if it has one."""
        return self._encode(texts, batch_size, self._manifest.prompts.get("document", ""))

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """See TextEncoder. Uses the model's own prompt for queries, if it has one."""
        return self._encode(texts, 32, self._manifest.prompts.get("query", ""))

    def cut(self, texts: Sequence[str]) -> list[bool]:
        """See TextEncoder."""

        def count(long: Sequence[str]) -> list[int]:
            return [len(one) + one.over for one in tokens_of(self._tokenizer, long)]

        return over_limit(texts, self.token_limit, count)

    def _encode(self, texts: Sequence[str], batch_size: int, prompt: str) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        if not texts:
            return vectors
        with self._opening:
            session, tokenizer = self._opened, self._tokenizer
        tokens = tokens_of(tokenizer, [prompt + text for text in texts])

        def work(rows: list[int]) -> Vectors:
            # A text alone would be computed by another routine, with different last digits.
            selected = [tokens[row] for row in (rows if len(rows) > 1 else rows * 2)]
            return session.run(_inputs(selected, self._manifest.inputs))[0][: len(rows)]

        parts = list(_by_length(tokens, batch_size))
        with ThreadPoolExecutor(self._threads, thread_name_prefix="visrec-text") as pool:
            for rows, found in zip(parts, pool.map(work, parts), strict=True):
                vectors[rows] = found
        return self.finish(vectors)


def _by_length(tokens: Sequence[Tokens], size: int) -> Iterator[list[int]]:
    """Rows of texts with the same number of tokens, at most ``size`` together, the longest first.

    Batches of long texts are smaller: the number of tokens per batch is bounded.
    """
    by_length: dict[int, list[int]] = defaultdict(list)
    for row, one in enumerate(tokens):
        by_length[len(one)].append(row)
    for length in sorted(by_length, reverse=True):
        rows, count = by_length[length], min(size, max(2, _TOKENS_TOGETHER // length))
        yield from (rows[start : start + count] for start in range(0, len(rows), count))


def _inputs(tokens: Sequence[Tokens], names: Sequence[str]) -> dict[str, Array]:
    return {name: np.stack([one.arrays[name] for one in tokens]) for name in names}


def compile_texts(plain: "SentenceTextEncoder") -> ModelManifest:
    """Compile and cache an encoder.

    If it cannot be compiled, a manifest that says so is cached.

    Parameters
    ----------
    plain : "SentenceTextEncoder"
        The encoder, open in torch on the CPU.

    Returns
    -------
    ModelManifest
        The manifest.

    Raises
    ------
    OSError
        If the cache cannot be written.
    """
    from visrec_cli.encoders.compiled.onnx_export import Uncompilable, checked, export

    model = plain.model
    manifest = ModelManifest(plain.spec, replace(plain.space, normalised=True), status_of(plain.files))
    try:
        tokenizer = _fast_tokenizer(model)
        names = [name for name in PARTS if name in model.tokenizer(["x"])]
        expected = plain.encode(_TEXTS)
        prompts = {name: text for name, text in (model.prompts or {}).items() if name in ("document", "query") and text}
        found: dict[str, float] = {}

        def write(folder: Path) -> None:
            import torch

            tokenizer.save(str(folder / TOKENS))
            examples = {name: torch.from_numpy(value) for name, value in _two_texts(model.tokenizer, names).items()}
            export(_sentences(model, names), examples, ["vectors"], [0, 1], folder / MODEL)
            documents = [prompts.get("document", "") + text for text in _TEXTS]
            batches = [_inputs([one, one], names) for one in tokens_of(tokenizer, documents)]
            found.update(vars(checked(folder / MODEL, batches, expected.repeat(2, axis=0))))

        manifest = replace(manifest, inputs=names, prompts=prompts, token_limit=plain.token_limit, drift=found)
        return keep_manifest("text", manifest, write)
    except Uncompilable as error:
        return keep_manifest("text", replace(manifest, refused=str(error)), None)


def _fast_tokenizer(model: Any) -> "Tokenizer":
    """A tokenizer that truncates and never pads. Raises Uncompilable for models that do more than join tokens."""
    from tokenizers import Tokenizer

    from visrec_cli.encoders.compiled.onnx_export import Uncompilable

    kinds = [type(part).__name__ for part in model]
    if kinds[:2] != ["Transformer", "Pooling"] or set(kinds[2:]) - {"Dense", "Normalize"}:
        raise Uncompilable(f"its parts are {', '.join(kinds)}")
    if any(model.prompts.values()) and not getattr(model[1], "include_prompt", True):
        raise Uncompilable("its prompts are left out of the mean")
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None or getattr(model[0], "do_lower_case", False):
        raise Uncompilable("its tokenizer is written in Python")
    tokenizer = Tokenizer.from_str(backend.to_str())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if model.max_seq_length:
        tokenizer.enable_truncation(model.max_seq_length)
    return tokenizer


def _two_texts(tokenizer: Any, names: Sequence[str]) -> dict[str, Array]:
    found = tokenizer(["a red dress for the winter", "shoes"], padding=True, return_tensors="np")
    return {name: found[name].astype(np.int64) for name in names}


def _sentences(model: Any, names: Sequence[str]) -> Any:
    """The whole model, including pooling, as a function of its arrays."""
    import torch

    class Sentences(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *arrays: Any) -> Any:
            return self.model(dict(zip(names, arrays, strict=True)))["sentence_embedding"]

    return Sentences()
