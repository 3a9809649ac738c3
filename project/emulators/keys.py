"""The private keys that a demo's emulators and its hub both need, kept from one run to the next."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def kept_rsa(file: Path) -> rsa.RSAPrivateKey:
    key = _kept(file) or _keep(file, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{file} is no RSA key")
    return key


def kept_ec(file: Path) -> ec.EllipticCurvePrivateKey:
    key = _kept(file) or _keep(file, ec.generate_private_key(ec.SECP256R1()))
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{file} is no EC key")
    return key


def pem_of(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _kept(file: Path) -> object:
    return serialization.load_pem_private_key(file.read_bytes(), None) if file.exists() else None


def _keep(file: Path, key: PrivateKey) -> PrivateKey:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(pem_of(key))
    return key
