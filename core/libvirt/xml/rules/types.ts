import type { Element } from '../element.ts'

/** What the host knows about names that mean the same: `q35` → `pc-q35-7.2`, by architecture where it matters. */
export type MachineAliases = ReadonlyMap<string, string>

/**
 * Where a rule applies: `disk` is an element, `disk@device` its attribute, `devices/interface` an element in a parent,
 * `console/target@port` an attribute of it.
 */
export type Place = string

interface Named {
  /** Unique; tests take rules out by it. */
  readonly name: string
}

/** One spelling for what means the same; on both sides. */
export interface SpellingRule extends Named {
  readonly kind: 'spelling'
  readonly at: readonly Place[]
  readonly spell: (element: Element) => Element
  /** Only to compare: a definition must not be written this way. */
  readonly comparing?: true
}

/** Values that mean the same though neither is a spelling of the other. */
export interface EqualRule extends Named {
  readonly kind: 'equal'
  readonly at: readonly Place[]
  readonly same: (declared: string, actual: string, machines: MachineAliases) => boolean
}

/** What libvirt leaves out of a dump, because nothing else is meant. */
export interface DefaultRule extends Named {
  readonly kind: 'default'
  /** `disk@device`. */
  readonly at: Place
  readonly value: string | ((actual: Element) => string | undefined)
}

export type Key = (element: Element) => string | undefined

/** Which of several elements is the one that was declared. Keys are tried in turn, each for all elements. */
export interface KeyRule extends Named {
  readonly kind: 'key'
  readonly at: readonly Place[]
  readonly keys: readonly Key[]
}

/**
 * A kind of which a machine has many without a name: the declared one is any that has all that was declared, else one with
 * the same `by` attributes, else (unless strict) the first one left.
 */
export interface AlikeRule extends Named {
  readonly kind: 'alike'
  readonly at: readonly Place[]
  readonly by: readonly string[]
  /** With other `by` attributes it is another device, not this one changed. */
  readonly strict: boolean
}

/** What libvirt does not take from a declaration, because it makes it itself. */
export interface DroppedRule extends Named {
  readonly kind: 'dropped'
  readonly at: readonly Place[]
  /** Default: always. `dump`: whether the declaration is the dump of a running domain. */
  readonly when?: (element: Element, parent: Element | undefined, dump: boolean) => boolean
}

/** What a running guest has instead of what was declared, and what means the same. */
export interface RunningRule extends Named {
  readonly kind: 'running'
  /** An attribute, or an element that is missing or whose text differs. */
  readonly at: readonly Place[]
  readonly same: (at: {
    readonly before: string | undefined
    readonly after: string
    readonly declared: Element
    readonly actual: Element | undefined
    /** The actual parent. */
    readonly parent: Element | undefined
  }) => boolean
}

export type Rule = SpellingRule | EqualRule | DefaultRule | KeyRule | AlikeRule | DroppedRule | RunningRule
