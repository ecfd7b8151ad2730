import type { FarmHost } from './farm.ts'

const FIRST_ID = 30_000

/** Lines to add to the account files, one account a host: by name, the text. The homes are empty, so no login reads a file. */
export function accounts(hosts: readonly FarmHost[]): Map<'passwd' | 'group' | 'shadow', string> {
  const rows = {
    passwd: (user: string, id: number) => `${user}:x:${id}:${id}::/srv/home/${user}:/bin/sh\n`,
    group: (user: string, id: number) => `${user}:x:${id}:\n`,
    shadow: (user: string) => `${user}:*:19000:0:99999:7:::\n`,
  }
  const files = ['passwd', 'group', 'shadow'] as const
  return new Map(files.map((file) => [file, hosts.map(({ user }, i) => rows[file](user, FIRST_ID + i)).join('')]))
}
