"""Who is who: the key by which two rows are the same passenger, and the side of the split.

Both work on whole Arrow columns, because a passenger list may have millions of rows.
"""

import zlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

HELD_OUT_PERCENT = 20

# What becomes of each byte of an ASCII text: capitals small, all but letters and digits a blank.
_PLAIN = bytes(
    ord(letter.lower()) if letter.isascii() and letter.isalnum() else ord(" ")
    for letter in map(chr, range(256))
)


def passenger_keys(
    name: pa.Array, ticket: pa.Array, source: pa.Array, source_id: pa.Array, line: pa.Array
) -> pa.Array:
    """One key per row: normalised name and ticket, or without a name the source and its own id.

    A row that has neither is known by its line, so that it equals nothing else in the same source.
    """
    plain_name = normalised(name)
    keys = pc.binary_join_element_wise(plain_name, normalised(ticket), "|")
    nameless = pc.equal(plain_name, "")
    if not pc.any(nameless).as_py():
        return keys
    own_id = pc.coalesce(
        pc.binary_join_element_wise("id", source_id, ""),
        pc.binary_join_element_wise("line", pc.cast(line, pa.string()), ""),
    )
    return pc.if_else(nameless, pc.binary_join_element_wise(source, own_id, "#"), keys)


def held_out(tickets: pa.Array, keys: pa.Array) -> pa.Array:
    """True for the fifth of all normalised tickets that no model is ever trained on.

    The ticket decides, so a family stays on one side and no passenger changes sides when data is
    added. Without a ticket the passenger's key does.
    """
    deciding = pc.if_else(pc.equal(tickets, ""), keys, tickets).cast(pa.binary())
    texts = deciding.to_numpy(zero_copy_only=False)
    hundredths = np.fromiter(map(zlib.crc32, texts), np.int64, count=len(texts)) % 100
    return pa.array(hundredths < HELD_OUT_PERCENT)


def normalised(text: pa.Array) -> pa.Array:
    """Lower case, letters and digits only, single blanks; nothing becomes the empty text."""
    text = pc.fill_null(text, "")
    if pc.all(pc.string_is_ascii(text)).as_py():
        # The same result as below at a third of the cost, which shows at millions of rows.
        plain = pc.binary_join(pc.ascii_split_whitespace(_plain_ascii(text)), " ")
    else:
        plain = pc.replace_substring_regex(pc.utf8_lower(text), r"[^\pL\pN]+", " ")
    return pc.utf8_trim_whitespace(plain)


def _plain_ascii(text: pa.Array) -> pa.Array:
    """The texts translated byte by byte, all in one go."""
    _, offsets, letters = text.buffers()
    plain = letters.to_pybytes().translate(_PLAIN) if letters else b""
    return pa.StringArray.from_buffers(len(text), offsets, pa.py_buffer(plain), offset=text.offset)
