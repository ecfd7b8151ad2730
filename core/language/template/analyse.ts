import type { TemplateName, TemplateUses } from '../types.ts'
import { type Origin, positionAt } from './origin.ts'
import type { Body, Expression, Parameter, Statement, Target } from './tree.ts'

const lookups = new Set(['lookup', 'query', 'q'])

/** What a template reads and calls, as far as its text tells. Names that it sets itself are not among them. */
export function analyse(tree: Body | Expression, origin: Origin): { names: TemplateName[]; uses: TemplateUses } {
  const analysis = new Analysis(origin)
  if (Array.isArray(tree)) analysis.body(tree as Body, new Set(['self']), false)
  else analysis.expression(tree as Expression, new Set(), false)
  return { names: analysis.names, uses: analysis.uses }
}

type Names = Set<string>

class Analysis {
  readonly names: TemplateName[] = []
  readonly uses = {
    filters: [] as TemplateUses['filters'][number][],
    tests: [] as TemplateUses['tests'][number][],
    lookups: [] as TemplateUses['lookups'][number][],
  }
  readonly #origin: Origin

  constructor(origin: Origin) {
    this.#origin = origin
  }

  #use(list: { name: string; at: TemplateName['at'] }[], name: string, at: number): void {
    list.push({ name, at: positionAt(this.#origin, at) })
  }

  expression(node: Expression | undefined, local: Names, guarded: boolean): void {
    if (!node) return
    switch (node.kind) {
      case 'constant':
        return
      case 'name':
        if (!local.has(node.name)) this.names.push({ name: node.name, at: positionAt(this.#origin, node.at), guarded })
        return
      case 'filter': {
        this.#use(this.uses.filters, node.name, node.at)
        const isDefault = /^(?:ansible\.builtin\.)?(?:default|d)$/.test(node.name)
        this.expression(node.target, local, guarded || isDefault)
        this.#children(node.args, local, guarded)
        return
      }
      case 'test':
        this.#use(this.uses.tests, node.name, node.at)
        this.expression(node.target, local, guarded || node.name === 'defined' || node.name === 'undefined')
        this.#children(node.args, local, guarded)
        return
      case 'call': {
        const first = node.args.positional[0]
        if (node.target.kind === 'name' && lookups.has(node.target.name) && !local.has(node.target.name)) {
          if (first?.kind === 'constant' && typeof first.value === 'string') {
            this.#use(this.uses.lookups, first.value, first.at)
          }
          this.#children(node.args, local, guarded)
          return
        }
        this.expression(node.target, local, guarded)
        this.#children(node.args, local, guarded)
        return
      }
      case 'conditional':
        this.expression(node.test, local, guarded)
        this.expression(node.value, local, true)
        this.expression(node.otherwise, local, true)
        return
      case 'and':
      case 'or':
        this.expression(node.left, local, guarded)
        this.expression(node.right, local, true)
        return
      default:
        this.#children(node, local, guarded)
        return
    }
  }

  #children(part: unknown, local: Names, guarded: boolean): void {
    if (Array.isArray(part)) for (const item of part) this.#child(item, local, guarded)
    else if (part !== null && typeof part === 'object')
      for (const item of Object.values(part)) this.#child(item, local, guarded)
  }

  #child(part: unknown, local: Names, guarded: boolean): void {
    if (part === null || typeof part !== 'object') return
    if ('kind' in part && 'at' in part) this.expression(part as Expression, local, guarded)
    else this.#children(part, local, guarded)
  }

  /** `local` grows by what the body sets at its own level. */
  body(body: Body, local: Names, guarded: boolean): void {
    for (const statement of body) this.#statement(statement, local, guarded)
  }

  #statement(node: Statement, local: Names, guarded: boolean): void {
    switch (node.kind) {
      case 'output':
      case 'do':
        this.expression(node.expression, local, guarded)
        return
      case 'if':
        for (const [i, { test, body }] of node.branches.entries()) {
          this.expression(test, local, guarded || i > 0)
          this.body(body, local, true)
        }
        this.body(node.otherwise, local, true)
        return
      case 'for': {
        this.expression(node.iterable, local, guarded)
        const inner = new Set([...local, ...targetNames(node.target)])
        this.expression(node.condition, inner, true)
        this.body(node.body, inner.add('loop'), true)
        this.body(node.otherwise, new Set(local), true)
        return
      }
      case 'set':
        this.expression(node.value, local, guarded)
        add(local, targetNames(node.target))
        return
      case 'capture':
        for (const filter of node.filters) this.#filter(filter, local, guarded)
        this.body(node.body, new Set(local), guarded)
        add(local, targetNames(node.target))
        return
      case 'filter-block':
        for (const filter of node.filters) this.#filter(filter, local, guarded)
        this.body(node.body, new Set(local), guarded)
        return
      case 'macro':
        local.add(node.name)
        this.#function(node.parameters, node.body, local)
        return
      case 'call-block':
        this.expression(node.call, local, guarded)
        this.#function(node.parameters, node.body, local)
        return
      case 'with': {
        const inner = new Set(local)
        for (const [target, value] of node.pairs) {
          this.expression(value, local, guarded)
          add(inner, targetNames(target))
        }
        this.body(node.body, inner, guarded)
        return
      }
      case 'block':
        this.body(node.body, new Set([...local, 'super']), true)
        return
      case 'scope':
        this.body(node.body, new Set(local), guarded)
        return
      case 'import':
        this.expression(node.template, local, guarded)
        add(local, [node.name])
        return
      case 'from':
        this.expression(node.template, local, guarded)
        add(
          local,
          node.names.map(([, as]) => as),
        )
        return
      case 'include':
      case 'extends':
        this.expression(node.template, local, guarded)
        return
      default:
        return
    }
  }

  #filter(filter: { at: number; name: string; args: unknown }, local: Names, guarded: boolean): void {
    this.#use(this.uses.filters, filter.name, filter.at)
    this.#children(filter.args, local, guarded)
  }

  #function(parameters: readonly Parameter[], body: Body, local: Names): void {
    const inner = new Set([...local, ...parameters.map((p) => p.name), 'varargs', 'kwargs', 'caller'])
    for (const { fallback } of parameters) this.expression(fallback, inner, true)
    this.body(body, inner, true)
  }
}

function add(local: Names, names: Iterable<string>): void {
  for (const name of names) local.add(name)
}

function targetNames(target: Target): string[] {
  if (target.kind === 'targets') return target.items.flatMap(targetNames)
  return target.kind === 'name' ? [target.name] : []
}
