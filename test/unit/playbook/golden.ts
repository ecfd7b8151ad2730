import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { arg } from '../../../core/module/arg.ts'
import { defineControl, defineRun, defineState } from '../../../core/module/define.ts'
import { createRegistry } from '../../../core/module/registry.ts'
import type { AnyModule } from '../../../core/module/types.ts'

/** Folder of the golden playbooks, relative to the working folder. */
export const goldenFolder = relative(process.cwd(), fileURLToPath(new URL('../../golden/playbook/', import.meta.url)))

/** Compares with a file; UPDATE=1 writes it. */
export function expectGolden(file: string, actual: string): void {
  if (process.env.UPDATE) writeFileSync(file, actual)
  expect(actual).to.equal(readFileSync(file, 'utf8'))
}

const unused = () => {
  throw new Error('modules are not run here')
}
const state = (name: string, shape: Parameters<typeof arg.object>[0]) =>
  defineState({
    name,
    summary: name,
    args: arg.object(shape),
    probe: unused,
    diff: unused,
    apply: unused,
    result: unused,
  })
const free = { argument: '_raw_params', options: ['chdir', 'creates'] }
const line = { _raw_params: arg.str().optional(), chdir: arg.str().optional(), creates: arg.str().optional() }
const run = (name: string) => defineRun({ name, summary: name, args: arg.object(line), freeForm: free, run: unused })
const control = (name: string, args: Parameters<typeof defineControl>[0]['args']) =>
  defineControl({ name, summary: name, args, decide: unused })

const modules: AnyModule[] = [
  state('copy', { src: arg.str().optional(), dest: arg.path(), mode: arg.mode().optional() }),
  state('template', { src: arg.str(), dest: arg.path() }),
  state('file', {
    path: arg.path(),
    state: arg.choice('file', 'directory', 'absent').optional(),
    mode: arg.mode().optional(),
  }),
  run('command'),
  run('shell'),
  control('debug', arg.object({ msg: arg.raw().optional(), var: arg.str().optional() })),
  control('assert', arg.object({ that: arg.list(arg.raw()) })),
  control('set_fact', arg.dict(arg.raw())),
  control('ping', arg.object({})),
]

/** A registry of a few modules with schemas of their own, so that changes of the real ones do not show here. */
export const registry = createRegistry(modules.map((module) => ({ name: module.name, load: async () => module })))
