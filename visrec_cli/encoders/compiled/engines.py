"""Choice of the engine that runs a model."""

from visrec_cli.encoders.compiled.inference_sessions import engine_name
from visrec_cli.errors import UsageError, unknown
from visrec_cli.runtime.device import gpu_likely, pick_device

ENGINES = ("auto", "onnx", "openvino", "openvino-bf16", "torch")


def engine_for(engine: str, device: str, *, precise: bool) -> str:
    """``onnx``, ``openvino``, ``openvino-bf16`` or ``torch``.

    auto: torch on a GPU and where precise is wanted, onnxruntime on a CPU. Raises UsageError for an unknown name and
    for what cannot be together, UnavailableError for a missing extra.
    """
    if engine not in ENGINES:
        raise unknown("engine", engine, list(ENGINES))
    if engine == "torch" or (engine == "auto" and (precise or not _on_cpu(device))):
        return "torch"
    if precise:
        raise UsageError(f"--precise computes in torch, not with {engine}", fix="leave out --engine or --precise")
    if not _on_cpu(device):
        raise UsageError(f"the engine {engine} computes on the CPU", fix="leave out --engine, or use --device cpu")
    chosen = "onnx" if engine == "auto" else engine
    engine_name(chosen)
    return chosen


def _on_cpu(device: str) -> bool:
    """Without importing torch wherever that can be known."""
    if device == "cpu" or (device == "auto" and not gpu_likely()):
        return True
    return pick_device(device).type == "cpu"
