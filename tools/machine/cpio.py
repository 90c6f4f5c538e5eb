"""Makes archives of the kernel's first files: cpio, format newc.

Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
"""

import dataclasses
import stat

_MAGIC = b"070701"
_TRAILER = b"TRAILER!!!"
# The length of an archive is a multiple of this, as that of the program cpio.
_BLOCK_BYTES = 512
_HEADER_BYTES = 110


@dataclasses.dataclass
class Node:
    """A file of any kind, which may have several names.

    mode: type and permissions, as in `stat`.
    data: the content, or the target of a symbolic link.
    device: (major, minor) of a device.
    """
    mode: int
    data: bytes = b""
    mtime: int = 0
    device: tuple = (0, 0)


# The alignment of a content that the kernel can use in place.
_PAGE_BYTES = 4096
# The longest name with the zeros after it, also the limit of Linux: PATH_MAX.
_NAME_BYTES_MAX = 4096


def pack(names, in_place=False):
    """Returns the archive of `names`, a dictionary from path (bytes, without a slash at the
    start) to `Node`. Nodes with several names become hard links. All files belong to user and
    group 0. The archive depends only on the arguments. With `in_place`, contents of a page and
    more are aligned to pages where possible, by zeros after the name."""
    left = {}
    position = 0
    for node in names.values():
        left[id(node)] = left.get(id(node), 0) + 1
    links, numbers = dict(left), {}
    parts = []
    for name in sorted(names):
        node = names[name]
        number = numbers.setdefault(id(node), len(numbers) + 1)
        left[id(node)] -= 1
        # The last name has the content, as in archives of the program cpio.
        has_data = not stat.S_ISREG(node.mode) or not left[id(node)]
        data = node.data if has_data else b""
        zeros = 1
        if in_place and len(data) >= _PAGE_BYTES:
            zeros += -(position + _HEADER_BYTES + len(name) + 1) % _PAGE_BYTES
            zeros = zeros if len(name) + zeros <= _NAME_BYTES_MAX else 1
        parts.append(_entry(name + bytes(zeros), node, number, links[id(node)], data))
        position += len(parts[-1])
    parts.append(_entry(_TRAILER + b"\0", Node(0), 0, 1, b""))
    archive = b"".join(parts)
    return archive + bytes(-len(archive) % _BLOCK_BYTES)


def _entry(name, node, number, links, data):
    if len(data) >= 1 << 32:
        raise ValueError(f"{name!r} is too long for the format: {len(data)} bytes")
    fields = (number, node.mode, 0, 0, links, node.mtime, len(data), 0, 0, *node.device,
              len(name), 0)
    head = _MAGIC + b"".join(b"%08X" % field for field in fields) + name
    return _padded(head) + _padded(data)


def _padded(data):
    return data + bytes(-len(data) % 4)
