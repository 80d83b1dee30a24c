export { canonicalJson, readJsonObject, type JsonFault, type JsonObject, type JsonRead } from './json.ts';
