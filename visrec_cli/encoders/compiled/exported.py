"""A model that ``export-encoder`` wrote: ``onnx:model.onnx``, one file that needs neither torch nor its parent."""

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

KEY, FORMAT = "visrec.encoder", 1  # of the file's metadata_props


class ExportedImageEncoder(SessionImageEncoder):
    """Its space is its own: the file's hash, and what it was exported from. In 8 bits it is another than in 32."""

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
    """A session over a file that may come from anywhere: what the engine cannot compute is the file's fault."""

    def __init__(self, path: Path, session: Session) -> None:
        self._path, self._session, self.engine = path, session, session.engine

    def run(self, inputs: Mapping[str, Array]) -> list[npt.NDArray[np.float32]]:
        """See Session. Raises InputError where the model cannot be computed."""
        try:
            return self._session.run(inputs)
        except MemoryError:
            raise
        except Exception as error:  # of the engine, which has a dozen of its own
            raise InputError(
                f"the model in '{self._path}' cannot be computed: {in_short(error)}",
                fix="make it again: visrec export-encoder SPEC -o model.onnx",
            ) from error


def manifest_for(space: Space, framing: Framing, classes: list[str] | None, arithmetic: str) -> dict[str, str]:
    """What goes into the file's metadata. space: of the encoder that is exported; arithmetic: float32 or int8."""
    words = {
        "format": FORMAT,
        "space": replace(space, normalised=True).document(),
        "framing": framing.to_dict(),
        "classes": classes,
        "arithmetic": arithmetic,
    }
    return {KEY: json.dumps(words, sort_keys=True)}


class ExportedManifestDocument(msgspec.Struct):
    """What an exported file says of itself, as JSON. Keys that are not known here are passed over: format tells."""

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
    except Exception as error:  # onnxruntime has a dozen of its own
        raise InputError(
            f"'{path}' is not a model that onnxruntime can run: {in_short(error)}",
            fix="make it again: visrec export-encoder SPEC -o model.onnx",
        ) from error


def _manifest_of(path: Path, session: OnnxSession) -> tuple[ExportedManifestDocument, Space, Framing]:
    """What the file says of itself, held against what the model in it takes and gives. Raises InputError."""
    if KEY not in session.metadata:
        raise InputError(
            f"'{path}' has no description of its input: it is not from export-encoder",
            fix="visrec export-encoder SPEC -o model.onnx makes one that does",
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
