/* Runs playbooks: the typed tree, the inventory and connections in, events and an exit code out. */
export { InterruptController } from './interrupt.ts'
export type {
  BecomeDefaults,
  ConnectionDefaults,
  Included,
  IncludeLoader,
  Interrupts,
  RunOutcome,
  RunRequest,
} from './request.ts'
export { run } from './run.ts'
