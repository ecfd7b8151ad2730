import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { collect } from '../inventory/index.ts'
import { type CompiledTemplate, type Diagnostic, errorAt, templateFile } from '../language/index.ts'
import type { Value } from '../language/values.ts'
import { placeOf } from './argument-places.ts'
import { shownPath } from './import.ts'
import { shortName } from './names.ts'
import type { Play, Role, Task } from './types.ts'

/** Not part of the tree: what the files of tasks of `template` say, as validatePlaybook has read them. */
export const templateTexts = new WeakMap<Task, readonly CompiledTemplate[]>()

/** Files of the controller that a task names literally: they must exist, and a template among them must have good syntax. */
export async function checkSource(task: Task, play: Play, diagnostics: Diagnostic[]): Promise<CompiledTemplate[]> {
  if (!(task.args instanceof Map) || task.argsTemplate) return []
  const module = shortName(task.module)
  const { args } = task
  const isRemote = args.get('remote_src') !== undefined && args.get('remote_src') !== false
  const kind = module === 'template' ? 'templates' : 'files'
  let source: Value | undefined
  if (module === 'template' || (module === 'copy' && !isRemote)) source = args.get('src')
  if (module === 'script') source = firstWord(args.get('cmd') ?? args.get('_raw_params'))
  if (typeof source !== 'string' || source === '') return []
  const file = await findSource(source, kind, task, play)
  if (typeof file !== 'string') {
    const at = placeOf(args, ['src'], 'value') ?? task.at
    diagnostics.push(
      errorAt('missing-file', `${module}: there is no file '${source}'`, at, `looked in ${file.join(', ')}`),
    )
    return []
  }
  if (module !== 'template' || args.has('block_start_string') || args.has('variable_start_string')) return []
  const text = await readFile(file, 'utf8')
  const compiled = collect(diagnostics, () => templateFile(text, shownPath(file)))
  if (!compiled) return []
  // An encrypted one says nothing yet.
  if (!text.startsWith('$ANSIBLE_VAULT')) templateTexts.set(task, [compiled])
  return [compiled]
}

function firstWord(value: Value | undefined): Value | undefined {
  return typeof value === 'string' && !/["'\\]/.test(value) ? value.trim().split(/\s+/)[0] : undefined
}

/** The path, or the folders in which it was looked for. */
async function findSource(source: string, kind: string, task: Task, play: Play): Promise<string | string[]> {
  const roots: string[] = []
  for (let role: Role | undefined = task.role; role; role = role.parent) roots.push(role.folder)
  roots.push(dirname(task.at.file), play.folder)
  const folders = [...new Set(roots.flatMap((root) => [join(root, kind), root]))]
  for (const folder of folders) {
    const path = resolve(folder, source)
    if (
      await stat(path).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return folders.map((folder) => shownPath(resolve(folder)))
}
