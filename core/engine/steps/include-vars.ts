import { resolve as resolvePath } from 'node:path'
import * as z from 'zod'
import { readVariables } from '../../inventory/index.ts'
import { DiagnosticError } from '../../language/diagnostic.ts'
import type { Variables } from '../../language/values.ts'
import { defineControl } from '../../module/define.ts'
import { type AnyModule, type ControlVariables, ModuleFailure } from '../../module/types.ts'
import type { Turn } from '../task/turn.ts'

const args = z
  .strictObject({
    _raw_params: z.string().optional(),
    file: z.string().optional(),
    dir: z.string().optional(),
    name: z.string().optional(),
    extensions: z.array(z.string()).default(['yaml', 'yml', 'json']),
    ignore_unknown_extensions: z.boolean().optional(),
    files_matching: z.string().optional(),
    ignore_files: z.array(z.string()).default([]),
    depth: z.int().default(0),
    hash_behaviour: z.string().optional(),
  })
  .refine((a) => [a._raw_params, a.file, a.dir].filter((one) => one !== undefined).length === 1, {
    message: 'give file or dir',
  })

type Args = z.output<typeof args>

/**
 * include_vars for one host. It belongs to the engine: variables of a file of the user's keep their templates, which no
 * module's result could.
 */
export function includeVars(turn: Turn): AnyModule {
  return defineControl({
    name: 'include_vars',
    summary: 'Reads variables from files of the controller.',
    args,
    async decide(variables, a) {
      const files = await filesOf(variables, a)
      const into = turn.host.includeVars
      const read: Variables = new Map()
      for (const file of files) for (const [key, value] of await load(turn, file)) read.set(key, value)
      if (a.name !== undefined) into.set(a.name, read)
      else for (const [key, value] of read) into.set(key, value)
      turn.host.generation++
      return { changed: false, ansible_included_var_files: files }
    },
  })
}

async function filesOf(variables: ControlVariables, a: Args): Promise<string[]> {
  const { files } = variables
  if (a.dir === undefined) {
    const name = (a.file ?? a._raw_params)!
    return [await files.find('files', `../vars/${name}`).catch(() => files.find('files', name))]
  }
  const folder = await files.find('files', `../vars/${a.dir}/`).catch(() => files.find('files', `${a.dir}/`))
  const matching = a.files_matching === undefined ? undefined : new RegExp(a.files_matching)
  const names = (await files.list(resolvePath(folder))).filter(
    (name) =>
      !name.endsWith('/') &&
      (a.depth === 0 || name.split('/').length <= a.depth) &&
      a.extensions.some((one) => name.endsWith(`.${one}`)) &&
      (matching === undefined || matching.test(name)) &&
      !a.ignore_files.includes(name),
  )
  return names.map((name) => resolvePath(folder, name))
}

async function load(turn: Turn, file: string): Promise<Variables> {
  const { decrypt } = turn.batch.run.request
  const { variables, diagnostics } = await readVariables(
    file,
    decrypt ? { decrypt, secret: (value) => void turn.batch.run.request.redactor.add(value) } : {},
  )
  const errors = diagnostics.filter((one) => one.severity === 'error')
  if (errors.length > 0) throw new DiagnosticError(errors)
  if (!(variables instanceof Map)) throw new ModuleFailure(`${file} has no variables`)
  return variables
}
