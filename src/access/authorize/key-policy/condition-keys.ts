/** Condition keys that requests here can have a value for; lower case. */
const answered = [
  'aws:currenttime',
  'aws:epochtime',
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principaltype',
  'aws:requestedregion',
  'aws:resourceaccount',
  'aws:securetransport',
  'aws:sourceip',
  'aws:tagkeys',
  'aws:useragent',
  'aws:userid',
  'aws:username',
  'kms:bypasspolicylockoutsafetycheck',
  'kms:calleraccount',
  'kms:customermasterkeyspec',
  'kms:customermasterkeyusage',
  'kms:datakeypairspec',
  'kms:encryptionalgorithm',
  'kms:encryptioncontextkeys',
  'kms:keyagreementalgorithm',
  'kms:keyorigin',
  'kms:keyspec',
  'kms:keyusage',
  'kms:macalgorithm',
  'kms:messagetype',
  'kms:multiregion',
  'kms:requestalias',
  'kms:rotationperiodindays',
  'kms:schedulekeydeletionpendingwindowindays',
  'kms:signingalgorithm',
];

/** Keys of AWS that never have a value here: there are no services, organizations, sessions, networks of AWS or grants. */
const absent = [
  'aws:calledvia',
  'aws:calledviafirst',
  'aws:calledvialast',
  'aws:federatedprovider',
  'aws:multifactorauthage',
  'aws:multifactorauthpresent',
  'aws:principalisawsservice',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:principalservicename',
  'aws:principalservicenameslist',
  'aws:referer',
  'aws:resourceorgid',
  'aws:resourceorgpaths',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceidentity',
  'aws:sourceorgid',
  'aws:sourceorgpaths',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:tokenissuetime',
  'aws:viaawsservice',
  'aws:vpcsourceip',
  'kms:expirationmodel',
  'kms:grantconstrainttype',
  'kms:granteeprincipal',
  'kms:grantisforawsresource',
  'kms:grantoperations',
  'kms:primaryregion',
  'kms:replicaregion',
  'kms:retiringprincipal',
  'kms:validto',
  'kms:viaservice',
  'kms:wrappingalgorithm',
  'kms:wrappingkeyspec',
];

const known: ReadonlySet<string> = new Set([...answered, ...absent]);
const families = /^(kms:encryptioncontext:|kms:recipientattestation:|aws:(resource|request|principal)tag\/)./;

/**
 * Whether a policy may ask for a key. One that is not known is refused where the policy is written: a Deny that asks for it would
 * deny nothing, and nobody would notice.
 */
export function isConditionKey(name: string): boolean {
  const wanted = name.toLowerCase();
  return known.has(wanted) || families.test(wanted);
}
