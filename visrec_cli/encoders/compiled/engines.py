"""Choice of the engine that runs a model."""

from visrec_cli.encoders.compiled.inference_sessions import engine_name
from visrec_cli.errors import UsageError, unknown
from visrec_cli.runtime.device import gpu_likely, pick_device

ENGINES = ("auto", "onnx", "openvino", "openvino-bf16", "torch")


def engine_for(engine: str, device: str, *, precise: bool) -> str:
    """Choose an engine.

    Parameters
    ----------
    engine : str
        One of ``ENGINES``; "auto" takes torch on a GPU or with ``precise``, and onnxruntime on a CPU.
    device : str
        "auto", "cpu", "cuda", "mps" or another device of torch.
    precise : bool
        Whether to compute in plain torch.

    Returns
    -------
    str
        "onnx", "openvino", "openvino-bf16" or "torch".

    Raises
    ------
    UsageError
        If the engine is not known, or the options cannot be combined.
    UnavailableError
        If an extra is not installed.
    """
    if engine not in ENGINES:
        raise unknown("engine", engine, list(ENGINES))
    if engine == "torch" or (engine == "auto" and (precise or not _on_cpu(device))):
        return "torch"
    if precise:
        raise UsageError(f"--precise computes in torch, not with {engine}", fix="leave out --engine or --precise")
    if not _on_cpu(device):
        raise UsageError(f"the engine {engine} computes on the CPU", fix="leave out --engine, or use --device cpu")
    selected = "onnx" if engine == "auto" else engine
    engine_name(selected)
    return selected


def _on_cpu(device: str) -> bool:
    """Whether the device is the CPU; imports torch only if that cannot be known without."""
    if device == "cpu" or (device == "auto" and not gpu_likely()):
        return True
    return pick_device(device).type == "cpu"
