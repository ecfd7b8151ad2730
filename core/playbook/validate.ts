import type { Inventory, VaultAccess } from '../inventory/types.ts'
import {
  type CompiledTemplate,
  type Diagnostic,
  defaultEnvironment,
  didYouMean,
  type Environment,
  errorAt,
  sortDiagnostics,
} from '../language/index.ts'
import type { ModuleRegistry } from '../module/registry.ts'
import { checkAction } from './check-actions.ts'
import { checkArguments } from './check-arguments.ts'
import { definedNames } from './definitions.ts'
import { allSteps } from './notifications.ts'
import { playTemplates, stepTemplates } from './references.ts'
import { checkSource } from './sources.ts'
import type { Playbook, Step } from './types.ts'

export interface ValidateOptions extends VaultAccess {
  readonly registry: ModuleRegistry
  /** Without it undefined variables are not looked for: what the inventory defines is not known. */
  readonly inventory?: Inventory
  /** Names given by --extra-vars, and by playbooks that run before this one. */
  readonly extraVariables?: Iterable<string>
  /** Filters, tests, lookups and functions; Ansible's by default. */
  readonly environment?: Environment
}

/**
 * Looks for what would fail on every host: arguments that a module does not take, missing files, bad templates, unknown filters, tests
 * and lookups, variables that nothing defines. What cannot be told before the run is left alone.
 */
export async function validatePlaybook(playbook: Playbook, options: ValidateOptions): Promise<Diagnostic[]> {
  const environment = options.environment ?? defaultEnvironment()
  const diagnostics: Diagnostic[] = []
  const defined = await definedNames(playbook, options.inventory, options.extraVariables ?? [], options)
  for (const name of environment.globals.keys()) defined?.add(name)
  for (const play of playbook.plays) {
    for (const template of playTemplates(play, diagnostics)) checkFunctions(template, environment, diagnostics)
    for (const step of allSteps(play)) {
      const files: CompiledTemplate[] = []
      if (step.kind === 'task') {
        diagnostics.push(...(checkAction(step) ?? (await moduleMistakes(step, options.registry))))
        files.push(...(await checkSource(step, play, diagnostics)))
      }
      checkLookup(step, environment, diagnostics)
      const { conditions, others, lenient } = stepTemplates(step, diagnostics)
      for (const template of [...conditions, ...others, ...files, ...lenient])
        checkFunctions(template, environment, diagnostics)
      if (defined) checkNamesOf(conditions, [...others, ...files], defined, diagnostics)
    }
  }
  return sortDiagnostics(diagnostics)
}

async function moduleMistakes(task: Extract<Step, { kind: 'task' }>, registry: ModuleRegistry): Promise<Diagnostic[]> {
  const module = await registry.load(task.module)
  return module ? checkArguments(task, module) : []
}

function checkLookup(step: Step, environment: Environment, diagnostics: Diagnostic[]): void {
  if (step.kind === 'block' || step.loop?.lookup === undefined || environment.lookups.has(step.loop.lookup)) return
  const { lookup, at } = step.loop
  const guess = didYouMean(lookup, environment.lookups.keys())
  diagnostics.push(
    errorAt('unknown-lookup', `there is no loop 'with_${lookup}'`, at, guess && `did you mean with_${guess}?`),
  )
}

function checkFunctions(template: CompiledTemplate, environment: Environment, diagnostics: Diagnostic[]): void {
  const kinds = [
    ['filter', template.uses.filters, environment.filters],
    ['test', template.uses.tests, environment.tests],
    ['lookup', template.uses.lookups, environment.lookups],
  ] as const
  for (const [kind, uses, known] of kinds) {
    for (const { name, at } of uses) {
      const short = name.replace(/^ansible\.(?:builtin|legacy)\./, '')
      if (known.has(name) || known.has(short)) continue
      // A collection's prefix would count as letters that are alike.
      const guess = didYouMean(
        name.slice(name.lastIndexOf('.') + 1),
        [...known.keys()].filter((key) => !key.includes('.')),
      )
      diagnostics.push(
        errorAt(`unknown-${kind}`, `there is no ${kind} '${name}'`, at, guess && `did you mean ${guess}?`),
      )
    }
  }
}

/** A name that a condition looks at with `is defined` or `default` is guarded in the whole step. */
function checkNamesOf(
  conditions: readonly CompiledTemplate[],
  others: readonly CompiledTemplate[],
  defined: ReadonlySet<string>,
  diagnostics: Diagnostic[],
): void {
  const guarded = new Set(conditions.flatMap((one) => one.names.filter((n) => n.guarded).map((n) => n.name)))
  // A step that waits for a variable nothing defines may be meant never to run with this inventory.
  const isIdle = [...guarded].some((name) => !defined.has(name))
  for (const template of isIdle ? conditions : [...conditions, ...others]) {
    for (const { name, at, guarded: isGuarded } of template.names) {
      if (isGuarded || guarded.has(name) || defined.has(name) || /^(?:ansible_|facter_|ohai_)/.test(name)) continue
      const guess = didYouMean(name, defined)
      const hint =
        guess === undefined ? `define it, or give it a default: {{ ${name} | default(…) }}` : `did you mean ${guess}?`
      diagnostics.push(errorAt('undefined-variable', `nothing defines the variable '${name}'`, at, hint))
    }
  }
}
