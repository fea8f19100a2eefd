from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import BPE

from tests.contracts.encoder_suite import TEXTS, cosines
from tests.encoders.models import BERT_WORDS, save_tiny_bert
from visrec_cli.encoders.base import over_limit
from visrec_cli.encoders.compiled.inference_sessions import Array
from visrec_cli.encoders.compiled.onnx_export import LEAST_AGREEMENT, LEAST_COSINE, drift
from visrec_cli.encoders.compiled.texts import CompiledTextEncoder
from visrec_cli.encoders.compiled.tokens import tokens_of
from visrec_cli.encoders.factory import open_text_encoder


def titles(count: int) -> list[str]:
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(BERT_WORDS, rng.integers(1, 14))) for _ in range(count)]


def test_vectors_stay_within_the_stated_drift_of_torch() -> None:
    plain = open_text_encoder("minilm", device="cpu", engine="torch")
    compiled = open_text_encoder("minilm", device="cpu")
    assert isinstance(compiled, CompiledTextEncoder)
    texts = [*titles(80), *TEXTS, "word " * 400]
    found = drift(compiled.encode(texts), plain.encode(texts), neighbours=10)
    assert found.cosine > LEAST_COSINE
    assert found.agreement > LEAST_AGREEMENT
    assert compiled.space == plain.space
    assert compiled.token_limit == plain.token_limit == 256
    assert compiled.cut(texts) == plain.cut(texts)
    assert cosines(compiled.encode_query(texts), plain.encode_query(texts)).min() > LEAST_COSINE


def test_a_vector_does_not_depend_on_what_is_beside_it_to_the_last_bit() -> None:
    encoder = open_text_encoder("minilm", device="cpu", threads=2)
    texts = titles(60)
    together = encoder.encode(texts)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    shuffled = np.random.default_rng(1).permutation(len(texts))
    again = encoder.encode([texts[row] for row in shuffled], batch_size=7)
    assert together.tobytes() == alone.tobytes()
    assert again.tobytes() == together[shuffled].tobytes()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny BERT with prompts, as sentence-transformers saves it."""
    monkeypatch.setenv("VISREC_CACHE_DIR", str(tmp_path / "cache"))
    return save_tiny_bert(tmp_path, {"query": "query : ", "document": "passage : "})


def test_prompts_of_queries_and_documents_are_the_model_s_own(folder: Path) -> None:
    plain = open_text_encoder(f"st:{folder}", device="cpu", engine="torch")
    compiled = open_text_encoder(f"st:{folder}", device="cpu", engine="onnx")
    assert isinstance(compiled, CompiledTextEncoder)
    texts = titles(30)
    assert cosines(compiled.encode(texts), plain.encode(texts)).min() > LEAST_COSINE
    assert cosines(compiled.encode_query(texts), plain.encode_query(texts)).min() > LEAST_COSINE
    assert cosines(compiled.encode(texts), compiled.encode_query(texts)).min() < 0.999
    assert compiled.cut(["red " * 22, "red " * 23]) == [False, True]


def test_a_changed_setting_of_the_model_s_folder_is_noticed(folder: Path) -> None:
    before = open_text_encoder(f"st:{folder}", device="cpu").encode(["red dress"])
    settings = folder / "config_sentence_transformers.json"
    settings.write_text(settings.read_text().replace("passage : ", "coat bag "))
    after = open_text_encoder(f"st:{folder}", device="cpu").encode(["red dress"])
    assert cosines(before, after)[0] < 0.999


@pytest.mark.parametrize(
    "text",
    [
        "red dress " * 5_000,  # far more words than are read
        "x" * 30_000,  # one word, which becomes one token
        f"{'y' * 9_000} " * 300,  # words so long that the first look is not enough
        f"blue {'z' * 70_000} coat",
        "café crème, 5 € " * 900,
        "日本のドレス" * 2_000,
        " " * 9_000 + "a coat",
        "\u00a0dress\u2003coat\u0301 \u0301bag " * 1_000,
    ],
    ids=range(8),
)
def test_the_beginning_of_a_long_text_gives_the_tokens_of_the_whole(text: str) -> None:
    encoder = open_text_encoder("minilm", device="cpu")
    assert isinstance(encoder, CompiledTextEncoder)
    whole = encoder._tokenizer.encode(text)
    found = tokens_of(encoder._tokenizer, ["a short one", text, ""])[1]
    assert found.arrays["input_ids"].tolist() == whole.ids
    assert found.arrays["attention_mask"].tolist() == whole.attention_mask
    assert found.over == bool(whole.overflowing)


def test_a_tokenizer_that_looks_over_spaces_is_given_the_whole_text() -> None:
    tokenizer = Tokenizer(BPE({"a": 0, "b": 1, " ": 2, "a ": 3, "a b": 4}, [("a", " "), ("a ", "b")]))
    tokenizer.enable_truncation(2)
    texts = ["a" * 62 + " b" + "a" * 40, "a b"]
    assert [one.arrays["input_ids"].tolist() for one in tokens_of(tokenizer, texts)] == [[0, 0], [4]]
    assert [one.over for one in tokens_of(tokenizer, texts)] == [True, False]
    assert tokens_of(tokenizer, []) == []


def test_long_texts_are_not_all_counted_at_once() -> None:
    sizes: list[int] = []

    def count(texts: Sequence[str]) -> list[int]:
        sizes.append(sum(map(len, texts)))
        return [len(text.split()) for text in texts]

    assert over_limit(["word " * 100_000, "a b", *["word " * 100_000] * 8], 9, count) == [True, False, *[True] * 8]
    assert sizes == [1_000_000] * 4 + [500_000]


def test_batches_are_bounded_in_tokens_and_do_not_change_a_vector(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = open_text_encoder("minilm", device="cpu")
    assert isinstance(encoder, CompiledTextEncoder)
    texts = [*titles(40), *["a long blue coat of wool " * 60] * 9]
    sizes: list[int] = []
    kind = type(encoder._opened)
    run = kind.run

    def seen(session: Any, inputs: dict[str, Array]) -> list[Array]:
        sizes.append(inputs["input_ids"].size)
        return run(session, inputs)

    monkeypatch.setattr(kind, "run", seen)
    bounded = encoder.encode(texts)
    assert max(sizes) == 1024
    monkeypatch.setattr("visrec_cli.encoders.compiled.texts._TOKENS_TOGETHER", 1 << 20)
    assert bounded.tobytes() == encoder.encode(texts).tobytes()
    assert max(sizes) == 9 * 256
