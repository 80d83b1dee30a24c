// The contract suites of the ports: one a port, run against each adapter; and the sample records that they
// use.
export * as samples from './samples.ts';
export { type ShredStoreFixture, shredStoreContract } from './shred-store.ts';
export { type StoreFixture, storeContract } from './store.ts';
export { type RootOfTrustFixture, rootOfTrustContract } from './root-of-trust.ts';
export { type KeyDeviceFixture, keyDeviceContract } from './key-device.ts';
