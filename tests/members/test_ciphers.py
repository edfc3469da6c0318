"""The vectors of the standards (CR-08)."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from members import ciphers

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (
            b"abcd" * 16,
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
        ),
    ],
)
def test_sm3_gives_the_digests_of_gbt_32905(message, digest):
    sm3 = hashes.Hash(hashes.SM3())
    sm3.update(message)

    assert sm3.finalize().hex() == digest


@pytest.mark.parametrize(
    ("key", "message", "digest"),
    [
        (
            bytes(range(1, 33)),
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2,
            "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a",
        ),
        (
            bytes(range(1, 38)),
            b"\xcd" * 50,
            "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae",
        ),
    ],
)
def test_the_keyed_hash_gives_the_values_of_gmt_0042(key, message, digest):
    assert ciphers.keyed_hash(key, message).hex() == digest


def test_sm4_gives_the_block_of_gbt_32907():
    # The first block of a counter mode is the cipher of the counter itself.
    counter = Cipher(algorithms.SM4(KEY), modes.CTR(KEY)).encryptor()

    assert counter.update(bytes(16)).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_gives_the_values_of_rfc_8998():
    nonce = bytes.fromhex("00001234567800000000abcd")
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = b"".join(bytes([byte]) * 8 for byte in b"\xaa\xbb\xcc\xdd\xee\xff\xee\xaa")
    expected = (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )

    body = ciphers.encrypt(ciphers.SM4, KEY, nonce, plain, associated)

    assert body.hex() == expected
    assert ciphers.decrypt(ciphers.SM4, KEY, nonce, body, associated) == plain


def test_aes_gcm_gives_the_values_of_its_specification():  # test case 16, 256-bit key
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )

    body = ciphers.encrypt(ciphers.AES256, key, nonce, plain, associated)

    assert body[-16:].hex() == "76fc6ece0f4e1768cddf8853bb2d551b"
    assert ciphers.decrypt(ciphers.AES256, key, nonce, body, associated) == plain


@pytest.mark.parametrize("version", [ciphers.SM4, ciphers.AES256])
def test_whatever_changes_nothing_opens(version):
    key, nonce = bytes(ciphers.KEY_BYTES[version]), bytes(12)
    body = ciphers.encrypt(version, key, nonce, b"text", b"here")

    for wrong in (
        (b"\1" + key[1:], nonce, body, b"here"),
        (key, b"\1" + nonce[1:], body, b"here"),
        (key, nonce, b"\1" + body[1:], b"here"),
        (key, nonce, body[:-1], b"here"),
        (key, nonce, body[:15], b"here"),
        (key, nonce, body, b"there"),
    ):
        with pytest.raises(ciphers.OpeningError):
            ciphers.decrypt(version, *wrong)


def test_each_purpose_has_a_key_of_its_own():
    purposes = [
        ("seal", "1"),
        ("seal", "2"),
        ("index", "a", "b"),
        ("index", "ab"),
        ("index", "a"),
    ]

    assert len({ciphers.derive(b"k" * 32, 32, *purpose) for purpose in purposes}) == 5


def test_joined_texts_are_never_alike_for_different_lists():
    lists = [
        ("ab", "c"),
        ("a", "bc"),
        ("abc",),
        ("abc", ""),
        ("", "abc"),
        ("a", "b", "c"),
    ]

    assert len({ciphers.join(*texts) for texts in lists}) == len(lists)
