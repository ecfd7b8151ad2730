import { constants } from 'node:fs'
import { access, open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorAt } from '../language/index.ts'
import { hostNames } from './address.ts'
import type { InventoryData } from './data.ts'
import { unreadable } from './document.ts'
import { parseIni } from './ini.ts'
import { BadRange } from './range.ts'
import { runInventory } from './script.ts'
import type { InventoryOptions } from './types.ts'
import { parseYamlInventory } from './yaml-source.ts'

/** Endings that Ansible leaves out of a folder of inventories. */
const ignored = /(?:~|\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry))$/
const hidden = /^(?:\..*|host_vars|group_vars|vars_plugins)$/

/** Reads one source into the data: a list of hosts, an executable, a folder, or a file in YAML, JSON or INI. */
export async function readSource(source: string, data: InventoryData, options: InventoryOptions): Promise<void> {
  if (isHostList(source)) {
    readHostList(source, data)
    return
  }
  let isFolder: boolean
  let executable: boolean
  try {
    const found = await stat(source)
    isFolder = found.isDirectory()
    executable = found.isFile() && (await isExecutable(source))
  } catch (error) {
    data.diagnostics.push(unreadable(source, error))
    return
  }
  if (isFolder) await readFolder(source, data, options)
  else if (executable) await runInventory(source, data, options.signal)
  else {
    const text = await readFile(source, 'utf8')
    if (looksLikeYaml(source, text)) await parseYamlInventory(text, source, data, options)
    else parseIni(text, source, data)
  }
}

/** `host1,host2,`: with a comma, as on the command line. */
export function isHostList(source: string): boolean {
  return source.includes(',')
}

function readHostList(source: string, data: InventoryData): void {
  for (const entry of source.split(',').map((part) => part.trim())) {
    if (entry === '') continue
    try {
      const { names, port } = hostNames(entry)
      const variables = new Map(port === undefined ? [] : [['ansible_port', port]])
      for (const name of names) data.setVariables(data.host(name, 'ungrouped'), source, variables)
    } catch (error) {
      if (!(error instanceof BadRange)) throw error
      data.diagnostics.push(errorAt('inventory-host', error.message, undefined, error.hint))
    }
  }
}

async function readFolder(folder: string, data: InventoryData, options: InventoryOptions): Promise<void> {
  for (const name of (await readdir(folder)).sort()) {
    if (hidden.test(name)) continue
    const path = join(folder, name)
    if (!ignored.test(name)) await readSource(path, data, options)
    else if (/\.(?:ini|cfg)$/.test(name)) {
      data.diagnostics.push({
        severity: 'warning',
        code: 'inventory-ignored',
        message: `${path} is not read: in a folder of inventories, .ini and .cfg are left out, as Ansible does`,
        hint: 'rename it without the ending, or name the file itself',
      })
    }
  }
}

/** The mode says so, and it begins with #! or is no text. */
async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
  } catch {
    return false
  }
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    const start = buffer.subarray(0, bytesRead)
    return start.subarray(0, 2).toString() === '#!' || start.equals(Buffer.from('\x7fELF', 'latin1'))
  } finally {
    await handle.close()
  }
}

function looksLikeYaml(file: string, text: string): boolean {
  if (/\.(?:ya?ml|json)$/.test(file)) return true
  if (/\.(?:ini|cfg)$/.test(file)) return false
  if (text.startsWith('$ANSIBLE_VAULT;')) return true
  const first = text.split('\n').find((line) => !/^\s*(?:[#;]|$)/.test(line)) ?? ''
  return /^(?:---|\{|[\w.-]+:\s*(?:#.*)?$)/.test(first)
}
