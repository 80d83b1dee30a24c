"""What hvac does with Vault's response wrapping and its cubbyhole."""

import time

from hvac.exceptions import InvalidRequest, VaultError
from steps import client, fresh, holds, main, refused, same, step, stranger

vault = client()


def wrap(ttl=60, **payload):
    return vault.sys.wrap(payload, ttl=ttl)["wrap_info"]


@step
def a_wrapped_payload_is_opened_once():
    info = wrap(password="p", nested={"n": 1})
    holds(info, ttl=60, creation_path="sys/wrapping/wrap")
    assert info["token"] and info["accessor"] and info["creation_time"], info
    same(client(info["token"]).sys.unwrap()["data"], {"password": "p", "nested": {"n": 1}})
    refused(
        InvalidRequest, client(info["token"]).sys.unwrap, says="wrapping token is not valid or does not exist"
    )
    refused(
        InvalidRequest, vault.sys.unwrap, info["token"], says="wrapping token is not valid or does not exist"
    )


@step
def a_client_with_a_token_of_its_own_opens_it():
    info = wrap(value="v")
    same(vault.sys.unwrap(info["token"])["data"], {"value": "v"})


@step
def a_new_token_is_wrapped():
    info = vault.auth.token.create(policies=["default"], ttl="1h", wrap_ttl="60s")["wrap_info"]
    assert info["wrapped_accessor"], info
    auth = client(info["token"]).sys.unwrap()["auth"]
    same(auth["accessor"], info["wrapped_accessor"])
    same(client(auth["client_token"]).is_authenticated(), True)


@step
def any_read_is_wrapped():
    name = fresh("key")
    vault.secrets.transit.create_key(name)
    answer = vault.read(f"transit/keys/{name}", wrap_ttl="60s")
    assert not answer["data"], answer
    same(answer["wrap_info"]["creation_path"], f"transit/keys/{name}")
    same(client(answer["wrap_info"]["token"]).sys.unwrap()["data"]["name"], name)


@step
def a_wrapping_token_is_looked_up_without_opening_it():
    info = wrap(value="v")
    data = stranger().write_data("sys/wrapping/lookup", data={"token": info["token"]})["data"]
    holds(data, creation_path="sys/wrapping/wrap", creation_ttl=60)
    same(vault.sys.unwrap(info["token"])["data"], {"value": "v"})


@step
def a_wrapping_token_is_changed_for_a_new_one():
    info = wrap(value="v")
    again = vault.write_data("sys/wrapping/rewrap", data={"token": info["token"]})["wrap_info"]
    refused(InvalidRequest, vault.sys.unwrap, info["token"])
    same(vault.sys.unwrap(again["token"])["data"], {"value": "v"})


@step
def a_wrapping_token_ends_by_itself():
    info = wrap(ttl=1, value="v")
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            stranger().write_data("sys/wrapping/lookup", data={"token": info["token"]})
        except InvalidRequest:
            break
        time.sleep(0.1)
    refused(InvalidRequest, vault.sys.unwrap, info["token"])


@step
def a_wrapping_token_does_nothing_else():
    own = client(wrap(value="v")["token"])
    refused(VaultError, own.secrets.transit.list_keys)
    refused(VaultError, client("hvs.unknown").sys.unwrap)


@step
def a_cubbyhole_is_its_tokens_own():
    own, other = (
        client(vault.auth.token.create(policies=["default"], ttl="1h")["auth"]["client_token"])
        for _ in range(2)
    )
    own.write_data("cubbyhole/mine", data={"note": "n"})
    same(own.read("cubbyhole/mine")["data"], {"note": "n"})
    same(own.list("cubbyhole/")["data"]["keys"], ["mine"])
    same(other.read("cubbyhole/mine"), None)
    own.delete("cubbyhole/mine")
    same(own.read("cubbyhole/mine"), None)


main()
