import type { Diagnostic } from '../language/diagnostic.ts'
import type { Variables } from '../language/values.ts'

/*
 * The contract of the inventory. Implemented by load.ts (loadInventory), pattern.ts, precedence.ts.
 */

export interface InventoryHost {
  readonly name: string
  /** Direct groups, in the order of Ansible's precedence. */
  readonly groups: readonly string[]
}

export interface InventoryGroup {
  readonly name: string
  readonly children: readonly string[]
  /** Direct hosts, in the order of the files. */
  readonly hosts: readonly string[]
  readonly priority: number
}

export interface Inventory {
  /** All hosts in the order of the files; `localhost` is implicit and not among them unless it is listed. */
  readonly hosts: ReadonlyMap<string, InventoryHost>
  /** With `all` and `ungrouped`. */
  readonly groups: ReadonlyMap<string, InventoryGroup>
  /** Hosts of a group with its descendants, in the order of the inventory. */
  hostsOf(group: string): readonly string[]
  /**
   * Hosts of a pattern (`web:&prod:!kvm3`, `kvm[01:20]`, `~kvm\d+`, `hv*[0:2]`), in the order of the pattern's parts and, within
   * each, of the group. `localhost` is found even if it is not listed. A limit may name a file of hosts, `@failed.txt`.
   * DiagnosticError for bad syntax; a name that matches nothing is a warning among the diagnostics.
   */
  match(
    pattern: string | readonly string[],
    limit?: string | readonly string[],
  ): { hosts: string[]; diagnostics: Diagnostic[] }
  /**
   * Layers of a host's variables, weakest first, as Ansible documents them: group vars of the inventory file, group_vars/all
   * (beside the inventory, then beside the playbook), group_vars/*, the host's own in the file, host_vars/*. Values are raw.
   */
  layers(host: string): readonly VariableLayer[]
  /** For add_host and group_by. */
  addHost(name: string, groups: readonly string[], variables: Variables): void
}

export interface VariableLayer {
  /** `group_vars/all.yml`, `inventories/lab.yml [hypervisors]`: for explaining where a value came from. */
  readonly origin: string
  readonly variables: Variables
}

/**
 * loadInventory(sources, options): Promise<{ inventory, diagnostics }>
 * Sources: files (INI, YAML, JSON), executables (--list, --host), folders of them, or `host1,host2,`.
 */
export interface InventoryOptions extends VaultAccess {
  /** Folders beside which group_vars/ and host_vars/ are looked for too: the playbooks'. */
  readonly playbookFolders?: readonly string[]
  readonly signal?: AbortSignal
}

/** How files with encrypted values are read: see core/secrets/vault.ts, whose methods these are. */
export interface VaultAccess {
  /** The plain text of a vault text; VaultError when it cannot be opened. */
  readonly decrypt?: (vaultText: string) => string
  /** Derives the keys of many vault texts side by side, before decrypt is asked for each. */
  readonly unlock?: (vaultTexts: readonly string[]) => Promise<void>
  /** Told every value that was encrypted, for the redactor. */
  readonly secret?: (value: string) => void
}

/** What was found, and every mistake in it. */
export interface LoadedInventory {
  readonly inventory: Inventory
  readonly diagnostics: readonly Diagnostic[]
}
