"""What hvac does with Vault's policies."""

from hvac.exceptions import Forbidden, InvalidPath, VaultError

from steps import b64, client, done, fresh, main, refused, same, step, with_policy

vault = client()


def transit_key():
    name = fresh("key")
    vault.secrets.transit.create_key(name)
    return name


@step
def policies_are_written_read_listed_and_deleted():
    name = fresh("policy")
    rules = '# who may draw\npath "transit/random" {\n  capabilities = ["update"]\n}\n'
    done(vault.sys.create_or_update_policy(name, rules))
    same(vault.sys.read_policy(name)["data"]["rules"], rules)
    same(vault.sys.read_policy(name)["rules"], rules)
    same(vault.sys.read_acl_policy(name)["data"]["policy"], rules)
    for listed in (
        vault.sys.list_policies()["data"]["policies"],
        vault.sys.list_policies()["policies"],
        vault.sys.list_acl_policies()["data"]["keys"],
    ):
        assert {name, "default", "root"} <= set(listed), listed
    done(vault.sys.delete_policy(name))
    refused(InvalidPath, vault.sys.read_policy, name)
    refused(InvalidPath, vault.sys.read_acl_policy, name)


@step
def a_policy_may_be_json():
    name = fresh("policy")
    done(
        vault.sys.create_or_update_acl_policy(
            name, {"path": {"transit/random": {"capabilities": ["update"]}}}
        )
    )
    made = vault.auth.token.create(policies=[name])["auth"]
    own = client(made["client_token"])
    assert own.secrets.transit.generate_random_bytes(n_bytes=8)
    refused(Forbidden, own.secrets.transit.list_keys)


@step
def names_are_lower_case():
    name = fresh("Policy")
    done(vault.sys.create_or_update_acl_policy(name, 'path "a" { capabilities = ["read"] }'))
    assert name.lower() in vault.sys.list_policies()["data"]["policies"]


@step
def what_is_not_a_policy_is_refused():
    for rules in (
        'path "a" { capabilities = ["fly"] }',
        'path "a" {',
        "nonsense {",
        'path "a" { policy = "all" }',
    ):
        refused(VaultError, vault.sys.create_or_update_acl_policy, fresh("bad"), rules)


@step
def the_built_in_ones_stay():
    refused(VaultError, vault.sys.delete_policy, "root")
    refused(VaultError, vault.sys.delete_policy, "default")
    refused(VaultError, vault.sys.create_or_update_policy, "root", 'path "a" { capabilities = ["read"] }')


@step
def a_token_does_what_its_policy_says():
    mine, other = transit_key(), transit_key()
    own, _ = with_policy(f'path "transit/encrypt/{mine}" {{ capabilities = ["update"] }}')
    sealed = own.secrets.transit.encrypt_data(mine, plaintext=b64("x"))["data"]["ciphertext"]
    refused(Forbidden, own.secrets.transit.decrypt_data, mine, ciphertext=sealed, says="permission denied")
    refused(Forbidden, own.secrets.transit.encrypt_data, other, plaintext=b64("x"))
    refused(Forbidden, own.secrets.transit.rotate_key, mine)
    refused(Forbidden, own.sys.list_policies)
    own.auth.token.lookup_self()


@step
def a_deny_wins():
    mine = transit_key()
    own, _ = with_policy(
        f'path "transit/*" {{ capabilities = ["update", "read", "list"] }}\npath "transit/keys/{mine}" {{ capabilities = ["deny"] }}'
    )
    assert own.secrets.transit.list_keys()["data"]["keys"]
    assert own.secrets.transit.read_key(transit_key())["data"]
    refused(Forbidden, own.secrets.transit.read_key, mine)


@step
def one_segment_is_a_plus():
    mine = transit_key()
    own, _ = with_policy(
        'path "transit/+/only-this" { capabilities = ["update"] }\npath "transit/keys/+" { capabilities = ["read"] }'
    )
    assert own.secrets.transit.read_key(mine)["data"]
    refused(Forbidden, own.secrets.transit.rotate_key, mine)


@step
def parameters_are_limited():
    name = fresh("key")
    own, _ = with_policy(
        f'path "transit/keys/{name}" {{ capabilities = ["create", "update"]\n allowed_parameters = {{\n "type" = ["aes256-gcm96"]\n "derived" = []\n }}\n }}'
    )
    refused(Forbidden, own.secrets.transit.create_key, name, key_type="ed25519")
    refused(Forbidden, own.secrets.transit.create_key, name, key_type="aes256-gcm96", exportable=True)
    own.secrets.transit.create_key(name, key_type="aes256-gcm96")


@step
def a_policy_that_changes_counts_at_once():
    own, name = with_policy('path "transit/random" { capabilities = ["update"] }')
    assert own.secrets.transit.generate_random_bytes(n_bytes=8)
    vault.sys.create_or_update_policy(name, 'path "transit/random" { capabilities = ["deny"] }')
    refused(Forbidden, own.secrets.transit.generate_random_bytes, n_bytes=8)
    vault.sys.delete_policy(name)
    refused(Forbidden, own.secrets.transit.generate_random_bytes, n_bytes=8)


@step
def capabilities_are_told():
    own, _ = with_policy(
        'path "transit/keys/*" { capabilities = ["read", "list"] }\npath "transit/keys/never" { capabilities = ["deny"] }'
    )
    paths = ["transit/keys/any", "transit/keys/never", "sys/mounts"]
    data = own.sys.get_capabilities(paths)["data"]
    same(
        {path: sorted(data[path]) for path in paths},
        {paths[0]: ["list", "read"], paths[1]: ["deny"], paths[2]: ["deny"]},
    )
    same(vault.sys.get_capabilities(["sys/mounts"])["data"]["sys/mounts"], ["root"])
    same(sorted(vault.sys.get_capabilities(paths, token=own.token)["data"][paths[0]]), ["list", "read"])
    accessor = own.auth.token.lookup_self()["data"]["accessor"]
    same(vault.sys.get_capabilities(paths, accessor=accessor)["data"][paths[1]], ["deny"])


main()
