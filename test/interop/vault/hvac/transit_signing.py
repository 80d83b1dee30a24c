"""What else hvac does with Vault's transit engine: signing, coding, hashing."""

import hashlib

from keys import key, read, transit
from steps import b64, holds, main, same, step, unb64

SIGNING = ["ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "rsa-3072", "rsa-4096"]
CURVES = {"ecdsa-p256": "P-256", "ecdsa-p384": "P-384", "ecdsa-p521": "P-521", "ed25519": "ed25519"}


@step
def signing_keys_of_all_types():
    for kind in SIGNING:
        name = key(key_type=kind)
        data = read(name)
        holds(data, type=kind, supports_signing=True, supports_encryption=kind.startswith("rsa"))
        version = data["keys"]["1"]
        same(version["name"], CURVES.get(kind, kind))
        if kind == "ed25519":
            same(len(unb64(version["public_key"])), 32)
        else:
            assert version["public_key"].startswith("-----BEGIN PUBLIC KEY-----\n"), version
        signed = transit.sign_data(name, hash_input=b64("signed"))["data"]
        assert signed["signature"].startswith("vault:v1:"), signed
        checked = transit.verify_signed_data(name, hash_input=b64("signed"), signature=signed["signature"])
        same(checked["data"]["valid"], True, kind)
        other = transit.verify_signed_data(name, hash_input=b64("Signed"), signature=signed["signature"])
        same(other["data"]["valid"], False, kind)


@step
def signatures_in_all_forms():
    rsa, curve = key(key_type="rsa-2048"), key(key_type="ecdsa-p256")
    digest = b64(hashlib.sha256(b"document").digest())
    forms = [
        (rsa, {"signature_algorithm": "pss"}),
        (rsa, {"signature_algorithm": "pss", "salt_length": "hash"}),
        (rsa, {"signature_algorithm": "pss", "salt_length": "32"}),
        (rsa, {"signature_algorithm": "pkcs1v15"}),
        (rsa, {"signature_algorithm": "pkcs1v15", "hash_algorithm": "sha2-512"}),
        (curve, {"hash_algorithm": "sha2-384"}),
        (curve, {"marshaling_algorithm": "jws"}),
    ]
    for name, options in forms:
        signature = transit.sign_data(name, hash_input=b64("document"), **options)["data"]["signature"]
        checked = transit.verify_signed_data(name, hash_input=b64("document"), signature=signature, **options)
        same(checked["data"]["valid"], True, str(options))
        if "hash_algorithm" in options:
            continue
        checked = transit.verify_signed_data(
            name, hash_input=digest, signature=signature, prehashed=True, **options
        )
        same(checked["data"]["valid"], True, f"prehashed {options}")
        again = transit.sign_data(name, hash_input=digest, prehashed=True, **options)["data"]["signature"]
        checked = transit.verify_signed_data(name, hash_input=b64("document"), signature=again, **options)
        same(checked["data"]["valid"], True, f"signed prehashed {options}")


@step
def a_jws_signature_has_a_fixed_width():
    name = key(key_type="ecdsa-p256")
    signed = transit.sign_data(name, hash_input=b64("x"), marshaling_algorithm="jws")["data"]["signature"]
    text = signed.split(":")[2]
    assert not set(text) & set("+/="), text
    same(len(text), 86)


@step
def signatures_stay_valid_after_a_rotation():
    name = key(key_type="ed25519")
    old = transit.sign_data(name, hash_input=b64("kept"))["data"]["signature"]
    transit.rotate_key(name)
    new = transit.sign_data(name, hash_input=b64("kept"))["data"]["signature"]
    assert new.startswith("vault:v2:"), new
    for signature in (old, new):
        same(
            transit.verify_signed_data(name, hash_input=b64("kept"), signature=signature)["data"]["valid"],
            True,
        )


@step
def hmacs_are_made_and_checked():
    name = key()
    for algorithm in ("sha2-224", "sha2-256", "sha2-384", "sha2-512"):
        made = transit.generate_hmac(name, hash_input=b64("coded"), algorithm=algorithm)["data"]["hmac"]
        assert made.startswith("vault:v1:"), made
        options = {"hash_algorithm": algorithm, "hmac": made}
        same(
            transit.verify_signed_data(name, hash_input=b64("coded"), **options)["data"]["valid"],
            True,
            algorithm,
        )
        same(
            transit.verify_signed_data(name, hash_input=b64("Coded"), **options)["data"]["valid"],
            False,
            algorithm,
        )


@step
def data_is_hashed():
    for algorithm, name in [
        ("sha2-224", "sha224"),
        ("sha2-256", "sha256"),
        ("sha2-384", "sha384"),
        ("sha2-512", "sha512"),
    ]:
        expected = hashlib.new(name, b"hashed")
        data = transit.hash_data(b64("hashed"), algorithm=algorithm, output_format="hex")["data"]
        same(data["sum"], expected.hexdigest())
        data = transit.hash_data(b64("hashed"), algorithm=algorithm, output_format="base64")["data"]
        same(unb64(data["sum"]), expected.digest())


@step
def random_bytes_are_given():
    same(len(unb64(transit.generate_random_bytes(n_bytes=48)["data"]["random_bytes"])), 48)
    text = transit.generate_random_bytes(n_bytes=16, output_format="hex")["data"]["random_bytes"]
    same(len(bytes.fromhex(text)), 16)


main()
