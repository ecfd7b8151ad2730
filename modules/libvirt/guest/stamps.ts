import { createHash } from 'node:crypto'
import type { GuestArgs } from './args.ts'

/** Folder in the guest with an empty file for everything that was done to it once. */
export const STAMPS = '/var/lib/virtfleet/done'

export interface Stamp {
  readonly what: 'customize' | 'sysprep'
  /** SHA-256 of what was asked for. */
  readonly name: string
}

/** What the task does once; a password is no part of its name, which others could guess it from. Taking the identity out comes first: it would take out what is customized. */
export function stampsOf(a: GuestArgs): Stamp[] {
  const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')
  return [
    ...(a.sysprep ? [{ what: 'sysprep', name: digest(['sysprep', a.sysprep_operations ?? null]) } as const] : []),
    ...(a.customize
      ? [
          {
            what: 'customize',
            name: digest(['customize', { ...a.customize, passwords: Object.keys(a.customize.passwords) }]),
          } as const,
        ]
      : []),
  ]
}
