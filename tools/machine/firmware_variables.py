"""Puts the owner's certificate into the variables of a UEFI firmware for QEMU, and turns Secure Boot on.

The format is that of EDK2's non-volatile variables: MdeModulePkg/Include/Guid/VariableFormat.h. The
lists of certificates are those of the UEFI Specification 2.10, 32.4.1.
"""

import struct
import uuid

GLOBAL = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
SECURITY_DATABASE = uuid.UUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
# EDK2's own switch, which it keeps beside the keys: SecurityPkg/Include/Guid/AuthenticatedVariableFormat.h.
SECURE_BOOT_ENABLE = uuid.UUID("f0a30bc7-af08-4556-99c4-001009c93a44")
X509 = uuid.UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")
# Who has put a certificate into a list: any number is as good.
OWNER = uuid.UUID("6661726a-756d-7000-0000-000000000000")
AUTHENTICATED_STORE = uuid.UUID("aaf32c78-947b-439a-a180-2e144ec37792").bytes_le

KEPT, BOOT_SERVICES, RUNTIME, BY_TIME = 1, 2, 4, 0x20
ADDED = 0x3F
# The date of the lists: a later one may replace them.
DATE = struct.pack("<HBBBBB9x", 2020, 1, 1, 0, 0, 0)


def variable(vendor, name, data, attributes):
    """Returns the bytes of a variable, without those that align the next one."""
    name = name.encode("utf-16le") + b"\0\0"
    date = DATE if attributes & BY_TIME else bytes(16)
    return struct.pack("<HBxIQ16sIII16s", 0x55AA, ADDED, attributes, 0, date, 0, len(name), len(data),
                       vendor.bytes_le) + name + data


def certificates(certificate):
    """Returns a list with one certificate."""
    size = 16 + len(certificate)
    return struct.pack("<16sIII16s", X509.bytes_le, 28 + size, 0, size, OWNER.bytes_le) + certificate


def with_owner(store, certificate):
    """Returns a store without variables with this certificate, in DER, as platform key, key exchange
    key and only allowed signer, and Secure Boot on."""
    header_bytes, = struct.unpack_from("<H", store.ljust(50, b"\0"), 48)
    if store[40:44] != b"_FVH" or store[header_bytes:header_bytes + 16] != AUTHENTICATED_STORE:
        raise ValueError("this isn't a file of OVMF's variables")
    at = header_bytes + 28
    if store[at:at + 2] != b"\xff\xff":
        raise ValueError("this file of OVMF's variables isn't empty")
    listed = KEPT | BOOT_SERVICES | RUNTIME | BY_TIME
    keys = certificates(certificate)
    store = bytearray(store)
    for bytes_ in (variable(SECURITY_DATABASE, "db", keys, listed),
                   variable(GLOBAL, "KEK", keys, listed),
                   variable(GLOBAL, "PK", keys, listed),
                   variable(SECURE_BOOT_ENABLE, "SecureBootEnable", b"\1", KEPT | BOOT_SERVICES)):
        store[at:at + len(bytes_)] = bytes_
        at = (at + len(bytes_) + 3) & ~3
    return bytes(store)
