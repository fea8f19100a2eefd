"""A model that ``export-encoder`` wrote: ``onnx:model.onnx``, one file that needs neither torch nor its parent."""

import json
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visrec_cli.encoders.compiled.images import SessionImageEncoder
from visrec_cli.encoders.compiled.sessions import OnnxSession, Session, engine_name, open_session
from visrec_cli.encoders.weights import hash_of_file
from visrec_cli.errors import InputError, MissingInputError
from visrec_cli.tables.spaces import Space, space_from_json

if TYPE_CHECKING:
    from visrec_cli.encoders.framing import Framing

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
        card, plain = _card_of(path)
        parent = card["space"]
        origin = {"from": parent.encoder, "weights": parent.weights, "arithmetic": card["arithmetic"]}
        preprocessing = {**parent.preprocessing, "exported": origin}
        self.space = Space(self.spec, parent.dimension, normalise, hash_of_file(path), preprocessing)
        self.classes, self._framing = card["classes"], card["framing"]
        self.scaled_to = parent.preprocessing.get("scaled_to")
        self.engine = f"{engine_name(engine)}, {card['arithmetic']}"
        self._session: Session = plain if engine == "onnx" else open_session(path, engine)

    @cached_property
    def framing(self) -> "Framing":
        """See SessionImageEncoder."""
        from visrec_cli.encoders.framing import Framing

        return Framing(**self._framing)

    def session(self) -> Session:
        """See SessionImageEncoder."""
        return self._session


def card_for(space: Space, framing: "Framing", classes: list[str] | None, arithmetic: str) -> dict[str, str]:
    """What goes into the file's metadata. space: of the encoder that is exported; arithmetic: float32 or int8."""
    words = {
        "format": FORMAT,
        "space": json.loads(replace(space, normalised=True).to_json()),
        "framing": framing.to_dict(),
        "classes": classes,
        "arithmetic": arithmetic,
    }
    return {KEY: json.dumps(words, sort_keys=True)}


def _card_of(path: Path) -> tuple[dict[str, Any], OnnxSession]:
    try:
        session = OnnxSession(path)
    except Exception as error:  # onnxruntime has a dozen of its own
        raise InputError(
            f"'{path}' is no model that onnxruntime can run: {str(error).strip().splitlines()[0][:160]}",
            fix="make it again: visrec export-encoder SPEC -o model.onnx",
        ) from error
    if KEY not in session.metadata:
        raise InputError(
            f"'{path}' does not say what pictures it takes: it is not from export-encoder",
            fix="visrec export-encoder SPEC -o model.onnx makes one that does",
        )
    try:
        card = json.loads(session.metadata[KEY])
        if card["format"] != FORMAT:
            raise InputError(f"'{path}' is of another version of visrec", fix="export it again")
        return {**card, "space": space_from_json(json.dumps(card["space"]))}, session
    except (ValueError, TypeError, KeyError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"the card in '{path}' cannot be read: {error}", fix="export it again") from error
