"""Write the files that docker-compose.yml calls secrets, unless they are there.

Keep a copy of `keys/ring.json` and of `secrets/sealing_kek`, each in a place of its own,
apart from the backups of the database: without both, sealed fields stay closed for ever
(docs/keys.md). Replace `tls_certificate` and `tls_key`, which are self-signed, by those of
your host, and so `tls_sm2_certificate` and `tls_sm2_key` if you serve with them (CR-12).
"""

import secrets
import sys
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import crypto

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from members.key_files import ensure_key_ring  # noqa: E402 - found by the line above

FOLDER = ROOT / "deploy" / "secrets"
RING = ROOT / "deploy" / "keys" / "ring.json"  # a folder of its own: see docs/keys.md

SM2_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
# A private key of SM2 in PKCS #8, but for its 32 bytes at the end.
SM2_KEY = bytes.fromhex(
    "3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420"
)


def main() -> None:
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    write("secret_key", secrets.token_urlsafe(50))
    passwords = {
        name: write(f"{name}_password", secrets.token_urlsafe(32))
        for name in ("postgres", "owner", "runner", "redis")
    }
    for name, role in (("database_owner_url", "owner"), ("database_url", "runner")):
        write(name, f"postgresql://portal_{role}:{passwords[role]}@postgres/portal")
    write("email_url", "")  # empty: no mail leaves; see docs/operations.md
    write("redis_url", f"redis://:{passwords['redis']}@redis:6379/0")
    make_ring(FOLDER / "sealing_kek")
    host = sys.argv[1] if len(sys.argv) > 1 else "localhost"
    for name, make in (("tls", self_signed), ("tls_sm2", self_signed_sm2)):
        if not (FOLDER / f"{name}_key").exists():
            certificate, key = make(host)
            write(f"{name}_certificate", certificate)
            write(f"{name}_key", key)
    # The containers read these as accounts of their own; nobody else enters the folder.
    for file in FOLDER.iterdir():
        file.chmod(0o444)
    sys.stdout.write(f"The secrets are in {FOLDER}.\n")


def make_ring(kek: Path) -> None:
    """The ring, which all containers read and the service `keys` replaces."""
    RING.parent.mkdir(exist_ok=True)
    RING.parent.chmod(0o755)
    if (earlier := FOLDER / "sealing_ring").exists():
        earlier.rename(RING)
    if kek.exists():
        kek.chmod(0o400)
    ensure_key_ring(RING, kek)
    RING.chmod(0o444)  # worth nothing without the key in the other folder


def write(name: str, text: str) -> str:
    """The text of the file: `text`, or what was there before."""
    file = FOLDER / name
    if not file.exists():
        file.write_text(text)
    return file.read_text()


def self_signed(host: str) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=365))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(
        serialization.Encoding.PEM
    ).decode(), private.decode()


def self_signed_sm2(host: str) -> tuple[str, str]:
    """The same certificate for a key of SM2, signed by SM2 with SM3.

    `cryptography` makes neither. The OpenSSL in it does, by way of pyOpenSSL, which calls
    these functions outdated without naming others for SM2.
    """
    number = 1 + secrets.randbelow(SM2_ORDER - 2)  # 1 to n - 2, as GB/T 32918 asks
    key = crypto.load_privatekey(
        crypto.FILETYPE_ASN1, SM2_KEY + number.to_bytes(32, "big")
    )
    ordinary, _key = self_signed(host)
    certificate = crypto.load_certificate(crypto.FILETYPE_PEM, ordinary.encode())
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        certificate.set_pubkey(key)
        certificate.sign(key, "sm3")
        private = crypto.dump_privatekey(crypto.FILETYPE_PEM, key)
    public = crypto.dump_certificate(crypto.FILETYPE_PEM, certificate)
    return public.decode(), private.decode()


if __name__ == "__main__":
    main()
