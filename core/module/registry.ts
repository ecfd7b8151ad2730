import type { AnyModule } from './types.ts'

/** Finds modules by any of their names; a module's code is loaded when it is first asked for. */
export interface ModuleRegistry {
  /** Canonical and other names, for the syntax of tasks and for did-you-mean. */
  names(): ReadonlySet<string>
  /** Undefined for a name that is not known. */
  load(name: string): Promise<AnyModule | undefined>
}

/** Canonical name, its aliases, and how to load it. The aliases stand here so that names are known without loading. */
export interface RegistryEntry {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly load: () => Promise<AnyModule>
}

/** Every module is known by its name, its aliases, and as ansible.builtin.NAME and ansible.legacy.NAME. */
export function createRegistry(entries: readonly RegistryEntry[]): ModuleRegistry {
  const byName = new Map<string, RegistryEntry>()
  for (const entry of entries) {
    const names = [
      entry.name,
      ...(entry.aliases ?? []),
      `ansible.builtin.${entry.name}`,
      `ansible.legacy.${entry.name}`,
    ]
    for (const name of names) {
      if (byName.has(name)) throw new Error(`module name '${name}' is taken twice`)
      byName.set(name, entry)
    }
  }
  const names = new Set(byName.keys())
  const loaded = new Map<RegistryEntry, Promise<AnyModule>>()
  return {
    names: () => names,
    load: async (name) => {
      const entry = byName.get(name)
      if (!entry) return undefined
      let module = loaded.get(entry)
      if (!module) {
        module = entry.load()
        loaded.set(entry, module)
      }
      return module
    },
  }
}
