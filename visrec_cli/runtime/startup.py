"""What a process that is visrec's own leaves out: pandas, which pyarrow looks for when it makes its first array.

Where pandas is installed, that costs half a second of every command, and nothing here asks for it. A process of
somebody else's, who called a stage as a function, may want ``to_pandas`` afterwards: there nothing is changed.
"""

import sys
from typing import Any

_ours = False


def claim() -> None:
    """Say that this process runs one visrec command and nothing else."""
    global _ours
    _ours = True


def leave_pandas_out() -> None:
    """Let pyarrow find, once and for all, that there is no pandas; only in a process of ours."""
    if not _ours or "pandas" in sys.modules:
        return
    import pyarrow as pa

    refusing = _NoPandas()
    sys.meta_path.insert(0, refusing)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(refusing)


class _NoPandas:
    """Among the finders of modules: the one that is asked first, and says that there is no pandas."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Nothing for any other name: the next finder is asked."""
        if name == "pandas":
            raise ModuleNotFoundError("visrec does without pandas", name=name)
