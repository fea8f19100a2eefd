"""Pseudonymous user ids by keyed hashes."""

import hmac
import os
from pathlib import Path

import pyarrow as pa

from visrec_cli.errors import InputError, MissingInputError
from visrec_cli.runtime.report import Report

_LEAST = 16  # bytes of a key
_KEPT = 16  # bytes of a hash: 2^64 users until two are likely to be one
_MAKE = "head -c 32 /dev/urandom | base64 > users.key makes one"


def key_of(source: str) -> bytes:
    """The key in a file, or in the variable of ``env:NAME``, without line ends behind it.

    Raises MissingInputError where there is none, InputError for one that is short enough to be guessed.
    """
    if source.startswith("env:"):
        secret = os.environ.get(source[4:])
        if secret is None:
            raise MissingInputError(
                f"there is no variable {source[4:]} in the environment", fix=f"export {source[4:]}=…"
            )
        key = secret.encode()
    else:
        try:
            key = Path(source).read_bytes()
        except OSError as error:
            raise MissingInputError(f"{source} cannot be read: {error.strerror or error}", fix=_MAKE) from error
    key = key.rstrip(b"\r\n")
    if len(key) < _LEAST:
        raise InputError(f"the key of {source} has {len(key)} bytes, and can be guessed", fix=_MAKE)
    return key


def with_hashed_users(table: pa.Table, key: bytes, report: Report) -> pa.Table:
    """The log with HMAC-SHA256 of each user id, cut to 128 bits, in its place: the same for the same key.

    Source: RFC 2104; cutting: its section 5.
    """
    users = table["user_id"].combine_chunks().dictionary_encode()
    hashed = [hmac.digest(key, user.encode(), "sha256")[:_KEPT].hex() for user in users.dictionary.to_pylist()]
    report.count("user ids hashed", len(hashed))
    ids = pa.array(hashed, pa.string()).take(users.indices)
    at = table.schema.get_field_index("user_id")
    return table.set_column(at, table.schema.field(at), ids)
