"""What hvac does with entities, groups and their aliases."""

from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest

from steps import client, done, fresh, holds, main, refused, same, step, stranger

vault = client()
identity = vault.secrets.identity


def method():
    """The path of a new method of people with passwords, and its accessor."""
    path = fresh("people")
    done(vault.sys.enable_auth_method("userpass", path=path))
    return path, vault.sys.list_auth_methods()["data"][f"{path}/"]["accessor"]


def entity(**wish):
    name = fresh("entity")
    return identity.create_or_update_entity(name, **wish)["data"]["id"], name


def login(at, name):
    people = vault.auth.userpass
    people.create_or_update_user(name, password="a long password", mount_point=at)
    return stranger().auth.userpass.login(name, "a long password", use_token=False, mount_point=at)["auth"]


@step
def an_entity_is_made_read_changed_and_deleted():
    made, name = entity(metadata={"team": "red"}, policies=["reader"])
    read = identity.read_entity(made)["data"]
    holds(read, id=made, name=name, metadata={"team": "red"}, policies=["reader"], disabled=False, aliases=[])
    done(identity.update_entity(made, name=name, policies=["reader", "writer"], disabled=True))
    holds(identity.read_entity_by_name(name)["data"], policies=["reader", "writer"], disabled=True)
    done(identity.create_or_update_entity_by_name(name, metadata={"team": "blue"}))
    holds(identity.read_entity(made)["data"], metadata={"team": "blue"})
    assert made in identity.list_entities()["data"]["keys"]
    assert name in identity.list_entities_by_name()["data"]["keys"]
    done(identity.delete_entity(made))
    refused(InvalidPath, identity.read_entity, made)
    done(identity.delete_entity_by_name(name))
    others = [entity()[0], entity()[0]]
    done(vault.write_data("identity/entity/batch-delete", data={"entity_ids": others}))
    for other in others:
        refused(InvalidPath, identity.read_entity, other)


@step
def an_alias_ties_a_login_to_an_entity():
    at, accessor = method()
    made, name = entity(policies=["default"])
    alias = identity.create_or_update_entity_alias("ana", made, accessor)["data"]["id"]
    holds(
        identity.read_entity_alias(alias)["data"],
        canonical_id=made,
        mount_accessor=accessor,
        mount_path=f"auth/{at}/",
        mount_type="userpass",
        name="ana",
    )
    same(login(at, "ana")["entity_id"], made)
    assert alias in identity.list_entity_aliases()["data"]["keys"]
    for factor in [dict(alias_id=alias), dict(alias_name="ana", alias_mount_accessor=accessor), dict(name=name)]:
        same(identity.lookup_entity(**factor)["data"]["id"], made)
    other, _ = entity()
    refused(InvalidRequest, identity.create_or_update_entity_alias, "ana", other, accessor)
    holds(identity.update_entity_alias(alias, "ana", other, accessor)["data"], canonical_id=other)
    same(login(at, "ana")["entity_id"], other)
    done(identity.delete_entity_alias(alias))
    refused(InvalidPath, identity.read_entity_alias, alias)


@step
def entities_are_merged():
    at, _ = method()
    auth = login(at, "ana")
    made, _ = entity(policies=["default"])
    done(identity.merge_entities([auth["entity_id"]], made))
    holds(identity.read_entity(made)["data"], merged_entity_ids=[auth["entity_id"]])
    same(login(at, "ana")["entity_id"], made)
    client(auth["client_token"]).auth.token.lookup_self()


@step
def policies_of_an_entity_hold_for_its_tokens_at_once():
    at, _ = method()
    rules = 'path "secret/data/shared/*" { capabilities = ["create", "update", "read"] }'
    policy = fresh("policy")
    vault.sys.create_or_update_policy(policy, rules)
    auth = login(at, "ana")
    person = client(auth["client_token"])
    path = f"shared/{fresh('secret')}"
    refused(Forbidden, person.secrets.kv.v2.create_or_update_secret, path, {"a": "b"})
    done(identity.update_entity(auth["entity_id"], policies=[policy]))
    person.secrets.kv.v2.create_or_update_secret(path, {"a": "b"})
    holds(person.auth.token.lookup_self()["data"], identity_policies=[policy], entity_id=auth["entity_id"])
    done(identity.update_entity(auth["entity_id"], disabled=True))
    refused(Forbidden, person.auth.token.lookup_self)
    done(identity.update_entity(auth["entity_id"], disabled=False))
    person.auth.token.lookup_self()


@step
def a_group_gives_its_policies_to_its_members():
    at, _ = method()
    policy = fresh("policy")
    vault.sys.create_or_update_policy(policy, 'path "transit/keys/*" { capabilities = ["list", "read"] }')
    auth = login(at, "ana")
    name = fresh("group")
    made = identity.create_or_update_group(
        name, policies=[policy], metadata={"a": "b"}, member_entity_ids=[auth["entity_id"]]
    )["data"]["id"]
    read = identity.read_group(made)["data"]
    holds(read, id=made, name=name, type="internal", policies=[policy], metadata={"a": "b"}, alias={})
    holds(read, member_entity_ids=[auth["entity_id"]])
    same(client(auth["client_token"]).auth.token.lookup_self()["data"]["identity_policies"], [policy])
    holds(identity.read_group_by_name(name)["data"], id=made)
    holds(identity.lookup_group(name=name)["data"], id=made)
    assert made in identity.list_groups()["data"]["keys"]
    assert name in identity.list_groups_by_name()["data"]["keys"]
    above = identity.create_or_update_group(fresh("above"), member_group_ids=[made])["data"]["id"]
    holds(identity.read_group(made)["data"], parent_group_ids=[above])
    refused(InvalidRequest, identity.update_group, made, name, member_group_ids=[above], says="cyclic")
    done(identity.update_group(made, name, member_entity_ids=[]))
    assert "identity_policies" not in client(auth["client_token"]).auth.token.lookup_self()["data"]
    done(identity.delete_group_by_name(name))
    done(identity.delete_group(above))
    refused(InvalidPath, identity.read_group, made)


@step
def an_external_group_has_an_alias():
    _, accessor = method()
    group = identity.create_or_update_group(fresh("staff"), group_type="external")["data"]["id"]
    alias = identity.create_or_update_group_alias(
        "staff", mount_accessor=accessor, canonical_id=group
    )["data"]["id"]
    holds(identity.read_group_alias(alias)["data"], canonical_id=group, name="staff", mount_accessor=accessor)
    holds(identity.read_group(group)["data"]["alias"], id=alias, name="staff")
    holds(identity.lookup_group(alias_name="staff", alias_mount_accessor=accessor)["data"], id=group)
    assert alias in identity.list_group_aliases()["data"]["keys"]
    identity.update_group_alias(alias, "crew", mount_accessor=accessor, canonical_id=group)
    holds(identity.read_group_alias(alias)["data"], name="crew")
    done(identity.delete_group_alias(alias))
    refused(InvalidPath, identity.read_group_alias, alias)


@step
def root_is_no_policy_of_an_entity_or_group():
    says = "policies cannot contain root"
    for policies in [["root"], ["default", "Root"]]:
        refused(InvalidRequest, identity.create_or_update_entity, fresh("e"), policies=policies, says=says)
        refused(InvalidRequest, identity.create_or_update_group, fresh("g"), policies=policies, says=says)


main()
