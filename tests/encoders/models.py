"""Small real models with random weights: the code paths of the big ones, without a download."""

import json
from pathlib import Path

CLIP_WORDS = 512  # the byte alphabet, once inside words and once at their end


def save_tiny_clip(folder: Path) -> Path:
    """A CLIP of two layers and 24 numbers as a sentence-transformers folder; it reads 16 tokens."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizerFast

    layers = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ends = {"bos_token_id": CLIP_WORDS, "eos_token_id": CLIP_WORDS + 1, "pad_token_id": CLIP_WORDS + 1}
    torch.manual_seed(0)
    model = CLIPModel(
        CLIPConfig(
            text_config={**layers, **ends, "vocab_size": CLIP_WORDS + 2, "max_position_embeddings": 16},
            vision_config={**layers, "image_size": 32, "patch_size": 8},
            projection_dim=24,
        )
    )
    vocabulary = {letter: i for i, letter in enumerate(_alphabet())}
    vocabulary |= {"<|startoftext|>": CLIP_WORDS, "<|endoftext|>": CLIP_WORDS + 1}
    tokenizer = CLIPTokenizerFast(vocab=vocabulary, merges=[], model_max_length=16)
    pictures = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    plain = folder / "transformers"
    model.save_pretrained(plain)
    CLIPProcessor(pictures, tokenizer).save_pretrained(plain)
    SentenceTransformer(str(plain), device="cpu").save(str(folder / "clip"), create_model_card=False)
    return folder / "clip"


def _alphabet() -> list[str]:
    """The 256 bytes as the printable letters that byte-level tokenizers use, then each as the end of a word."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    letters = [chr(byte) for byte in plain] + [chr(256 + i) for i in range(len(others))]
    return letters + [f"{letter}</w>" for letter in letters]


def save_timm(name: str, target: Path, *, metadata: dict[str, str] | None = None, **options: object) -> Path:
    """A timm architecture with random weights as ``target``, safetensors or a torch checkpoint by its ending."""
    import timm
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    state = timm.create_model(name, pretrained=False, **options).state_dict()
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix == ".safetensors":
        save_file(state, target, metadata=metadata)
    else:
        torch.save(state, target)
    return target


def save_in_hub_cache(cache: Path, repo: str, files: dict[str, Path | dict[str, object]]) -> None:
    """Lay files into a hub cache as a download would have."""
    home = cache / f"models--{repo.replace('/', '--')}"
    snapshot = home / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("0" * 40)
    for name, content in files.items():
        data = json.dumps(content).encode() if isinstance(content, dict) else content.read_bytes()
        (snapshot / name).write_bytes(data)


BERT_WORDS = [
    "red",
    "blue",
    "long",
    "short",
    "wool",
    "cotton",
    "dress",
    "coat",
    "shoe",
    "bag",
    "watch",
    "winter",
    "men",
]


def save_tiny_bert(folder: Path, prompts: dict[str, str] | None = None) -> Path:
    """A BERT of two layers and 32 numbers that knows BERT_WORDS, as a sentence-transformers folder."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *BERT_WORDS, "query", "passage", ":"]
    (folder / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=24, **sizes)).save_pretrained(folder / "bert")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=24).save_pretrained(folder / "bert")
    body = Transformer(str(folder / "bert"), max_seq_length=24)
    model = SentenceTransformer(modules=[body, Pooling(32, "mean")], device="cpu", prompts=prompts)
    model.save(str(folder / "model"), create_model_card=False)
    return folder / "model"
