/** A signed request and the signature that is right for it. */
export type KnownAnswer = {
  readonly name: string;
  /** The signature stands in AWS's own documentation or test suite; else it was computed with botocore 1.43.11. */
  readonly published: boolean;
  readonly method: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Region and service. */
  readonly scope: string;
  readonly signedHeaders: string;
  readonly signature: string;
};

/** Of AKIDEXAMPLE with the secret wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY, at 20150830T123600Z. */
export const knownAnswers: readonly KnownAnswer[] = [
  {
    name: 'get-vanilla',
    published: true,
    method: 'GET',
    query: '',
    headers: { 'X-Amz-Date': '20150830T123600Z', Host: 'example.amazonaws.com' },
    body: '',
    scope: 'us-east-1/service',
    signedHeaders: 'host;x-amz-date',
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  {
    name: 'post-vanilla',
    published: true,
    method: 'POST',
    query: '',
    headers: { 'X-Amz-Date': '20150830T123600Z', Host: 'example.amazonaws.com' },
    body: '',
    scope: 'us-east-1/service',
    signedHeaders: 'host;x-amz-date',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'iam list users',
    published: true,
    method: 'GET',
    query: 'Action=ListUsers&Version=2010-05-08',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
      'X-Amz-Date': '20150830T123600Z',
      Host: 'iam.amazonaws.com',
    },
    body: '',
    scope: 'us-east-1/iam',
    signedHeaders: 'content-type;host;x-amz-date',
    signature: '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  },
  {
    name: 'header-value-trim',
    published: true,
    method: 'GET',
    query: '',
    headers: {
      'My-Header1': '  value1',
      'My-Header2': ' "a   b   c" ',
      'X-Amz-Date': '20150830T123600Z',
      Host: 'example.amazonaws.com',
    },
    body: '',
    scope: 'us-east-1/service',
    signedHeaders: 'host;my-header1;my-header2;x-amz-date',
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  {
    name: 'query-order-key-case',
    published: true,
    method: 'GET',
    query: 'Param2=value2&Param1=value1',
    headers: { 'X-Amz-Date': '20150830T123600Z', Host: 'example.amazonaws.com' },
    body: '',
    scope: 'us-east-1/service',
    signedHeaders: 'host;x-amz-date',
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'query names that are prefixes of one another',
    published: false,
    method: 'GET',
    query: 'a=1&a-b=2&a1=3&A=4',
    headers: { 'X-Amz-Date': '20150830T123600Z', Host: 'example.amazonaws.com' },
    body: '',
    scope: 'us-east-1/service',
    signedHeaders: 'host;x-amz-date',
    signature: 'a598e38568ea247e356ff0b7d941d942cae4e7f37ecba436ee085452ffad83ff',
  },
  {
    name: 'query values in order',
    published: false,
    method: 'GET',
    query: 'Param1=value2&Param1=Value1',
    headers: { 'X-Amz-Date': '20150830T123600Z', Host: 'example.amazonaws.com' },
    body: '',
    scope: 'us-east-1/service',
    signedHeaders: 'host;x-amz-date',
    signature: 'eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1',
  },
  {
    name: 'query-unreserved',
    published: true,
    method: 'GET',
    query:
      '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
    headers: { 'X-Amz-Date': '20150830T123600Z', Host: 'example.amazonaws.com' },
    body: '',
    scope: 'us-east-1/service',
    signedHeaders: 'host;x-amz-date',
    signature: '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
  },
  {
    name: 'query utf-8',
    published: false,
    method: 'GET',
    query: '%E1%88%B4=bar&x=%20%2F%2B%2A%28%29%27%21',
    headers: { 'X-Amz-Date': '20150830T123600Z', Host: 'example.amazonaws.com' },
    body: '',
    scope: 'us-east-1/service',
    signedHeaders: 'host;x-amz-date',
    signature: 'ecd70a4bca8481a5c31643dbfeb984fc4bdcf073ec3b8e99acdb1250d0ce76d7',
  },
  {
    name: 'post-x-www-form-urlencoded',
    published: true,
    method: 'POST',
    query: '',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      'X-Amz-Date': '20150830T123600Z',
      Host: 'example.amazonaws.com',
    },
    body: 'Param1=value1',
    scope: 'us-east-1/service',
    signedHeaders: 'content-type;host;x-amz-date',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
  {
    name: 'kms encrypt',
    published: false,
    method: 'POST',
    query: '',
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': 'TrentService.Encrypt',
      'X-Amz-Date': '20150830T123600Z',
      Host: 'kms.eu-west-1.amazonaws.com',
    },
    body: '{"KeyId":"alias/a","Plaintext":"aGVsbG8="}',
    scope: 'eu-west-1/kms',
    signedHeaders: 'content-type;host;x-amz-date;x-amz-target',
    signature: '0da17a1c7ac8e8727ecda96e6ad3b9e114962cad6d576fce95e4751d4337d610',
  },
  {
    name: 'kms with a port',
    published: false,
    method: 'POST',
    query: '',
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': 'TrentService.ListKeys',
      'X-Amz-Date': '20150830T123600Z',
      Host: '127.0.0.1:8200',
    },
    body: '{}',
    scope: 'default/kms',
    signedHeaders: 'content-type;host;x-amz-date;x-amz-target',
    signature: '04d6eacf7becfbde5d2c12e868a248330a3e39d9788cbb02ac6effaa41df917d',
  },
  {
    name: 'body beyond ascii',
    published: false,
    method: 'POST',
    query: '',
    headers: {
      'X-Amz-Target': 'TrentService.CreateKey',
      'X-Amz-Date': '20150830T123600Z',
      Host: 'kms.eu-west-1.amazonaws.com',
    },
    body: '{"Description":"schlüssel 鍵"}',
    scope: 'eu-west-1/kms',
    signedHeaders: 'host;x-amz-date;x-amz-target',
    signature: '69b6d837e2b36b3ec354f914f3c45a4e1267eae338c4f168d34417f98dce48f6',
  },
];
