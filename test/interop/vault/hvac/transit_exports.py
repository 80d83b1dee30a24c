"""What leaves Vault's transit engine by hvac, and what ends in it."""

import hmac

from hvac.exceptions import Forbidden, InvalidRequest

from keys import encrypt, key, read, transit
from steps import b64, exporter, holds, main, refused, same, step, unb64

# who may export keys is said by name: nobody does by another role, not even the first administrator
exports = exporter().secrets.transit


@step
def an_exported_hmac_key_gives_the_same_hmac():
    name = key(exportable=True)
    keys = exports.export_key(name, key_type="hmac-key")["data"]["keys"]
    made = transit.generate_hmac(name, hash_input=b64("coded"))["data"]["hmac"]
    expected = hmac.new(unb64(keys["1"]), b"coded", "sha256").digest()
    same(unb64(made.split(":")[2]), expected)


@step
def exportable_keys_are_exported_and_others_not():
    name = key(exportable=True)
    transit.rotate_key(name)
    data = exports.export_key(name, key_type="encryption-key")["data"]
    holds(data, name=name)
    same({version: len(unb64(text)) for version, text in data["keys"].items()}, {"1": 32, "2": 32})
    same(list(exports.export_key(name, key_type="encryption-key", version="1")["data"]["keys"]), ["1"])
    same(list(exports.export_key(name, key_type="encryption-key", version="latest")["data"]["keys"]), ["2"])
    curve = key(key_type="ecdsa-p256", exportable=True)
    assert "PRIVATE KEY-----" in exports.export_key(curve, key_type="signing-key")["data"]["keys"]["1"]
    refused(
        InvalidRequest,
        exports.export_key,
        key(),
        key_type="encryption-key",
        says="private key material is not exportable",
    )


@step
def old_versions_are_trimmed():
    name = key()
    first = encrypt(name, "first")
    for _ in range(3):
        transit.rotate_key(name)
    refused(InvalidRequest, transit.trim_key, name, min_version=3)
    # hvac wants a minimum for encryption above the one for decryption
    transit.update_key_configuration(name, min_decryption_version=3, min_encryption_version=4)
    transit.trim_key(name, min_version=3)
    holds(read(name), min_available_version=3, latest_version=4)
    refused(InvalidRequest, transit.update_key_configuration, name, min_decryption_version=1)
    refused(InvalidRequest, transit.decrypt_data, name, ciphertext=first)


@step
def nobody_exports_by_another_role():
    refused(Forbidden, transit.export_key, key(exportable=True), key_type="encryption-key")


main()
