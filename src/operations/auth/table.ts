import { logInByAppRole } from './approle/login.ts';
import { deleteAppRole, listAppRoles, readAppRole, writeAppRole } from './approle/roles.ts';
import {
  createSecretId,
  destroySecretId,
  listSecretIds,
  lookUpSecretId,
  tidySecretIds,
} from './approle/secret-ids.ts';
import { logInByCertificate } from './cert/login.ts';
import {
  deleteRevocationList,
  listRevocationLists,
  readRevocationListOf,
  writeRevocationList,
} from './cert/revocation-lists.ts';
import { logInByJwt } from './jwt/login.ts';
import { logInByKubernetes } from './kubernetes/login.ts';
import {
  deleteMethodRole,
  listMethodRoles,
  readMethodConfig,
  readMethodRole,
  writeMethodConfig,
  writeMethodRole,
} from './methods.ts';
import { logInByPassword } from './userpass/login.ts';
import {
  deletePasswordUser,
  listPasswordUsers,
  readPasswordUser,
  writePasswordUser,
} from './userpass/users.ts';

/** The operations of the auth methods. */
export const authOperations = {
  writeAppRole,
  readAppRole,
  listAppRoles,
  deleteAppRole,
  createSecretId,
  lookUpSecretId,
  destroySecretId,
  listSecretIds,
  tidySecretIds,
  logInByAppRole,
  writePasswordUser,
  readPasswordUser,
  listPasswordUsers,
  deletePasswordUser,
  logInByPassword,
  writeMethodConfig,
  readMethodConfig,
  writeMethodRole,
  readMethodRole,
  listMethodRoles,
  deleteMethodRole,
  logInByJwt,
  writeRevocationList,
  readRevocationListOf,
  listRevocationLists,
  deleteRevocationList,
  logInByCertificate,
  logInByKubernetes,
};
