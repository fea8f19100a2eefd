"""Which types of columns hold pictures themselves, and not their paths: files, and arrays of pixels."""

import pyarrow as pa

_CHANNELS = (1, 3, 4)


def is_picture_type(kind: pa.DataType) -> bool:
    """Whether it is bytes, ``struct<bytes, path>`` as of Hugging Face, pixels in a tensor, or lists of one of these."""
    if pa.types.is_list(kind):
        return is_picture_type(kind.value_type)
    return bool(pa.types.is_binary(kind) or is_file_struct(kind) or is_pixel_tensor(kind))


def is_file_struct(kind: pa.DataType) -> bool:
    """Whether it is a struct of the bytes of a file, and its path or name."""
    names = [field.name for field in kind] if pa.types.is_struct(kind) else []
    return "bytes" in names and bool(pa.types.is_binary(kind.field("bytes").type))


def is_pixel_tensor(kind: pa.DataType) -> bool:
    """Whether it is a tensor of uint8, height x width: with 1, 3 or 4 channels behind them or, as of torch, before."""
    if not isinstance(kind, pa.FixedShapeTensorType) or not pa.types.is_uint8(kind.value_type):
        return False
    shape = shape_of(kind)
    return 0 not in shape and (len(shape) == 2 or (len(shape) == 3 and bool({shape[0], shape[-1]} & {*_CHANNELS})))


def shape_of(kind: pa.FixedShapeTensorType) -> tuple[int, ...]:
    """The shape of each value, after the permutation that its type may name."""
    if kind.permutation is None:
        return tuple(kind.shape)
    return tuple(kind.shape[axis] for axis in kind.permutation)
