import { localNames } from '../inventory/pattern.ts'
import type { Inventory } from '../inventory/types.ts'
import type { CompiledTemplate } from '../language/types.ts'
import { Template, Tuple, type Value, type Variables } from '../language/values.ts'
import { lostNames } from './context.ts'
import { shortName } from './names.ts'
import { allSteps } from './notifications.ts'
import { templateTexts } from './sources.ts'
import type { Play, Playbook, Role, Step, Task } from './types.ts'

/** What the texts of a run read of what its tasks register. */
export interface Readings {
  /** Whether something may read this part of a registered result: `reads('found', ['stat', 'mimetype'])`. */
  reads(name: string, path: readonly string[]): boolean
}

/** Where variables come from that texts of the playbooks may name. */
export interface ReadingsOptions {
  readonly inventory: Inventory
  readonly extraVariables?: Variables | undefined
}

/** Lookups that give no variable by its name, and evaluate no text of another file. */
const PLAIN_LOOKUPS = new Set(
  'dict env file fileglob flattened indexed_items items lines nested password pipe random_choice sequence subelements together url'.split(
    ' ',
  ),
)
/** A part that is called is read as a whole. */
const METHODS = new Set('clear copy fromkeys get items keys pop popitem setdefault update values'.split(' '))
/**
 * Behind them there are variables whose texts nobody has seen (of files and groups that no host has yet), or they render a file of the user's, which
 * arguments need not name.
 */
const OPEN_MODULES = new Set(
  'include_vars set_stats add_host group_by libvirt_domain libvirt_install libvirt_vms'.split(' '),
)
/** Of a play or a step: what is not evaluated, and what comes by itself. */
const NO_TEXTS = new Set(
  (
    'at collections folder id kind listen module order register strategy tags ' +
    'role roles preTasks roleTasks tasks postTasks handlers steps rescue always'
  ).split(' '),
)

