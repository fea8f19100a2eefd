"""User ids behind a key."""

import hashlib
import hmac
from pathlib import Path

import pyarrow as pa
import pytest

from visrec_cli.errors import InputError, MissingInputError
from visrec_cli.runtime.report import Report
from visrec_cli.stages.interactions import interactions

KEY = b"0123456789abcdef0123456789abcdef"
LOG = pa.table({"user_id": ["ana", "ben", "ana"], "item_id": ["a", "b", "c"]})


@pytest.fixture
def key(tmp_path: Path) -> str:
    (tmp_path / "users.key").write_bytes(KEY + b"\n")
    return str(tmp_path / "users.key")


def users(key: str, log: pa.Table = LOG) -> list[str]:
    found: list[str] = interactions(log, hash_users=key).read_all()["user_id"].to_pylist()
    return found


def test_ids_are_hmacs_and_the_same_for_the_same_key(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report()
    table = interactions(LOG, hash_users=key, report=report).read_all()
    ana, ben, again = table["user_id"].to_pylist()
    assert ana == again == hmac.new(KEY, b"ana", hashlib.sha256).hexdigest()[:32]
    assert ben == hmac.new(KEY, b"ben", hashlib.sha256).hexdigest()[:32]
    assert table["item_id"].to_pylist() == ["a", "b", "c"]
    assert report.counts["user ids hashed"] == 2
    assert users(key, LOG.take([2, 1]))[0] == ana
    monkeypatch.setenv("USERS_KEY", KEY.decode())
    assert users("env:USERS_KEY") == [ana, ben, again]
    monkeypatch.setenv("USERS_KEY", KEY.decode()[::-1])
    assert not set(users("env:USERS_KEY")) & {ana, ben}


def test_keys_that_protect_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "short.key").write_bytes(b"secret\n")
    with pytest.raises(InputError, match="has 6 bytes, and can be guessed"):
        users(str(tmp_path / "short.key"))
    with pytest.raises(MissingInputError, match="cannot be read"):
        users(str(tmp_path / "no.key"))
    monkeypatch.delenv("USERS_KEY", raising=False)
    with pytest.raises(MissingInputError, match="no variable USERS_KEY"):
        users("env:USERS_KEY")
