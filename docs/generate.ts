import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { runEvent } from '../core/events/index.ts'
import { moduleIndex, moduleNames, modulePage } from '../core/module/document.ts'
import { modulesSchema } from '../core/module/task-schema.ts'
import type { AnyModule } from '../core/module/types.ts'
import { builtinModules } from '../modules/index.ts'

/*
 * Writes what is generated below docs/: a page a module with their index, and the JSON Schemas of events and of tasks.
 * With --check nothing is written; the exit status tells whether anything differs.
 */

const DOCS = dirname(fileURLToPath(import.meta.url))
const FOLDERS = ['modules', 'schemas']

/** The module of each kind that docs/architecture.md shows whole. */
const SHOWN = {
  state: 'modules/system/group.ts',
  run: 'modules/commands/raw.ts',
  fleet: 'modules/libvirt/libvirt_migrate.ts',
  control: 'modules/control/fail.ts',
}
const BLOCK = /(<!-- modules: [^\n]*-->\n)[\s\S]*?(<!-- end -->)/

function architecture(): string {
  const parts = Object.entries(SHOWN).map(([kind, path]) => {
    const source = readFileSync(join(DOCS, '..', path), 'utf8').trimEnd()
    return `\n${kind}, [${path}](../${path}):\n\n\`\`\`ts\n${source}\n\`\`\`\n`
  })
  const text = readFileSync(join(DOCS, 'architecture.md'), 'utf8')
  return text.replace(BLOCK, (_, open: string, close: string) => `${open}${parts.join('')}\n${close}`)
}

/** Every generated file: path below docs/, and text. */
export async function generatedDocs(): Promise<Map<string, string>> {
  const modules: AnyModule[] = []
  for (const name of moduleNames(builtinModules)) {
    const module = await builtinModules.load(name)
    if (module) modules.push(module)
  }
  const json = (schema: object): string => `${JSON.stringify(schema, null, 2)}\n`
  return new Map([
    ...modules.map((module): [string, string] => [`modules/${module.name}.md`, modulePage(module)]),
    ['architecture.md', architecture()],
    ['modules/index.md', moduleIndex(modules)],
    ['schemas/events.schema.json', json({ title: 'One event of a run of virtfleet', ...z.toJSONSchema(runEvent) })],
    ['schemas/modules.schema.json', json(modulesSchema(modules))],
  ])
}

/** Paths below docs/ that are missing, differ or should not be there. */
export function differences(wanted: ReadonlyMap<string, string>): string[] {
  const found = ['architecture.md', ...FOLDERS.flatMap((folder) => filesIn(folder))]
  const different = [...wanted].filter(
    ([path, text]) => !found.includes(path) || readFileSync(join(DOCS, path), 'utf8') !== text,
  )
  return [...different.map(([path]) => path), ...found.filter((path) => !wanted.has(path))].sort()
}

function filesIn(folder: string): string[] {
  mkdirSync(join(DOCS, folder), { recursive: true })
  return readdirSync(join(DOCS, folder)).map((name) => `${folder}/${name}`)
}

async function main(check: boolean): Promise<number> {
  const wanted = await generatedDocs()
  const different = differences(wanted)
  for (const path of different) {
    process.stdout.write(`docs/${path} ${check ? 'differs' : 'written'}\n`)
    const text = wanted.get(path)
    if (check) continue
    if (text === undefined) rmSync(join(DOCS, path))
    else writeFileSync(join(DOCS, path), text)
  }
  return check && different.length > 0 ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.includes('--check'))
