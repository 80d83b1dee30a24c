"""What hvac does with Vault's method for client certificates, over TLS."""

import os

from hvac.exceptions import InvalidPath, InvalidRequest

from steps import client, done, fresh, holds, main, refused, same, step

SERVER_CA = os.environ["VAULT_CACERT"]
CLIENTS_CA = os.environ["VAULT_TEST_CLIENTS_CA"]
CERT = os.environ["VAULT_TEST_CLIENT_CERT"]
KEY = os.environ["VAULT_TEST_CLIENT_KEY"]

vault = client(verify=SERVER_CA)
cert = vault.auth.cert


def method():
    """The path of a new method of this kind."""
    path = fresh("cert")
    done(vault.sys.enable_auth_method("cert", path=path))
    return path


def role(at, **options):
    name = fresh("role")
    with open(CLIENTS_CA, encoding="ascii") as file:
        done(cert.create_ca_certificate_role(name, certificate=file.read(), mount_point=at, **options))
    return name


def login(at, **options):
    """What a workload without a token gets, and the client that has it."""
    nobody = client(verify=SERVER_CA)
    nobody.token = None
    answer = nobody.auth.cert.login(cert_pem=CERT, key_pem=KEY, mount_point=at, **options)
    return nobody, answer["auth"]


@step
def gives_a_token_for_a_certificate():
    at = method()
    name = role(at, token_policies=["web"], allowed_common_names="we*", token_ttl="1h")
    worker, auth = login(at, name=name)
    same(auth["policies"], ["default", "web"])
    same(auth["metadata"]["cert_name"], name)
    same(auth["metadata"]["common_name"], "web")
    same(auth["lease_duration"], 3600)
    same(worker.auth.token.lookup_self()["data"]["path"], f"auth/{at}/login")


@step
def finds_the_role_by_itself():
    at = method()
    role(at, allowed_common_names="db")
    name = role(at, allowed_common_names="web")
    same(login(at)[1]["metadata"]["cert_name"], name)


@step
def refuses_names_of_no_role():
    at = method()
    role(at, allowed_common_names="db")
    refused(InvalidRequest, login, at)


@step
def refuses_who_shows_nothing():
    at = method()
    role(at)
    refused(InvalidRequest, vault.write, f"auth/{at}/login")


@step
def reads_lists_and_deletes_roles():
    at = method()
    name = role(at, display_name="the web")
    same(cert.read_ca_certificate_role(name, mount_point=at)["data"]["display_name"], "the web")
    same(cert.list_certificate_roles(mount_point=at)["data"]["keys"], [name])
    done(cert.delete_certificate_role(name, mount_point=at))
    refused(InvalidPath, cert.read_ca_certificate_role, name, mount_point=at)


@step
def renews_with_the_certificate_alone():
    at = method()
    role(at, token_ttl="1h")
    worker, _ = login(at)
    refused(InvalidRequest, worker.auth.token.renew_self)
    done(cert.configure_tls_certificate(mount_point=at, disable_binding=True))
    holds(worker.auth.token.renew_self()["auth"], lease_duration=3600)


main()
