"""Memory prefetching.

Loops over sparse rows jump through arrays that are larger than any cache. A processor waits about a hundred steps of
such a loop for each jump, unless it was told of it before.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LINE = 64  # bytes that come from memory together


@intrinsic  # type: ignore[untyped-decorator]
def prefetch(typing_context: Any, array: Any, place: Any) -> Any:
    """prefetch(array, place): bring the line that holds array[place] (of a one-dimensional array) nearer; no effect
    but on time, and none at all where ``place`` is outside."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        held = context.make_array(kind)(context, builder, arguments[0])
        pointer = cgutils.get_item_pointer(context, builder, kind, held, [arguments[1]], wraparound=False)
        line = builder.bitcast(pointer, cgutils.voidptr_t)
        whole = ir.IntType(32)
        wanted = ir.FunctionType(ir.VoidType(), [line.type, whole, whole, whole])
        call = builder.module.declare_intrinsic("llvm.prefetch", [line.type], wanted)
        builder.call(call, [line, whole(0), whole(3), whole(1)])  # to read, to keep in every cache, data
        return context.get_dummy_value()

    return types.void(array, place), code
