import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import type { Change } from '../../core/module/types.ts'
import { readDatabases, runTool } from './accounts.ts'

interface State {
  readonly gid: number | undefined
}

export default defineState({
  name: 'group',
  summary: 'Manages a group of the host.',
  args: arg.object({
    name: arg.name(),
    gid: arg.int().optional().describe('number; the same on all hosts where they share files'),
    state: arg.choice('present', 'absent').default('present'),
    system: arg.bool().default(false).describe('number from the range of the system, if it is made now'),
    non_unique: arg.bool().default(false),
    force: arg.bool().default(false).describe('remove it though it is the primary group of a user'),
  }),
  local: true,
  returns: { name: 'name', gid: 'number', state: 'present or absent' },
  examples: `
- group: name=libvirt-qemu gid=64055 system=true
`,
  async probe(host, a): Promise<State> {
    const { rows } = await readDatabases(host, ['group'])
    const row = rows.group.find(([name]) => name === a.name)
    return { gid: row && Number(row[2]) }
  },
  diff(state, a): Change[] {
    if (a.state === 'absent') return state.gid === undefined ? [] : [{ path: 'group', before: a.name, effect: 'now' }]
    if (state.gid === undefined) return [{ path: 'group', after: a.name, effect: 'now' }]
    return a.gid === undefined || a.gid === state.gid
      ? []
      : [{ path: 'gid', before: state.gid, after: a.gid, effect: 'now' }]
  },
  async apply(host, a, state) {
    const number = a.gid === undefined ? [] : ['-g', String(a.gid), ...(a.non_unique ? ['-o'] : [])]
    if (a.state === 'absent') await runTool(host, sh`groupdel ${a.force ? ['-f'] : []} -- ${a.name}`)
    else if (state.gid === undefined) await runTool(host, sh`groupadd ${number} ${a.system ? ['-r'] : []} -- ${a.name}`)
    else await runTool(host, sh`groupmod ${number} -- ${a.name}`)
    return undefined
  },
  result: (state, a) => ({
    name: a.name,
    state: a.state,
    system: a.system,
    ...(state.gid !== undefined && { gid: state.gid }),
  }),
})
