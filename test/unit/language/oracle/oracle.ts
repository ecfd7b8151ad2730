import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from '../../../../core/events/json.ts'
import {
  compileExpression,
  DiagnosticError,
  defaultEnvironment,
  fromJson,
  repr,
  type Scope,
  templateFile,
  UndefinedVariableError,
  type Value,
} from '../../../../core/language/index.ts'

export interface Case {
  kind: 'expression' | 'template'
  source: string
}

export type Answer = { repr: string } | { error: string; text: string }

const here = import.meta.dirname
export const variablesText = readFileSync(join(here, 'vars.json'), 'utf8')
export const files = JSON.parse(readFileSync(join(here, 'files.json'), 'utf8')) as Record<string, string>

/** Runs a script of this folder with Debian's Python; fails with the name of the package when it is not there. */
export function askPython(script: string, input: string, packages: string): string {
  const { stdout, stderr, status, error } = spawnSync('/usr/bin/python3', [join(here, script)], {
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error || status !== 0)
    throw new Error(`the oracle needs the Debian package ${packages}: ${error?.message ?? stderr}`)
  return stdout
}

/** Jinja2's answers. The variables go to it as text, because JSON.parse would round their big int. */
export function askJinja(cases: readonly Case[]): Answer[] {
  const request = { cases: cases.map((c) => ({ ...c })), vars: 'VARS', files }
  const stdout = askPython(
    'jinja.py',
    JSON.stringify(request).replace('"VARS"', () => variablesText),
    'python3-jinja2',
  )
  return JSON.parse(stdout) as Answer[]
}

/** A scope with the corpus' variables, and its templates as files of a folder; `close` removes the folder. */
export function corpusScope(): { scope: Scope; close: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-oracle-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const variables = new Map(
    Object.entries(JSON.parse(variablesText) as Record<string, Json>).map(([k, v]) => [k, fromJson(v)]),
  )
  variables.set('big', 12345678901234567890n)
  const scope = {
    get: (name: string) => variables.get(name),
    names: () => variables.keys(),
    environment: defaultEnvironment({ folders: [folder] }),
  }
  return { scope, close: () => rmSync(folder, { recursive: true }) }
}

/** Our answer in the same form. */
export function ask(c: Case, scope: Scope): Answer {
  try {
    return { repr: repr(evaluate(c, { ...scope })) }
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    const [d] = error.diagnostics
    if (!d?.at) throw new Error(`no position: ${error.message}`)
    if (error instanceof UndefinedVariableError) return { error: 'undefined', text: error.message }
    const isSyntax = ['template-syntax', 'unknown-filter', 'unknown-test'].includes(d.code)
    return { error: isSyntax ? 'syntax' : 'other', text: error.message }
  }
}

function evaluate({ kind, source }: Case, scope: Scope): Value {
  const at = { file: 'corpus', line: 1, column: 1 }
  if (kind === 'template') return templateFile(source, 'corpus').evaluate(scope)
  return compileExpression(source, at).evaluate(scope)
}
