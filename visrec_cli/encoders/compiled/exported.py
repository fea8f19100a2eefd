"""Models of ``export-encoder``: ``onnx:model.onnx``, one file that needs neither torch nor the original encoder."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from visrec_cli.encoders.compiled.images import SessionImageEncoder
from visrec_cli.encoders.compiled.inference_sessions import Array, OnnxSession, Session, engine_name, open_session
from visrec_cli.encoders.frame import Framing, framing_from
from visrec_cli.encoders.weights import hash_of_file
from visrec_cli.errors import InputError, MissingInputError
from visrec_cli.tables.documents import Origin
from visrec_cli.tables.failures import in_short
from visrec_cli.tables.spaces import Space, space_from

KEY, FORMAT = "visrec.encoder", 1  # key in the file's metadata_props


class ExportedImageEncoder(SessionImageEncoder):
    """An exported model. Its space has the file's hash and its origin; models with 8 and 32 bits have different spaces.

    Parameters
    ----------
    rest : str
        Path of the file.
    engine : str, default="onnx"
        "onnx", "openvino" or "openvino-bf16".
    normalise : bool, default=True
        Whether vectors have length 1.

    Raises
    ------
    MissingInputError
        If the file does not exist.
    InputError
        If it is not an exported model.
    """

    def __init__(self, rest: str, *, engine: str = "onnx", normalise: bool = True) -> None:
        path = Path(rest).expanduser()
        if not path.is_file():
            raise MissingInputError(
                f"there is no model '{rest}'", fix="visrec export-encoder SPEC -o model.onnx makes one"
            )
        self.spec = f"onnx:{rest}"
        plain = _session(path)
        manifest, parent, self.framing = _manifest_of(path, plain)
        origin = {"from": parent.encoder, "weights": parent.weights, "arithmetic": manifest.arithmetic}
        preprocessing = {**parent.preprocessing, "exported": origin}
        self.space = Space(self.spec, parent.dimension, normalise, hash_of_file(path), preprocessing)
        self.classes = manifest.classes
        self.scaled_to = parent.preprocessing.get("scaled_to")
        self.engine = f"{engine_name(engine)}, {manifest.arithmetic}"
        self._session = _Guarded(path, plain if engine == "onnx" else open_session(path, engine))

    def session(self) -> Session:
        """See SessionImageEncoder."""
        return self._session


class _Guarded:
    """A session over a file of unknown origin: if the engine cannot run it, the file is to blame."""

    def __init__(self, path: Path, session: Session) -> None:
        self._path, self._session, self.engine = path, session, session.engine

    def run(self, inputs: Mapping[str, Array]) -> list[npt.NDArray[np.float32]]:
        """See Session. Raises InputError if the model cannot be run."""
        try:
            return self._session.run(inputs)
        except MemoryError:
            raise
        except Exception as error:  # the engine has a dozen exceptions of its own
            raise InputError(
                f"the model in '{self._path}' cannot be run: {in_short(error)}",
                fix="export it again: visrec export-encoder SPEC -o model.onnx",
            ) from error


def manifest_for(space: Space, framing: Framing, classes: list[str] | None, arithmetic: str) -> dict[str, str]:
    """Make the metadata of an exported file.

    Parameters
    ----------
    space : Space
        Space of the exported encoder.
    framing : Framing
        How pictures are resized and cropped.
    classes : list[str] | None
        Names of its classes; None if it has no classifier.
    arithmetic : str
        "float32" or "int8".

    Returns
    -------
    dict[str, str]
        The metadata.
    """
    content = {
        "format": FORMAT,
        "space": replace(space, normalised=True).document(),
        "framing": framing.to_dict(),
        "classes": classes,
        "arithmetic": arithmetic,
    }
    return {KEY: json.dumps(content, sort_keys=True)}


class ExportedManifestDocument(msgspec.Struct):
    """Metadata of an exported file, as JSON. Unknown keys are ignored; ``format`` decides.

    Attributes
    ----------
    format : int
        Version of the format.
    space : dict[str, Any]
        Space of the exported encoder.
    framing : dict[str, Any]
        How pictures are resized and cropped.
    classes : list[str] | None
        Names of its classes; None if it has no classifier.
    arithmetic : Literal["float32", "int8"]
        Precision of the file.
    """

    format: int
    space: dict[str, Any]
    framing: dict[str, Any]
    classes: list[str] | None
    arithmetic: Literal["float32", "int8"]


def _session(path: Path) -> OnnxSession:
    try:
        return OnnxSession(path)
    except MemoryError:
        raise
    except Exception as error:  # onnxruntime has a dozen exceptions of its own
        raise InputError(
            f"'{path}' is not a model that onnxruntime can run: {in_short(error)}",
            fix="export it again: visrec export-encoder SPEC -o model.onnx",
        ) from error


def _manifest_of(path: Path, session: OnnxSession) -> tuple[ExportedManifestDocument, Space, Framing]:
    """Metadata of a file, compared with inputs and outputs of its model. Raises InputError."""
    if KEY not in session.metadata:
        raise InputError(
            f"'{path}' has no description of its input: it was not written by export-encoder",
            fix="visrec export-encoder SPEC -o model.onnx writes one",
        )
    origin = Origin(f"the manifest in '{path}' cannot be read", fix="export it again")
    raw = origin.json(session.metadata[KEY])
    if isinstance(raw, dict) and raw.get("format") != FORMAT:
        raise InputError(f"'{path}' is from another version of visrec", fix="export it again")
    manifest = origin.typed(raw, ExportedManifestDocument)
    space, framing = space_from(manifest.space, origin, "space"), framing_from(manifest.framing, origin, "framing")
    classes = None if manifest.classes is None else len(manifest.classes)
    mismatch = session.mismatch((framing.height, framing.width), space.dimension, classes)
    if mismatch is not None:
        raise origin.wrong("", mismatch)
    return manifest, space, framing
