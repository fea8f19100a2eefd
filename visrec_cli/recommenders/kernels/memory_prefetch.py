"""Memory prefetching.

Loops over sparse rows jump through arrays that are larger than any cache. For each jump, a processor waits about a
hundred steps of such a loop, unless the memory was requested beforehand.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LINE = 64  # bytes of a cache line


@intrinsic  # type: ignore[untyped-decorator]
def prefetch(typing_context: Any, array: Any, place: Any) -> Any:
    """prefetch(array, place): fetch the cache line of array[place], one-dimensional, ahead of its use.

    It only changes the time, and does nothing if ``place`` is outside of the array.

    Parameters
    ----------
    typing_context : Any
        Given by numba.
    array : Any
        Type of the array.
    place : Any
        Type of the index.

    Returns
    -------
    Any
        The signature and the code generator that numba expects.
    """

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