const CHAIN = /([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)*)/g
/** With its name where that is all of the first argument. */
const LOOKUP = /\b(?:lookup|query|q)\b(?:\s*\(\s*(?:'(?:ansible\.\w+\.)?(\w+)'|"(?:ansible\.\w+\.)?(\w+)")\s*[,)])?/g
const OTHER_FILE = /\{%[-+]?\s*(?:include|import|from|extends)\b/

/**
 * Looks at words, not at what they mean: a name that is followed by `.stat.exists` reads that; one that stands alone anywhere, in a plain argument
 * too, is taken to be read as a whole. Where texts are not known before the run, or variables may be named by texts, everything is read.
 */
export function readingsOf(playbooks: readonly Playbook[], { inventory, extraVariables }: ReadingsOptions): Readings {
  const readings = new TextReadings(playbooks, inventory)
  readings.templates(extraVariables)
  for (const host of new Set([...inventory.hosts.keys(), ...localNames])) {
    if (readings.isOpen) break
    for (const layer of inventory.layers(host)) readings.templates(layer.variables)
  }
  return readings
}

class TextReadings implements Readings {
  /** Any text may read anything. */
  isOpen = false
  readonly #inventory: Inventory
  /** For each registered name what follows it somewhere, as parts. */
  readonly #chains = new Map<string, Map<string, readonly string[]>>()
  readonly #seen = new Set<unknown>()

  constructor(playbooks: readonly Playbook[], inventory: Inventory) {
    this.#inventory = inventory
    const plays = playbooks.flatMap((one) => one.plays)
    const steps = plays.flatMap((play) => [...allSteps(play)])
    for (const step of steps)
      if (step.kind === 'task' && step.register !== undefined) this.#chains.set(step.register, new Map())
    for (const play of plays) this.#play(play)
    for (const step of steps) this.#step(step)
  }

  reads(name: string, path: readonly string[]): boolean {
    const chains = this.#chains.get(name)
    if (this.isOpen || !chains) return true
    return [...chains.values()].some((parts) => reaches(parts, path))
  }

  #play(play: Play): void {
    if (lostNames.get(play)?.any || play.varsFiles.length > 0) this.isOpen = true
    this.#texts(play)
    for (const role of play.roles) this.#role(role)
  }

  #role({ defaults, vars, params }: Role): void {
    for (const layer of [defaults, vars, params]) this.templates(layer)
  }

  #step(step: Step): void {
    this.#texts(step)
    if (step.role) this.#role(step.role)
    if (step.kind === 'include') this.isOpen = true
    const { delegateTo } = step
    if (delegateTo !== undefined && !this.#isKnown(delegateTo)) this.isOpen = true
    if (step.kind === 'block') return
    if (step.loop?.lookup !== undefined && !PLAIN_LOOKUPS.has(shortName(step.loop.lookup))) this.isOpen = true
    if (step.kind === 'task') this.#task(step)
  }

  #isKnown(host: Value): boolean {
    return typeof host === 'string' && (localNames.has(host) || this.#inventory.hosts.has(host))
  }

  #task(task: Task): void {
    const module = shortName(task.module)
    const { args } = task
    const given = (name: string): unknown => (args instanceof Map ? args.get(name) : undefined)
    if (OPEN_MODULES.has(module)) this.isOpen = true
    if (module === 'template') {
      const texts = templateTexts.get(task)
      if (texts) this.templates(texts)
      else this.isOpen = true
    } else if (given('template') !== undefined) this.isOpen = true
    // What they evaluate may be made of texts.
    const evaluated = { debug: 'var', assert: 'that' }[module]
    if (evaluated !== undefined && (task.argsTemplate !== undefined || hasTemplate(given(evaluated))))
      this.isOpen = true
    this.#strings(args)
  }

  #texts(part: object): void {
    for (const [key, value] of Object.entries(part)) if (!NO_TEXTS.has(key)) this.templates(value)
  }

  /** All templates in a value, a keyword or an expression; what is plain is not evaluated. */
  templates(value: unknown): void {
    if (typeof value !== 'object' || value === null || this.isOpen) return
    if (value instanceof Template) this.#text(value.source)
    else if (!this.#seen.has(value)) {
      this.#seen.add(value)
      if (isCompiled(value)) this.#text(value.source)
      else if (value instanceof Tuple) this.templates(value.items)
      else if (value instanceof Map) for (const item of value.values()) this.templates(item)
      else if (Array.isArray(value)) for (const item of value) this.templates(item)
      else this.#texts(value)
    }
  }

  /** Plain strings of arguments: `debug` and `assert` have expressions there. */
  #strings(value: unknown): void {
    if (typeof value === 'string') this.#text(value)
    else if (value instanceof Map) for (const item of value.values()) this.#strings(item)
    else if (Array.isArray(value)) for (const item of value) this.#strings(item)
  }

  #text(text: string): void {
    if (OTHER_FILE.test(text)) this.isOpen = true
    for (const [, quoted, other] of text.matchAll(LOOKUP))
      if (!PLAIN_LOOKUPS.has(quoted ?? other ?? '')) this.isOpen = true
    for (const [, root = '', chain = ''] of text.matchAll(CHAIN)) {
      if (root === 'vars' || root === 'hostvars') this.isOpen = true
      const chains = this.#chains.get(root)
      if (chains && !chains.has(chain)) chains.set(chain, chain.split('.').slice(1))
    }
  }
}

/** Itself, or in it. */
function hasTemplate(value: unknown): boolean {
  return value instanceof Template || (Array.isArray(value) && value.some(hasTemplate))
}

const isCompiled = (value: object): value is CompiledTemplate => 'evaluate' in value && 'source' in value

/** Whether who reads these parts gets to see what is at the path. */
function reaches(parts: readonly string[], path: readonly string[]): boolean {
  for (const [i, part] of parts.entries()) {
    if (i >= path.length || METHODS.has(part)) return true
    if (part !== path[i]) return false
  }
  return true
}
