"""How keys of Vault's transit engine are saved and brought back by hvac."""

from hvac.exceptions import InvalidRequest, VaultError

from keys import decrypt, encrypt, key, read, transit
from steps import done, exporter, fresh, main, refused, same, step

# who may export keys is said by name: nobody does by another role, not even the first administrator
exports = exporter().secrets.transit


@step
def a_backup_is_restored_under_another_name():
    name = key(exportable=True, allow_plaintext_backup=True)
    first = encrypt(name, "first")
    transit.rotate_key(name)
    second = encrypt(name, "second")
    backup = exports.backup_key(name)["data"]["backup"]
    copy = fresh("restored")
    done(transit.restore_key(backup=backup, name=copy))
    same([decrypt(copy, first), decrypt(copy, second)], ["first", "second"])
    refused(VaultError, transit.restore_key, backup=backup, name=copy)
    transit.restore_key(backup=backup, name=copy, force=True)
    same(read(copy)["latest_version"], 2)


@step
def a_key_without_leave_has_no_backup():
    refused(InvalidRequest, exports.backup_key, key())


main()
