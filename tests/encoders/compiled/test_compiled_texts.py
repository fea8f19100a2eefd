from pathlib import Path

import numpy as np
import pytest

from tests.contracts.encoder_suite import TEXTS, cosines
from tests.encoders.models import BERT_WORDS, save_tiny_bert
from visrec_cli.encoders.compiled.exporting import LEAST_AGREEMENT, LEAST_COSINE, drift
from visrec_cli.encoders.compiled.texts import CompiledTextEncoder
from visrec_cli.encoders.opening import open_text_encoder


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
