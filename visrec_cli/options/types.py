"""What stages take, in types that cost nothing to import."""

from pathlib import Path
from typing import Any

Tabular = Any  # path, pa.Table, pa.RecordBatchReader, or an object with __arrow_c_stream__
Cache = bool | str | Path
"""Whether vectors are kept between runs, or the folder that keeps them."""
