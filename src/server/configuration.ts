// The light face of the server: what a command line needs that only talks to one. It loads no store and no cryptography.
export { loadConfig, settings, type Config } from './config.ts';
export { localAddress } from './credentials-file.ts';
