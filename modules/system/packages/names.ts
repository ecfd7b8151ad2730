import type { PackageBackend } from './backend.ts'

const SEPARATOR = { apt: '=', dnf: undefined, zypper: '=' } as const

/** `libvirt-daemon=9.0.0-4` as name and version; dnf's names hold versions that only dnf can tell apart. */
export function splitVersion(name: string, backend: PackageBackend['name']): { name: string; version?: string } {
  const separator = SEPARATOR[backend]
  const at = separator === undefined ? -1 : name.indexOf(separator)
  return at < 0 ? { name } : { name: name.slice(0, at), version: name.slice(at + 1) }
}

/** What may be given to a package manager as a name. */
export const NAME = /^[A-Za-z0-9@*][\w.+:@*/()~-]*$/
/** Names of the packages that a task tells, valid or not. */
export const namesFor = ({ name: backend }: PackageBackend, names: readonly string[]): string[] =>
  names.filter((one) => one !== '*').map((one) => splitVersion(one, backend).name)
