"""Settings in a file: of the type of their setting, and numbers where the log decided them."""

from typing import Any

import pytest

from visrec_cli.errors import InputError
from visrec_cli.runtime.settings import AUTO, Setting
from visrec_cli.tables.documents import Origin

KNOBS = {"reg": Setting(AUTO, "strength", 0.3, 3.0, least=0, kind=float), "size": Setting(8, "numbers", least=1)}
ORIGIN = Origin("model.arrow", fix="train it again")


@pytest.mark.parametrize("reg", [0.5, 2])
def test_a_number_that_the_log_decided_is_kept(reg: float) -> None:
    assert ORIGIN.settings({"reg": reg, "other": "x"}, KNOBS, "settings") == {"reg": reg, "size": 8, "other": "x"}


@pytest.mark.parametrize("settings", [{}, {"reg": AUTO}, {"reg": "0.5"}, {"reg": None}, {"reg": -1.0}])
def test_what_is_no_number_there_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"model.arrow: settings.reg"):
        ORIGIN.settings(settings, KNOBS, "settings")
