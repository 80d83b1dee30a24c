"""What hvac does with Vault's key-value engines, versions 1 and 2."""

from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest
from steps import client, done, fresh, holds, main, refused, same, step, with_policy

vault = client()
kv1, kv2 = vault.secrets.kv.v1, vault.secrets.kv.v2


def mount(version):
    """A new engine of that version."""
    path = fresh(f"kv{version}")
    done(vault.sys.enable_secrets_engine("kv", path=path, options={"version": str(version)}))
    return path


def put(at, path="app/db", cas=None, **secret):
    return kv2.create_or_update_secret(path, secret, cas=cas, mount_point=at)["data"]


def read(at, path="app/db", version=None):
    return kv2.read_secret_version(path, version=version, mount_point=at, raise_on_deleted_version=True)[
        "data"
    ]


@step
def version_1_keeps_one_value():
    at = mount(1)
    done(kv1.create_or_update_secret("app/db", {"user": "u", "password": "p"}, mount_point=at))
    answer = kv1.read_secret("app/db", mount_point=at)
    same(answer["data"], {"user": "u", "password": "p"})
    same(answer["lease_duration"] > 0, True)
    done(kv1.create_or_update_secret("app/db", {"only": "this"}, method="PUT", mount_point=at))
    same(kv1.read_secret("app/db", mount_point=at)["data"], {"only": "this"})
    done(kv1.delete_secret("app/db", mount_point=at))
    refused(InvalidPath, kv1.read_secret, "app/db", mount_point=at)


@step
def version_1_lists_folders_and_names():
    at = mount(1)
    for path in ("a", "b/c", "b/d"):
        kv1.create_or_update_secret(path, {"x": "y"}, mount_point=at)
    same(kv1.list_secrets("", mount_point=at)["data"]["keys"], ["a", "b/"])
    same(kv1.list_secrets("b", mount_point=at)["data"]["keys"], ["c", "d"])
    refused(InvalidPath, kv1.list_secrets, "none", mount_point=at)


@step
def values_keep_their_types():
    at = mount(2)
    secret = {
        "text": "é ✓",
        "number": 3,
        "list": [1, {"deep": None}],
        "flag": True,
        "none": None,
        "fraction": 0.5,
    }
    kv2.create_or_update_secret("typed", secret, mount_point=at)
    same(read(at, "typed")["data"], secret)
    # a number that would come back as another one is not taken
    refused(InvalidRequest, put, at, "typed", big=12345678901234567, says="too large to be kept exactly")


@step
def version_2_keeps_versions():
    at = mount(2)
    first = put(at, value="1")
    holds(first, version=1, destroyed=False, deletion_time="", custom_metadata=None)
    same(put(at, value="2")["version"], 2)
    data = read(at)
    same(data["data"], {"value": "2"})
    holds(data["metadata"], version=2, destroyed=False, deletion_time="", custom_metadata=None)
    same(read(at, version=1)["data"], {"value": "1"})
    refused(InvalidPath, read, at, version=3)
    refused(InvalidPath, read, at, "absent")


@step
def check_and_set():
    at = mount(2)
    put(at, cas=0, value="1")
    refused(
        InvalidRequest,
        put,
        at,
        cas=0,
        value="2",
        says="check-and-set parameter did not match the current version",
    )
    same(put(at, cas=1, value="2")["version"], 2)
    done(kv2.configure(cas_required=True, max_versions=5, mount_point=at))
    holds(kv2.read_configuration(mount_point=at)["data"], cas_required=True, max_versions=5)
    refused(InvalidRequest, put, at, value="3", says="check-and-set parameter required for this call")


@step
def a_patch_changes_what_it_names():
    at = mount(2)
    put(at, kept="k", changed="before")
    same(kv2.patch("app/db", {"changed": "after"}, mount_point=at)["data"]["version"], 2)
    same(read(at)["data"], {"kept": "k", "changed": "after"})
    refused(InvalidPath, kv2.patch, "absent", {"x": "y"}, mount_point=at)


@step
def deleted_versions_come_back():
    at = mount(2)
    put(at, value="1")
    put(at, value="2")
    done(kv2.delete_latest_version_of_secret("app/db", mount_point=at))
    error = refused(InvalidPath, read, at)
    same(error.json["data"]["data"], None)
    assert error.json["data"]["metadata"]["deletion_time"], error.json
    same(read(at, version=1)["data"], {"value": "1"})
    done(kv2.undelete_secret_versions("app/db", [2], mount_point=at))
    same(read(at)["data"], {"value": "2"})
    done(kv2.delete_secret_versions("app/db", [1, 2], mount_point=at))
    for version in (1, 2):
        refused(InvalidPath, read, at, version=version)


