import {
  type Diagnostic,
  didYouMean,
  errorAt,
  toVariables,
  type YamlMapping,
  type YamlNode,
} from '../language/index.ts'
import type { ToValueOptions } from '../language/types.ts'
import type { Variables } from '../language/values.ts'
import { hostNames } from './address.ts'
import type { InventoryData } from './data.ts'
import { collect, parseDocument } from './document.ts'
import { BadRange } from './range.ts'
import type { VaultAccess } from './types.ts'

const keys = ['hosts', 'vars', 'children']

/** Reads a YAML or JSON inventory: groups with hosts, vars and children. */
export async function parseYamlInventory(
  text: string,
  file: string,
  data: InventoryData,
  access: VaultAccess,
): Promise<void> {
  const { root, diagnostics, values } = await parseDocument(text, file, access)
  data.diagnostics.push(...diagnostics)
  if (!root) return
  if (root.kind !== 'mapping') {
    data.diagnostics.push(
      errorAt('inventory-shape', 'an inventory must be a mapping of groups', root.at, 'begin with `all:`'),
    )
    return
  }
  const plugin = root.entries.find((entry) => entry.key.value === 'plugin')
  if (plugin) {
    const hint = 'use an executable that prints the inventory as JSON'
    data.diagnostics.push(errorAt('inventory-plugin', 'inventory plugins are not supported', plugin.key.at, hint))
    return
  }
  new YamlReader(file, data, values).groups(root)
}

class YamlReader {
  readonly #file: string
  readonly #data: InventoryData
  readonly #values: ToValueOptions

  constructor(file: string, data: InventoryData, values: ToValueOptions) {
    this.#file = file
    this.#data = data
    this.#values = values
  }

  groups(mapping: YamlMapping, parent?: string, depth = 0): void {
    if (depth > 100) {
      this.#report(errorAt('inventory-shape', 'groups are nested deeper than 100 levels', mapping.at))
      return
    }
    for (const { key, value } of mapping.entries) {
      const name = String(key.source)
      this.#data.group(name)
      if (parent !== undefined && parent !== 'all') this.#data.addChild(parent, name, key.at)
      const body = this.#mapping(value, `group '${name}'`)
      if (body) this.#group(name, body, depth)
    }
  }

  #report(diagnostic: Diagnostic): void {
    this.#data.diagnostics.push(diagnostic)
  }

  /** A mapping, or undefined for nothing; anything else is reported. */
  #mapping(node: YamlNode, what: string): YamlMapping | undefined {
    if (node.kind === 'mapping') return node
    if (node.kind === 'scalar' && node.value === null) return undefined
    this.#report(errorAt('inventory-shape', `${what} must be a mapping`, node.at, 'end each name with a colon'))
    return undefined
  }

  #group(name: string, body: YamlMapping, depth: number): void {
    for (const { key, value } of body.entries) {
      const part = String(key.source)
      if (part === 'vars') {
        const variables = this.#variables(value)
        this.#data.setVariables(this.#data.group(name), `${this.#file} [${name}]`, variables)
      } else if (part === 'hosts') this.#hosts(name, value)
      else if (part === 'children') {
        const names = this.#named(value, `children of '${name}'`)
        if (names) this.groups(names, name, depth + 1)
      } else this.#unknownKey(name, part, key.at)
    }
  }

  #unknownKey(group: string, key: string, at: YamlNode['at']): void {
    const guess = didYouMean(key, keys)
    const message = `group '${group}' has an unknown key '${key}'`
    if (guess !== undefined) this.#report(errorAt('inventory-key', message, at, `did you mean ${guess}?`))
    else {
      const hint = 'a group has hosts, vars and children; other groups stand under children'
      this.#report({ severity: 'warning', code: 'inventory-key', message, at, hint })
    }
  }

  /** A single name is a mapping with one key, as Ansible has it. */
  #named(node: YamlNode, what: string): YamlMapping | undefined {
    if (node.kind !== 'scalar' || typeof node.value !== 'string') return this.#mapping(node, what)
    return { kind: 'mapping', at: node.at, entries: [{ key: node, value: { ...node, value: null, source: '' } }] }
  }

  #hosts(group: string, node: YamlNode): void {
    for (const { key, value } of this.#named(node, `hosts of '${group}'`)?.entries ?? []) {
      const variables = this.#variables(value)
      try {
        const { names, port } = hostNames(String(key.source))
        if (port !== undefined) variables.set('ansible_port', port)
        for (const name of names) this.#data.setVariables(this.#data.host(name, group), this.#file, variables)
      } catch (error) {
        if (!(error instanceof BadRange)) throw error
        this.#report(errorAt('inventory-host', error.message, key.at, error.hint))
      }
    }
  }

  #variables(node: YamlNode): Variables {
    return collect(this.#data.diagnostics, () => toVariables(node, this.#values)) ?? new Map()
  }
}
