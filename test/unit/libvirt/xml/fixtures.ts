import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type Element, parseXml } from '../../../../core/libvirt/xml/element.ts'
import type { MachineAliases } from '../../../../core/libvirt/xml/rules/types.ts'
import { machineAliases } from '../../../../modules/libvirt/domain/machines.ts'

/** What was declared, and what a real libvirt made of it: dumps/make.sh made them. */
export interface Fixture {
  readonly version: string
  readonly shape: string
  readonly machines: MachineAliases
  readonly declared: Element
  readonly inactive: Element
  /** Undefined where the shape could not be started. */
  readonly live: Element | undefined
}

const folder = new URL('dumps/', import.meta.url).pathname
const read = (path: string): Element => parseXml(readFileSync(`${folder}${path}`, 'utf8'))

/** Versions of libvirt that made dumps. */
export const versions: readonly string[] = readdirSync(folder).filter((name) => /^\d/.test(name))

/** All of them. */
export const fixtures: readonly Fixture[] = versions.flatMap((version) => {
  const machines = machineAliases(readFileSync(`${folder}${version}/capabilities.xml`, 'utf8'))
  return readdirSync(`${folder}declared`)
    .map((file) => file.replace(/\.xml$/, ''))
    .filter((shape) => existsSync(`${folder}${version}/${shape}.inactive.xml`))
    .map((shape) => ({
      version,
      shape,
      machines,
      declared: read(`declared/${shape}.xml`),
      inactive: read(`${version}/${shape}.inactive.xml`),
      live: existsSync(`${folder}${version}/${shape}.live.xml`) ? read(`${version}/${shape}.live.xml`) : undefined,
    }))
})

const inOrder = new Set(['os', 'qemu:commandline', 'metadata'])

/** The same with the children of every element the other way round, where their order says nothing. */
export function reversed(element: Element): Element {
  const children = element.children.map(reversed)
  return { ...element, children: inOrder.has(element.name) ? children : children.reverse() }
}
