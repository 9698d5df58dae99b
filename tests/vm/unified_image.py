# SPDX-License-Identifier: GPL-2.0-or-later
"""Unified kernel images (UAPI.5) with nothing but what a loader of their kernel looks at."""

import struct

_PE_AT = 0x80
_COFF = struct.Struct("<4sHHIIIHH")
_SECTION = struct.Struct("<8sIIII16x")
_AMD64 = 0x8664


def unified_image(sections: dict[str, bytes]) -> bytes:
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", _PE_AT)
    head = head.ljust(_PE_AT, b"\0")
    head += _COFF.pack(b"PE\0\0", _AMD64, len(sections), 0, 0, 0, 0, 0)
    at = len(head) + _SECTION.size * len(sections)
    contents = b""
    for name, content in sections.items():
        head += _SECTION.pack(name.encode(), len(content), 0x1000, len(content), at + len(contents))
        contents += content
    return head + contents
