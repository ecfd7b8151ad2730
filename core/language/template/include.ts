import { iterate, PythonError } from '../python/index.ts'
import type { Scope } from '../types.ts'
import { Undefined, type Value } from '../values.ts'
import type { Compiler, Run } from './compiler.ts'
import { type FoundTemplate, findTemplate } from './folders.ts'
import { Frame } from './frame.ts'
import { Module } from './module.ts'
import { Output } from './output.ts'
import { Runtime } from './runtime.ts'
import type { FromImport, Include, Statement } from './tree.ts'

type Import = Extract<Statement, { kind: 'import' }>

function names(value: Value): string[] {
  return Array.isArray(value) ? iterate(value).map(String) : [String(value)]
}

function missing(wanted: readonly string[], scope: Scope): PythonError {
  const folders = scope.environment.folders.join(', ') || 'no folder'
  return new PythonError('FilterError', `template '${wanted.join("' or '")}' was not found in ${folders}`)
}

/** A template of the folders, with a runtime of its own; it sees the names here if it is `with context`. */
function open(rt: Runtime, found: FoundTemplate, withContext: boolean): Runtime {
  const scope = withContext ? rt.scope : { get: () => undefined, names: () => [], environment: rt.scope.environment }
  const inner = new Runtime(scope, rt.evaluation, found.origin, rt.templates, found.origin)
  inner.frame = new Frame(withContext ? rt.frame : undefined)
  inner.top = inner.frame
  inner.copies = rt.copies
  return inner
}

function execute(rt: Runtime, found: FoundTemplate, out: Output): void {
  try {
    rt.evaluation.budget.nest(() => rt.templates.run(found, rt, out))
  } catch (error) {
    throw rt.locate(error)
  }
}

export function compileInclude(node: Include, { expression }: Compiler): Run {
  const template = expression(node.template)
  return (rt, out) => {
    const wanted = template(rt)
    rt.at = node.at
    if (wanted instanceof Undefined && node.ignoreMissing) return 'done'
    const found = findTemplate(rt.scope.environment.folders, names(rt.settle(wanted)))
    if (!found && node.ignoreMissing) return 'done'
    if (!found) throw missing(names(wanted), rt.scope)
    const text = new Output(rt.evaluation.budget)
    execute(open(rt, found, node.withContext), found, text)
    out.write(text.text())
    return 'done'
  }
}

function importModule(rt: Runtime, value: Value, withContext: boolean): Module {
  const found = findTemplate(rt.scope.environment.folders, names(rt.settle(value)))
  if (!found) throw missing(names(value), rt.scope)
  const inner = open(rt, found, withContext)
  const out = new Output(rt.evaluation.budget)
  execute(inner, found, out)
  return new Module(names(value)[0] ?? '', inner.top.own(), out.text())
}

export function compileImport(node: Import, { expression }: Compiler): Run {
  const template = expression(node.template)
  return (rt) => {
    const value = template(rt)
    rt.at = node.at
    rt.frame.set(node.name, importModule(rt, value, node.withContext))
    return 'done'
  }
}

export function compileFrom(node: FromImport, { expression }: Compiler): Run {
  const template = expression(node.template)
  return (rt) => {
    const value = template(rt)
    rt.at = node.at
    const module = importModule(rt, value, node.withContext)
    for (const [name, as] of node.names) {
      const exported = module.attribute(name)
      const reason = `the template '${module.name}' does not export '${name}'`
      rt.frame.set(as, exported ?? new Undefined(as, reason))
    }
    return 'done'
  }
}
