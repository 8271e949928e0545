"""TLS on loopback: an authority that is made at start, and a certificate of its for 127.0.0.1.

Azure's libraries send a token over https alone. A process that is started later trusts the authority by
SSL_CERT_FILE; aiohttp, on which the libraries run, has its context since it was imported, so within this one
process the authority is added to that.
"""

import ipaddress
import pathlib
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache

from aiohttp import connector
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LIFE = timedelta(days=30)
_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mtd stand-ins on this machine")])


@cache
def context() -> ssl.SSLContext:
    """What the stand-ins serve by; from now on this process trusts it."""
    served, trusted = _made()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "served.pem"
        path.write_bytes(served)
        made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        made.load_cert_chain(path)
    connector._SSL_CONTEXT_VERIFIED.load_verify_locations(cadata=trusted.decode())
    return made


@cache
def _made() -> tuple[bytes, bytes]:
    """The key with its certificate, and the authority's certificate alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate, certificate


def authority() -> bytes:
    """The certificate to trust, in PEM."""
    return _made()[1]
