"""A ZIP that a passphrase opens, opened by its specification (APPNOTE 4.3, WinZip AE-2), not by what wrote it."""

import struct
import zlib

from Crypto.Cipher import AES
from Crypto.Hash import HMAC, SHA1
from Crypto.Protocol.KDF import PBKDF2
from Crypto.Util import Counter


def opened(data: bytes, passphrase: str) -> tuple[str, bytes]:
    """Return name and content of its one member; raises ValueError for another passphrase or a changed byte."""
    end = struct.unpack("<4s4H2IH", data[-22:])
    assert end[0] == b"PK\x05\x06"
    central = data[end[6] : end[6] + end[5]]
    fields = struct.unpack("<4s6H3I5H2I", central[:46])
    method, size, name_length, extra_length, at = fields[4], fields[8], fields[10], fields[11], fields[16]
    name = central[46 : 46 + name_length].decode()
    extra = central[46 + name_length : 46 + name_length + extra_length]
    aes = extra[extra.index(b"\x01\x99") :][:11]
    assert (method, aes[6:8], aes[8]) == (99, b"AE", 3)  # AES with 256 bits
    local = struct.unpack("<4s5H3I2H", data[at : at + 30])
    body = data[at + 30 + local[9] + local[10] :][:size]
    salt, check, sealed, tag = body[:16], body[16:18], body[18:-10], body[-10:]
    keys = PBKDF2(passphrase.encode(), salt, 66, 1000, hmac_hash_module=SHA1)
    if check != keys[64:] or HMAC.new(keys[32:64], sealed, SHA1).digest()[:10] != tag:
        raise ValueError("not this passphrase, or not these bytes")
    plain = AES.new(keys[:32], AES.MODE_CTR, counter=Counter.new(128, little_endian=True)).decrypt(sealed)
    return name, zlib.decompress(plain, wbits=-15) if aes[9] == 8 else plain
