"""What hvac asks of Vault's sys paths."""

import time

from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, VaultError
from steps import client, done, fresh, holds, main, refused, same, step, stranger

vault = client()


@step
def the_server_is_healthy():
    body = stranger().sys.read_health_status(method="GET")
    holds(body, initialized=True, sealed=False, standby=False)
    for name in (
        "version",
        "cluster_name",
        "cluster_id",
        "server_time_utc",
        "replication_performance_mode",
        "replication_dr_mode",
    ):
        assert name in body, f"no {name!r} among {sorted(body)}"
    same(stranger().sys.read_health_status().status_code, 200)
    same(stranger().sys.read_health_status(method="GET", active_code=299).status_code, 299)


@step
def the_seal_is_open():
    body = stranger().sys.read_seal_status()
    holds(body, sealed=False, initialized=True, progress=0)
    for name in ("type", "t", "n", "nonce", "version", "storage_type"):
        assert name in body, f"no {name!r} among {sorted(body)}"
    same(stranger().sys.is_sealed(), False)
    same(stranger().sys.is_initialized(), True)
    same(vault.seal_status["sealed"], False)


@step
def there_is_a_leader():
    holds(stranger().sys.read_leader_status(), ha_enabled=False)
    same(vault.ha_status["ha_enabled"], False)


@step
def engines_are_listed():
    body = vault.sys.list_mounted_secrets_engines()
    for mounts in (body, body["data"]):
        same(
            {path: mounts[path]["type"] for path in ("transit/", "sys/", "cubbyhole/")},
            {"transit/": "transit", "sys/": "system", "cubbyhole/": "cubbyhole"},
        )
        holds(mounts["transit/"], local=False, seal_wrap=False)
        assert {"accessor", "description", "config", "options", "uuid"} <= set(mounts["transit/"]), mounts[
            "transit/"
        ]


def wait_for_move(migration):
    """Asks until the move of an engine has ended."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        info = vault.read(f"sys/remount/status/{migration}")["data"]["migration_info"]
        if info["status"] != "in-progress":
            break
        time.sleep(0.05)
    same(info["status"], "success")


@step
def an_engine_comes_and_goes():
    path = fresh("keys")
    done(vault.sys.enable_secrets_engine("transit", path=path, description="keys of one team"))
    same(vault.sys.list_mounted_secrets_engines()["data"][f"{path}/"]["description"], "keys of one team")
    vault.secrets.transit.create_key("k", mount_point=path)
    same(vault.secrets.transit.list_keys(mount_point=path)["data"]["keys"], ["k"])
    refused(
        InvalidRequest, vault.sys.enable_secrets_engine, "transit", path=path, says="path is already in use"
    )
    other = fresh("moved")
    moving = vault.sys.move_backend(path, other)
    wait_for_move(moving["data"]["migration_id"])
    same(vault.secrets.transit.read_key("k", mount_point=other)["data"]["name"], "k")
    done(vault.sys.disable_secrets_engine(other))
    assert f"{other}/" not in vault.sys.list_mounted_secrets_engines()["data"]


@step
def an_engine_is_tuned():
    path = fresh("kv")
    vault.sys.enable_secrets_engine("kv", path=path, options={"version": "2"})
    done(
        vault.sys.tune_mount_configuration(
            path, default_lease_ttl="1h", max_lease_ttl="2h", description="tuned"
        )
    )
    body = vault.sys.read_mount_configuration(path)
    holds(body["data"], default_lease_ttl=3600, max_lease_ttl=7200, description="tuned")
    holds(body, default_lease_ttl=3600)
    same(body["data"]["options"], {"version": "2"})


@step
def an_unknown_engine_is_refused():
    refused(VaultError, vault.sys.enable_secrets_engine, "no-such-engine", path=fresh("x"))


@step
def methods_are_listed():
    body = vault.sys.list_auth_methods()
    for methods in (body, body["data"]):
        same(methods["token/"]["type"], "token")


@step
def a_method_comes_and_goes():
    path = fresh("people")
    done(vault.sys.enable_auth_method("userpass", path=path, description="people"))
    same(vault.sys.list_auth_methods()["data"][f"{path}/"]["type"], "userpass")
    done(vault.sys.tune_auth_method(path, default_lease_ttl="30m"))
    same(vault.sys.read_auth_method_tuning(path)["data"]["default_lease_ttl"], 1800)
    done(vault.sys.disable_auth_method(path))
    assert f"{path}/" not in vault.sys.list_auth_methods()["data"]


@step
def unknown_paths_are_absent():
    same(vault.read("nowhere/at/all"), None)
    refused(InvalidPath, vault.write_data, "nowhere/at/all", data={"a": "b"}, says="no handler for route")
    refused(Forbidden, stranger().write_data, "nowhere/at/all", data={"a": "b"})


@step
def nobody_lists_engines():
    refused(Forbidden, stranger().sys.list_mounted_secrets_engines)


main()
