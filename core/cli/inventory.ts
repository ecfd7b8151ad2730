import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import type { Json } from '../events/json.ts'
import type { Inventory, VariableLayer } from '../inventory/index.ts'
import type { Value } from '../language/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { CliError, EXIT } from './exit.ts'
import type { VaultFlags } from './sources.ts'
import type { Streams } from './streams.ts'

interface Flags extends VaultFlags {
  inventory?: string[]
  list?: boolean
  graph?: boolean
  host?: string
  explain?: string
  showSecrets?: boolean
}

/** `virtfleet inventory`: what the inventory says, and where it says it. */
export function inventoryCommand(program: Command, streams: Streams, done: (code: number) => void): void {
  program
    .command('inventory [pattern]')
    .description('show hosts, groups and variables')
    .option('-i, --inventory <source...>', 'files, folders, scripts, or host1,host2,')
    .option('--list', 'names of the hosts of the pattern (the default)')
    .option('--graph', 'groups as a tree')
    .option('--host <name>', "a host's variables as JSON, templates as they are written")
    .option('--explain <variable>', 'with --host: every place that sets the variable, the strongest last')
    .option('--show-secrets', 'with --host: what was encrypted, as it is; else it is hidden')
    .option('--vault-password-file <file...>')
    .option('--vault-id <id@source...>')
    .option('-J, --ask-vault-pass')
    .action(async (pattern: string | undefined, flags: Flags) => done(await show(pattern, flags, streams)))
}

/** The inventory that a verb uses when none is named. */
export const DEFAULT_INVENTORY = 'inventories/hosts.yml'

/** Loads the inventory of a verb; its mistakes are printed, and errors among them end the command. */
export async function openInventory(
  flags: VaultFlags & { inventory?: string[] },
  streams: Streams,
  playbookFolders: readonly string[] = [],
): Promise<{ inventory: Inventory; source: { folder: string; file: string }; redactor: Redactor }> {
  const [{ loadInventory }, { createRedactor, createVault }, { vaultAccess, vaultPasswords }, { printDiagnostics }] =
    await Promise.all([
      import('../inventory/index.ts'),
      import('../secrets/index.ts'),
      import('./sources.ts'),
      import('./diagnostics.ts'),
    ])
  const redactor = createRedactor()
  const vault = createVault(await vaultPasswords(flags, streams, redactor))
  const sources = inventorySources(flags.inventory)
  const { inventory, diagnostics } = await loadInventory(sources, {
    playbookFolders,
    ...vaultAccess(vault, redactor),
  })
  const failed = printDiagnostics(diagnostics, streams, { redact: (text) => redactor.text(text) })
  if (failed) throw new CliError('the inventory cannot be used', { exitCode: EXIT.unparsable })
  return { inventory, source: sourceOf(sources), redactor }
}

export function inventorySources(given: readonly string[] | undefined): string[] {
  if (given && given.length > 0) return [...given]
  const environment = process.env.ANSIBLE_INVENTORY
  return environment === undefined || environment === '' ? [DEFAULT_INVENTORY] : environment.split(':')
}

export function sourceOf(sources: readonly string[]): { folder: string; file: string } {
  const file = sources.find((one) => !one.includes(',')) ?? process.cwd()
  return { folder: dirname(resolve(file)), file: resolve(file) }
}

async function show(pattern: string | undefined, flags: Flags, streams: Streams): Promise<number> {
  const { inventory, redactor } = await openInventory(flags, streams)
  const told = (value: Json): Json => (flags.showSecrets ? value : redactor.json(value))
  if (flags.host !== undefined) return showHost(flags.host, flags.explain, inventory, { streams, told })
  if (flags.graph) {
    for (const line of graph(inventory, 'all', 0)) streams.out.write(`${line}\n`)
    return EXIT.ok
  }
  const { hosts, diagnostics } = inventory.match(pattern ?? 'all')
  const { printDiagnostics } = await import('./diagnostics.ts')
  printDiagnostics(diagnostics, streams)
  for (const host of hosts) streams.out.write(`${host}\n`)
  return hosts.length > 0 ? EXIT.ok : EXIT.error
}

async function showHost(
  name: string,
  variable: string | undefined,
  inventory: Inventory,
  { streams, told }: { streams: Streams; told: (value: Json) => Json },
): Promise<number> {
  if (!inventory.hosts.has(name)) {
    const { didYouMean } = await import('../language/index.ts')
    const guess = didYouMean(name, [...inventory.hosts.keys()])
    throw new CliError(`no host is named '${name}'`, {
      exitCode: EXIT.error,
      ...(guess !== undefined && { hint: `did you mean ${guess}?` }),
    })
  }
  const layers = inventory.layers(name)
  if (variable !== undefined) {
    const found = layers.filter((layer) => layer.variables.has(variable))
    for (const layer of found)
      streams.out.write(`${layer.origin}: ${JSON.stringify(told(shown(layer.variables.get(variable)!)))}\n`)
    return found.length > 0 ? EXIT.ok : EXIT.error
  }
  streams.out.write(`${JSON.stringify(told(merged(layers)), null, 2)}\n`)
  return EXIT.ok
}

function merged(layers: readonly VariableLayer[]): Json {
  const all: Record<string, Json> = {}
  for (const layer of layers) for (const [name, value] of layer.variables) all[name] = shown(value)
  return all
}

/** As JSON; a template is shown as it is written. */
function shown(value: Value): Json {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [String(key), shown(one)]))
  if (Array.isArray(value)) return value.map(shown)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'object' && value !== null)
    return 'source' in value ? value.source : 'value' in value ? (value.value as Json) : String(value)
  return value ?? null
}

function graph(inventory: Inventory, group: string, depth: number): string[] {
  const indent = '  '.repeat(depth)
  const found = inventory.groups.get(group)
  if (!found) return []
  return [
    `${indent}@${group}:`,
    ...found.children.flatMap((child) => graph(inventory, child, depth + 1)),
    ...found.hosts.map((host) => `${indent}  ${host}`),
  ]
}
