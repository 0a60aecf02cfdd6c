"""An authority of our own for connections between the parts: it signs who is who, and nothing outside trusts it."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3_650
CERTIFICATE_DAYS = 730
HERE = ("localhost", "127.0.0.1")
"""What each door is called as well from the machine that it runs on."""


class Authority:
    """Keeps its key and certificate as `ca.key` and `ca.crt` in a folder, made when they are not there."""

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self._now = now or datetime.now(UTC)
        key, certificate = folder / "ca.key", folder / "ca.crt"
        if not key.exists():
            write(key, _private(self._made(certificate)))
        loaded = load_pem_private_key(key.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        self._key = loaded
        self._certificate = x509.load_pem_x509_certificate(certificate.read_bytes())

    def sign(self, folder: Path, name: str, *also: str) -> None:
        """Makes NAME.key and NAME.crt for a part that is called `name`, and `also` so; both ways, to call and to be
        called. What is there already stays."""
        path = folder / f"{name}.crt"
        if path.exists() and (folder / f"{name}.key").exists():
            return
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(name, CERTIFICATE_DAYS)
            .public_key(key.public_key())
            .issuer_name(self._certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([_called(each) for each in (name, *also, *HERE)]), critical=False
            )
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        write(folder / f"{name}.key", _private(key))
        write(path, certificate.public_bytes(Encoding.PEM))

    def _made(self, path: Path) -> ec.EllipticCurvePrivateKey:
        key = ec.generate_private_key(ec.SECP256R1())
        name = "Speerpunt local authority"
        certificate = (
            self._builder(name, AUTHORITY_DAYS)
            .public_key(key.public_key())
            .issuer_name(_named(name))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=False, content_commitment=False, key_encipherment=False,
                    data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
                    encipher_only=False, decipher_only=False,
                ),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        write(path, certificate.public_bytes(Encoding.PEM))
        return key

    def _builder(self, name: str, days: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(minutes=5))
            .not_valid_after(self._now + timedelta(days=days))
        )


def write(path: Path, content: bytes) -> None:
    """Writes a file that never was readable for others, whole or not at all."""
    partial = path.with_name(f".{path.name}.new")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_bytes(content)
    partial.rename(path)


def ends(path: Path) -> datetime:
    """The moment until which a certificate is good."""
    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _called(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
