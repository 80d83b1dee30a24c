/**
 * Node's own HTTP and HTTPS, fetched where they are used: importing them as modules reads all that they export, and with it fetch,
 * WebSocket and the list of authorities, a tenth of the time that a server needs to start.
 */
export const nodeHttp = (): typeof import('node:http') => process.getBuiltinModule('node:http');
export const nodeHttps = (): typeof import('node:https') => process.getBuiltinModule('node:https');
