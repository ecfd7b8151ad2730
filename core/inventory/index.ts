/* Hosts, groups, their variables, patterns over them, and how a host is reached. */
export {
  collect,
  type Document,
  parseDocument,
  readDocument,
  readVariables,
  unreadable,
  valueOptions,
} from './document.ts'
export { type BecomeKeywords, becomeOf, endpointOf } from './endpoint.ts'
export { loadInventory } from './load.ts'
export * from './types.ts'
