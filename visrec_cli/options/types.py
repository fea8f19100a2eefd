"""What stages take, in types that cost nothing to import."""

from pathlib import Path
from typing import Any

Tabular = Any  # path, pa.Table, pa.RecordBatchReader, or an object with __arrow_c_stream__
Cache = bool | str | Path
"""Whether vectors are kept between runs: True in the user's cache folder, a path in that one, False nowhere."""
OpenEncoder = Any  # an ImageEncoder or TextEncoder of the family encoders
