import { isAbsolute, resolve } from 'node:path'
import { readVariables } from '../inventory/index.ts'
import { DiagnosticError, errorAt, resolveAsync, str, type Value, type Variables } from '../language/index.ts'
import type { Batch } from './batch.ts'
import { rootFrame } from './frame.ts'
import type { HostRecord } from './host-record.ts'
import { scopeOf } from './task/turn.ts'

/**
 * Reads a play's vars_files for a host, in order. An entry that is a list means the first of its files that is there. Raises
 * DiagnosticError for a file that cannot be read, TemplateError for a name that cannot be told yet.
 */
export async function readVarsFiles(batch: Batch, host: HostRecord): Promise<Variables[]> {
  const { play, run } = batch
  const read: Variables[] = []
  for (const entry of play.varsFiles) {
    batch.setVarsFiles(host.name, read)
    const scope = scopeOf({ batch, frame: rootFrame, host, step: undefined, check: run.check, diff: run.diff })
    const names = await resolveAsync(entry, scope)
    read.push(await firstOf(batch, Array.isArray(names) ? names : [names]))
  }
  batch.setVarsFiles(host.name, read)
  return read
}

async function firstOf(batch: Batch, names: readonly Value[]): Promise<Variables> {
  const { play, run } = batch
  const { decrypt } = run.request
  const access = decrypt ? { decrypt, secret: (value: string) => void run.request.redactor.add(value) } : {}
  const tried: string[] = []
  for (const name of names) {
    const file = isAbsolute(str(name)) ? str(name) : resolve(play.folder, str(name))
    tried.push(file)
    const { variables, diagnostics } = await readVariables(file, access)
    const errors = diagnostics.filter((one) => one.severity === 'error')
    if (errors.length === 0) return variables
    const missing = errors.every((one) => one.code === 'missing-file' || /cannot read|no such file/i.test(one.message))
    if (!missing || names.length === 1) throw new DiagnosticError(errors)
  }
  throw new DiagnosticError([errorAt('missing-file', `none of these files is there: ${tried.join(', ')}`, play.at)])
}
