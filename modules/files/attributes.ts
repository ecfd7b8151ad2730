import { type ShellText, sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import type { Change } from '../../core/module/types.ts'
import { type Entry, octal } from './entry.ts'
import { applyMode } from './mode.ts'

/** Arguments that every module with a file has. */
export const attributeArgs = {
  mode: arg.mode().optional().describe('permissions, octal or symbolic'),
  owner: arg.name().optional().describe('user, by name or number'),
  group: arg.name().optional().describe('group, by name or number'),
}

export interface Attributes {
  readonly mode?: string | undefined
  readonly owner?: string | undefined
  readonly group?: string | undefined
}

const same = (wanted: string, name: string, id: number): boolean => wanted === name || wanted === String(id)

/** What differs in mode, owner and group. Links have no mode of their own. */
export function diffAttributes(entry: Entry, wanted: Attributes): Change[] {
  const changes: Change[] = []
  if (wanted.owner !== undefined && !same(wanted.owner, entry.owner, entry.uid)) {
    changes.push({ path: 'owner', before: entry.owner, after: wanted.owner, effect: 'now' })
  }
  if (wanted.group !== undefined && !same(wanted.group, entry.group, entry.gid)) {
    changes.push({ path: 'group', before: entry.group, after: wanted.group, effect: 'now' })
  }
  if (wanted.mode !== undefined && entry.kind !== 'link') {
    const mode = applyMode(wanted.mode, entry.mode, entry.kind === 'directory')
    if (mode !== entry.mode)
      changes.push({ path: 'mode', before: octal(entry.mode), after: octal(mode), effect: 'now' })
  }
  return changes
}

/** Script that sets what is asked for. chown comes first: it clears the set-id bits. */
export function setAttributes(
  path: string,
  wanted: Attributes,
  options: { link?: boolean; recurse?: boolean } = {},
): ShellText[] {
  const flags = sh.raw(`${options.link ? '-h ' : ''}${options.recurse ? '-R ' : ''}`)
  const parts: ShellText[] = []
  if (wanted.owner !== undefined) parts.push(sh`chown ${flags}-- ${wanted.owner} ${path}`)
  if (wanted.group !== undefined) parts.push(sh`chgrp ${flags}-- ${wanted.group} ${path}`)
  if (wanted.mode !== undefined && !options.link) {
    parts.push(sh`chmod ${sh.raw(options.recurse ? '-R ' : '')}-- ${chmodText(wanted.mode)} ${path}`)
  }
  return parts
}

// Without a who, chmod(1) would apply the umask; with fewer than five digits it keeps a folder's set-id bits. Ansible and we do neither.
function chmodText(mode: string): string {
  return /^[0-7o]+$/.test(mode)
    ? mode.replace(/^0o/, '').padStart(5, '0')
    : mode
        .split(',')
        .map((c) => (/^[-+=]/.test(c) ? `a${c}` : c))
        .join(',')
}

/** Ansible's description of an entry in results. */
export function describeEntry(entry: Entry): {
  mode: string
  owner: string
  group: string
  uid: number
  gid: number
  size: number
  state: string
} {
  const state = entry.kind === 'link' || entry.kind === 'directory' ? entry.kind : entry.links > 1 ? 'hard' : 'file'
  return {
    mode: octal(entry.mode),
    owner: entry.owner,
    group: entry.group,
    uid: entry.uid,
    gid: entry.gid,
    size: entry.size,
    state,
  }
}
