"""LZF, the compression inside PCD's binary_compressed; the format as in liblzf's `lzf_d.c` (BSD)."""

from __future__ import annotations


def decompress(data: bytes, size: int) -> bytes:
    """The `size` bytes that `data` stands for. Raises ValueError if it stands for anything else."""
    out = bytearray()
    at = 0
    try:
        while at < len(data) and len(out) <= size:
            control = data[at]
            at += 1
            if control < 32:  # so many literal bytes and one
                literal = data[at : at + control + 1]
                if len(literal) <= control:
                    raise ValueError("it ends inside a literal")
                out += literal
                at += control + 1
                continue
            length = control >> 5
            if length == 7:
                length += data[at]
                at += 1
            back = ((control & 31) << 8) + data[at] + 1
            at += 1
            _repeat(out, back, length + 2)
    except IndexError:
        raise ValueError("it ends inside a reference") from None
    if len(out) != size:
        raise ValueError(f"it gives {len(out)} bytes instead of {size}")
    return bytes(out)


def _repeat(out: bytearray, back: int, length: int) -> None:
    """Append `length` bytes that begin `back` before the end; they may overlap what they make."""
    if back > len(out):
        raise ValueError("it refers to before its beginning")
    start = len(out) - back
    pattern = out[start : start + length]
    while len(pattern) < length:
        pattern += pattern[: length - len(pattern)]
    out += pattern