@step
def a_deleted_version_is_read_without_an_error_where_asked():
    at = mount(2)
    put(at, value="1")
    kv2.delete_latest_version_of_secret("app/db", mount_point=at)
    answer = kv2.read_secret_version("app/db", mount_point=at, raise_on_deleted_version=False)
    same(answer["data"]["data"], None)
    same(answer["data"]["metadata"]["version"], 1)


@step
def destroyed_versions_do_not_come_back():
    at = mount(2)
    put(at, value="1")
    put(at, value="2")
    done(kv2.destroy_secret_versions("app/db", [1], mount_point=at))
    error = refused(InvalidPath, read, at, version=1)
    same(error.json["data"]["metadata"]["destroyed"], True)
    kv2.undelete_secret_versions("app/db", [1], mount_point=at)
    refused(InvalidPath, read, at, version=1)
    same(read(at)["data"], {"value": "2"})


@step
def metadata_tells_all_versions():
    at = mount(2)
    put(at, value="1")
    put(at, value="2")
    data = kv2.read_secret_metadata("app/db", mount_point=at)["data"]
    holds(
        data,
        current_version=2,
        oldest_version=0,
        max_versions=0,
        cas_required=False,
        delete_version_after="0s",
        custom_metadata=None,
    )
    same(sorted(data["versions"]), ["1", "2"])
    holds(data["versions"]["1"], destroyed=False, deletion_time="")
    done(
        kv2.update_metadata(
            "app/db",
            max_versions=3,
            cas_required=True,
            custom_metadata={"owner": "team"},
            delete_version_after="1h",
            mount_point=at,
        )
    )
    data = kv2.read_secret_metadata("app/db", mount_point=at)["data"]
    holds(
        data,
        max_versions=3,
        cas_required=True,
        custom_metadata={"owner": "team"},
        delete_version_after="1h0m0s",
    )
    holds(read(at)["metadata"], custom_metadata={"owner": "team"})


@step
def the_oldest_versions_go():
    at = mount(2)
    kv2.update_metadata("app/db", max_versions=2, mount_point=at)
    for value in "123":
        put(at, value=value)
    refused(InvalidPath, read, at, version=1)
    same(read(at, version=2)["data"], {"value": "2"})
    holds(kv2.read_secret_metadata("app/db", mount_point=at)["data"], oldest_version=2, current_version=3)


@step
def a_secret_is_removed_with_all_its_versions():
    at = mount(2)
    put(at, value="1")
    done(kv2.delete_metadata_and_all_versions("app/db", mount_point=at))
    refused(InvalidPath, kv2.read_secret_metadata, "app/db", mount_point=at)
    refused(InvalidPath, read, at)
    same(put(at, value="new")["version"], 1)


@step
def version_2_lists_folders_and_names():
    at = mount(2)
    for path in ("a", "b/c", "b/d/e"):
        put(at, path, x="y")
    same(kv2.list_secrets("", mount_point=at)["data"]["keys"], ["a", "b/"])
    same(kv2.list_secrets("b", mount_point=at)["data"]["keys"], ["c", "d/"])
    refused(InvalidPath, kv2.list_secrets, "none", mount_point=at)


@step
def a_policy_says_who_reads():
    at = mount(2)
    put(at, "mine", value="m")
    put(at, "other", value="o")
    reader, _ = with_policy(f'path "{at}/data/mine" {{ capabilities = ["read"] }}')
    same(
        reader.secrets.kv.v2.read_secret_version("mine", mount_point=at, raise_on_deleted_version=True)[
            "data"
        ]["data"],
        {"value": "m"},
    )
    for path in ("other", "absent"):
        refused(
            Forbidden,
            reader.secrets.kv.v2.read_secret_version,
            path,
            mount_point=at,
            raise_on_deleted_version=True,
        )
    refused(Forbidden, reader.secrets.kv.v2.create_or_update_secret, "mine", {"value": "x"}, mount_point=at)
    refused(Forbidden, reader.secrets.kv.v2.list_secrets, "", mount_point=at)


main()
