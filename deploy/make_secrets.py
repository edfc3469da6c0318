"""Write the files that docker-compose.yml calls secrets, unless they are there.

Keep a copy of `keys/ring.json` and of `secrets/sealing_kek`, each in a place of its own,
apart from the backups of the database: without both, sealed fields stay closed for ever
(docs/keys.md). Replace `tls_certificate` and `tls_key`, which are self-signed, by those of
your host.
"""

import secrets
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from members.key_files import ensure_key_ring  # noqa: E402 - found by the line above

FOLDER = ROOT / "deploy" / "secrets"
RING = ROOT / "deploy" / "keys" / "ring.json"  # a folder of its own: see docs/keys.md


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
    if not (FOLDER / "tls_key").exists():
        certificate, key = self_signed(
            sys.argv[1] if len(sys.argv) > 1 else "localhost"
        )
        write("tls_certificate", certificate)
        write("tls_key", key)
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


if __name__ == "__main__":
    main()
