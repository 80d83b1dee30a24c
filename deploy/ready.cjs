// Exits with 0 where the server of this container is ready; asks on loopback, where nobody can stand between.
const secure = Boolean(process.env.CLAVIGER_TLS_CERT_FILE);
const port = /:([0-9]+)$/.exec(process.env.CLAVIGER_LISTEN ?? '')?.[1] ?? '8200';
const { get } = secure ? require('node:https') : require('node:http');

get(
  { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, timeout: 4000 },
  ({ statusCode }) => {
    process.exit(statusCode === 200 ? 0 : 1);
  },
)
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1));
