/* The typed tree of a playbook: reading, checking, selecting. */
export { loadInclude, loadPlaybook } from './load.ts'
export { allSteps, below } from './notifications.ts'
export { type Readings, readingsOf } from './readings.ts'
export { findStart, isSelected, type ListedPlay, listPlaybook, stepName, type TagSelection } from './selection.ts'
export * from './types.ts'
export { type ValidateOptions, validatePlaybook } from './validate.ts'
