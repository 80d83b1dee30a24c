// The pure part of the inventory, for the command line: rows that a server told, as files.
export { cbomOf, csvOf, filterFields, jsonLinesOf, type InventoryRow } from '#governance';
