"""Keys of Vault's transit engine, as the themes make and use them."""

from steps import b64, client, fresh, unb64

vault = client()
transit = vault.secrets.transit


def key(word="key", **options):
    """The name of a new key."""
    name = fresh(word)
    transit.create_key(name, **options)
    return name


def read(name):
    return transit.read_key(name)["data"]


def encrypt(name, text, **options):
    return transit.encrypt_data(name, plaintext=b64(text), **options)["data"]["ciphertext"]


def decrypt(name, ciphertext, **options):
    return unb64(transit.decrypt_data(name, ciphertext=ciphertext, **options)["data"]["plaintext"]).decode()
