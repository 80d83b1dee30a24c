"""What hvac does with Vault's tokens."""

from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, VaultError
from steps import client, done, fresh, holds, main, refused, same, step, stranger

vault = client()
token = vault.auth.token


def make(**options):
    """A new token: what `auth` says of it."""
    return token.create(**options)["auth"]


@step
def the_first_administrator_is_authenticated():
    same(vault.is_authenticated(), True)
    data = token.lookup_self()["data"]
    same(data["id"], vault.token)
    holds(data, type="service")
    # a root token of Vault's has no issue_time and no renewable
    members = "accessor creation_time creation_ttl display_name entity_id expire_time explicit_max_ttl meta num_uses orphan path policies ttl"
    for name in members.split():
        assert name in data, f"no {name!r} among {sorted(data)}"


@step
def nobody_else_is():
    for wrong in ("hvs.wrong", "x" * 200, "s.0123456789abcdefghijklmn"):
        same(client(wrong).is_authenticated(), False)
        refused(Forbidden, client(wrong).auth.token.lookup_self)
    same(stranger().is_authenticated(), False)
    refused(Forbidden, stranger().auth.token.lookup_self)


@step
def a_token_is_made_and_looked_up():
    auth = make(policies=["default"], ttl="1h", display_name="ci", meta={"job": "7"}, num_uses=0)
    holds(
        auth,
        renewable=True,
        lease_duration=3600,
        token_type="service",
        orphan=False,
        policies=["default"],
        token_policies=["default"],
        metadata={"job": "7"},
    )
    data = token.lookup(auth["client_token"])["data"]
    holds(
        data,
        id=auth["client_token"],
        accessor=auth["accessor"],
        creation_ttl=3600,
        display_name="token-ci",
        meta={"job": "7"},
        num_uses=0,
        orphan=False,
        path="auth/token/create",
        policies=["default"],
        renewable=True,
        type="service",
        explicit_max_ttl=0,
    )
    assert 0 < data["ttl"] <= 3600, data
    own = client(auth["client_token"]).auth.token.lookup_self()["data"]
    same(own["accessor"], auth["accessor"])


@step
def a_token_is_renewed():
    auth = make(policies=["default"], ttl="1h")
    renewed = token.renew(auth["client_token"], increment="2h")["auth"]
    holds(renewed, client_token=auth["client_token"], lease_duration=7200)
    own = client(auth["client_token"])
    same(own.auth.token.renew_self(increment="3h")["auth"]["lease_duration"], 10800)
    assert token.renew_accessor(auth["accessor"], increment="1h")["auth"]["lease_duration"] == 3600


@step
def a_token_that_is_not_renewable_stays_so():
    auth = make(policies=["default"], ttl="1h", renewable=False)
    holds(auth, renewable=False)
    refused(InvalidRequest, token.renew, auth["client_token"])


@step
def an_end_is_not_passed():
    auth = make(policies=["default"], ttl="1h", explicit_max_ttl="90m")
    renewed = token.renew(auth["client_token"], increment="10h")["auth"]
    assert renewed["lease_duration"] <= 5400, renewed


@step
def a_periodic_token_is_renewed_for_its_period():
    auth = make(policies=["default"], period="30m")
    same(auth["lease_duration"], 1800)
    same(token.renew(auth["client_token"], increment="10h")["auth"]["lease_duration"], 1800)
    holds(token.lookup(auth["client_token"])["data"], period=1800)


@step
def a_token_is_used_up():
    auth = make(policies=["default"], num_uses=2)
    own = client(auth["client_token"])
    own.auth.token.lookup_self()
    own.auth.token.lookup_self()
    refused(Forbidden, own.auth.token.lookup_self)


@step
def a_revoked_token_takes_its_children_along():
    parent = make(ttl="1h")
    child = client(parent["client_token"]).auth.token.create(ttl="30m")["auth"]
    done(token.revoke(parent["client_token"]))
    for gone in (parent, child):
        refused(Forbidden, client(gone["client_token"]).auth.token.lookup_self)


@step
def children_are_orphaned_where_asked():
    parent = make(ttl="1h")
    child = client(parent["client_token"]).auth.token.create(ttl="30m")["auth"]
    done(token.revoke_and_orphan_children(parent["client_token"]))
    refused(Forbidden, client(parent["client_token"]).auth.token.lookup_self)
    holds(token.lookup(child["client_token"])["data"], orphan=True)


@step
def an_orphan_outlives_its_maker():
    parent = make(ttl="1h")
    child = client(parent["client_token"]).auth.token.create_orphan(ttl="30m")["auth"]
    same(child["orphan"], True)
    token.revoke(parent["client_token"])
    holds(token.lookup(child["client_token"])["data"], orphan=True)


@step
def a_token_revokes_itself():
    auth = make(policies=["default"], ttl="1h")
    own = client(auth["client_token"])
    done(own.auth.token.revoke_self())
    refused(Forbidden, own.auth.token.lookup_self)


@step
def accessors_stand_for_tokens():
    auth = make(policies=["default"], ttl="1h")
    assert auth["accessor"] in token.list_accessors()["data"]["keys"]
    data = token.lookup_accessor(auth["accessor"])["data"]
    holds(data, accessor=auth["accessor"], id="")
    done(token.revoke_accessor(auth["accessor"]))
    refused(Forbidden, client(auth["client_token"]).auth.token.lookup_self)
    refused(VaultError, token.lookup_accessor, auth["accessor"])


@step
def batch_tokens_are_made():
    auth = make(policies=["default"], type="batch", ttl="20m")
    holds(auth, token_type="batch", renewable=False, accessor="")
    holds(client(auth["client_token"]).auth.token.lookup_self()["data"], type="batch")


@step
def roles_shape_tokens():
    name = fresh("role")
    done(
        token.create_or_update_role(
            name,
            allowed_policies=["default"],
            orphan=True,
            renewable=False,
            token_period="1h",
            path_suffix="ci",
        )
    )
    data = token.read_role(name)["data"]
    holds(
        data,
        name=name,
        allowed_policies=["default"],
        orphan=True,
        renewable=False,
        path_suffix="ci",
        token_period=3600,
    )
    assert name in token.list_roles()["data"]["keys"]
    auth = make(role_name=name, policies=["default"])
    holds(auth, orphan=True, lease_duration=3600)
    same(token.lookup(auth["client_token"])["data"]["path"], f"auth/token/create/{name}/ci")
    refused(InvalidRequest, token.create, role_name=name, policies=["other"])
    done(token.delete_role(name))
    refused(InvalidPath, token.read_role, name)


@step
def a_child_has_no_policy_that_its_parent_lacks():
    small = client(make(policies=["default"], ttl="1h")["client_token"])
    refused(VaultError, small.auth.token.create, policies=["root"])


main()
