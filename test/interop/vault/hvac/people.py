"""What hvac does with Vault's userpass method."""

from hvac.exceptions import InvalidRequest

from steps import client, done, fresh, holds, main, refused, same, step, stranger

vault = client()
people = vault.auth.userpass


def method():
    """The path of a new method of this kind."""
    path = fresh("people")
    done(vault.sys.enable_auth_method("userpass", path=path))
    return path


def login(at, name, password):
    return stranger().auth.userpass.login(name, password, use_token=False, mount_point=at)["auth"]


@step
def a_person_logs_in_with_a_password():
    at = method()
    people.create_or_update_user("ana", password="a long password", policies=["default"], mount_point=at)
    same(people.list_user(mount_point=at)["data"]["keys"], ["ana"])
    auth = login(at, "ana", "a long password")
    holds(auth, policies=["default"], token_type="service")
    holds(auth["metadata"], username="ana")
    same(client(auth["client_token"]).is_authenticated(), True)


@step
def wrong_passwords_open_nothing():
    at = method()
    people.create_or_update_user("ana", password="a long password", mount_point=at)
    for name, password in [("ana", "wrong"), ("bob", "a long password"), ("ana", "")]:
        refused(InvalidRequest, login, at, name, password)
    refused(InvalidRequest, login, at, "bob", "wrong", says="invalid username or password")


@step
def a_password_is_changed_and_a_person_leaves():
    at = method()
    people.create_or_update_user("ana", password="a long password", mount_point=at)
    done(people.update_password_on_user("ana", "another long one", mount_point=at))
    refused(InvalidRequest, login, at, "ana", "a long password")
    assert login(at, "ana", "another long one")["client_token"]
    done(people.delete_user("ana", mount_point=at))
    refused(InvalidRequest, login, at, "ana", "another long one")


main()
