"""What hvac does with Vault's AppRole method."""

from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, VaultError

from steps import client, done, fresh, holds, main, refused, same, step, stranger

vault = client()
approle = vault.auth.approle


def method():
    """The path of a new method of this kind."""
    path = fresh("approle")
    done(vault.sys.enable_auth_method("approle", path=path))
    return path


def role(at, **options):
    name = fresh("role")
    done(approle.create_or_update_approle(name, mount_point=at, **options))
    return name


def secret(at, name, **options):
    return approle.generate_secret_id(name, mount_point=at, **options)["data"]


def login(at, role_id, secret_id):
    """What a workload without a token gets."""
    return stranger().auth.approle.login(role_id, secret_id, use_token=False, mount_point=at)["auth"]


def identity(at, name):
    return approle.read_role_id(name, mount_point=at)["data"]["role_id"]


@step
def a_workload_logs_in():
    at = method()
    name = role(at, token_policies=["default"], token_ttl="20m", token_max_ttl="30m")
    holds(
        approle.read_role(name, mount_point=at)["data"],
        bind_secret_id=True,
        token_policies=["default"],
        token_ttl=1200,
        token_max_ttl=1800,
    )
    one = secret(at, name, metadata={"host": "a"})
    assert one["secret_id"] and one["secret_id_accessor"], one
    auth = login(at, identity(at, name), one["secret_id"])
    holds(auth, lease_duration=1200, renewable=True, token_type="service", policies=["default"], orphan=True)
    holds(auth["metadata"], role_name=name, host="a")
    worker = client(auth["client_token"])
    holds(worker.auth.token.lookup_self()["data"], path=f"auth/{at}/login", orphan=True)


@step
def the_client_takes_the_token_itself():
    at = method()
    name = role(at, token_policies=["default"])
    worker = stranger()
    worker.auth.approle.login(identity(at, name), secret(at, name)["secret_id"], mount_point=at)
    same(worker.is_authenticated(), True)


@step
def wrong_secrets_open_nothing():
    at = method()
    name = role(at)
    good = secret(at, name)["secret_id"]
    refused(InvalidRequest, login, at, fresh("role-id"), good, says="invalid role or secret ID")
    refused(
        InvalidRequest, login, at, identity(at, name), fresh("secret-id"), says="invalid role or secret ID"
    )
    refused(InvalidRequest, login, at, identity(at, role(at)), good, says="invalid role or secret ID")


@step
def a_secret_is_used_up():
    at = method()
    name = role(at, secret_id_num_uses=1)
    one = secret(at, name)["secret_id"]
    login(at, identity(at, name), one)
    refused(VaultError, login, at, identity(at, name), one)


@step
def secrets_are_listed_looked_up_and_destroyed():
    at = method()
    name = role(at)
    one, two = secret(at, name, metadata={"n": "1"}), secret(at, name)
    same(
        sorted(approle.list_secret_id_accessors(name, mount_point=at)["data"]["keys"]),
        sorted([one["secret_id_accessor"], two["secret_id_accessor"]]),
    )
    holds(
        approle.read_secret_id(name, one["secret_id"], mount_point=at)["data"],
        secret_id_accessor=one["secret_id_accessor"],
        metadata={"n": "1"},
    )
    holds(
        approle.read_secret_id_accessor(name, two["secret_id_accessor"], mount_point=at)["data"],
        secret_id_accessor=two["secret_id_accessor"],
    )
    done(approle.destroy_secret_id(name, one["secret_id"], mount_point=at))
    done(approle.destroy_secret_id_accessor(name, two["secret_id_accessor"], mount_point=at))
    for gone in (one, two):
        refused(VaultError, login, at, identity(at, name), gone["secret_id"])


@step
def a_secret_of_the_callers_choice():
    at = method()
    name = role(at)
    mine = fresh("chosen-secret-id")
    same(approle.create_custom_secret_id(name, mine, mount_point=at)["data"]["secret_id"], mine)
    login(at, identity(at, name), mine)


@step
def a_role_id_of_the_callers_choice():
    at = method()
    name = role(at)
    mine = fresh("chosen-role-id")
    done(approle.update_role_id(name, mine, mount_point=at))
    same(identity(at, name), mine)
    login(at, mine, secret(at, name)["secret_id"])


@step
def roles_are_listed_and_deleted():
    at = method()
    refused(InvalidPath, approle.list_roles, mount_point=at)
    name = role(at)
    same(approle.list_roles(mount_point=at)["data"]["keys"], [name])
    one, role_id = secret(at, name)["secret_id"], identity(at, name)
    done(approle.delete_role(name, mount_point=at))
    refused(InvalidPath, approle.read_role, name, mount_point=at)
    refused(VaultError, login, at, role_id, one)


@step
def a_wrapped_secret_is_handed_over_once():
    at = method()
    name = role(at)
    wrapped = approle.generate_secret_id(name, wrap_ttl="60s", mount_point=at)["wrap_info"]
    opened = client(wrapped["token"]).sys.unwrap()["data"]
    login(at, identity(at, name), opened["secret_id"])
    refused(InvalidRequest, client(wrapped["token"]).sys.unwrap)


@step
def the_token_may_do_what_its_role_says():
    at = method()
    rules = fresh("rules")
    vault.sys.create_or_update_policy(rules, 'path "transit/random" { capabilities = ["update"] }')
    name = role(at, token_policies=[rules])
    worker = client(login(at, identity(at, name), secret(at, name)["secret_id"])["client_token"])
    assert worker.secrets.transit.generate_random_bytes(n_bytes=8)["data"]["random_bytes"]
    refused(Forbidden, worker.secrets.transit.list_keys)


main()
