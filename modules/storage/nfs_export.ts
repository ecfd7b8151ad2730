import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure } from '../../core/module/types.ts'
import { readText } from '../files/text.ts'
import { writeThen } from '../files/write-then.ts'
import { type ExportClient, liveExports, optionsDiffer, sameClient, setExport } from './exports.ts'

const OPTIONS = ['rw', 'sync', 'no_subtree_check', 'root_squash']

const client = arg.object({
  host: arg.name().describe('host, network such as 192.0.2.0/24, *.domain, or @netgroup'),
  options: arg.list(arg.name()).optional().describe('as exports(5), instead of those of the task'),
})

const args = arg
  .object({
    path: arg
      .path()
      .transform((text) => text.replace(/(?<=.)\/+$/, ''))
      .describe('folder that is exported'),
    clients: arg.list(client.or(arg.name())).default([]).describe('who may mount it: names, or host and options'),
    options: arg.list(arg.name()).default(OPTIONS).describe('how, as exports(5)'),
    state: arg.choice('present', 'absent').default('present'),
    file: arg.path().default('/etc/exports.d/virtfleet.exports').describe('file that keeps it over a boot'),
  })
  .refine((a) => a.state === 'absent' || a.clients.length > 0, { message: 'name at least one client' })
  .transform(({ clients, options, ...rest }) => ({
    ...rest,
    clients: clients.map((one) =>
      typeof one === 'string' ? { host: one, options } : { host: one.host, options: one.options ?? options },
    ),
  }))

interface State {
  readonly file: string | undefined
  /** What the kernel exports now; undefined where no NFS server runs. */
  readonly live: ExportClient[] | undefined
  readonly directory: boolean
}

export default defineState({
  name: 'nfs_export',
  summary: 'Exports a folder over NFS, now and after every boot.',
  args,
  wakes: true,
  examples: `
- nfs_export:
    path: /srv/images
    clients: [192.0.2.0/24]
    options: [rw, sync, no_subtree_check, no_root_squash]
`,
  async probe(host, a): Promise<State> {
    const [file, live, directory] = await Promise.all([
      readText(host, a.file),
      host.read(sh`command -v exportfs >/dev/null || exit 3; exec exportfs -s`),
      host.read(sh`[ -d ${a.path} ]`),
    ])
    return {
      file,
      live: live.status === 0 ? liveExports(live.stdout.toString(), a.path) : undefined,
      directory: directory.status === 0,
    }
  },
  diff(state, a): Change[] {
    const wanted = a.state === 'present' ? a.clients : []
    const text = setExport(state.file ?? '', a.path, wanted)
    const changes: Change[] = []
    if (text !== (state.file ?? '')) {
      changes.push({ path: a.file, effect: 'now', text: { header: a.file, before: state.file ?? '', after: text } })
    }
    const live = state.live ?? []
    for (const one of wanted) {
      const now = live.find((other) => sameClient(other.host, one.host))
      if (!now) changes.push({ path: `${a.path} to ${one.host}`, after: one.options, effect: 'now' })
      else if (optionsDiffer(now.options, one.options)) {
        changes.push({ path: `${a.path} to ${one.host}`, before: [...now.options], after: one.options, effect: 'now' })
      }
    }
    for (const other of live) {
      if (wanted.some((one) => sameClient(other.host, one.host))) continue
      changes.push({
        path: `${a.path} to ${other.host}`,
        before: [...other.options],
        effect: 'now',
        note: 'no longer exported',
      })
    }
    return changes
  },
  async apply(host, a, state, changes) {
    if (a.state === 'present' && !state.directory) {
      throw new ModuleFailure(`the folder ${a.path} does not exist`, { hint: 'make it with the module file first' })
    }
    if (state.live === undefined) {
      throw new ModuleFailure('exportfs was not found on the host, or does not answer', {
        hint: 'install nfs-kernel-server (Debian) or nfs-utils (EL)',
      })
    }
    const inFile = changes.some((change) => change.path === a.file)
    const text = setExport(state.file ?? '', a.path, a.state === 'present' ? a.clients : [])
    const { done } = await writeThen(
      host,
      inFile ? [{ path: a.file, text, mode: '0644', folder: true }] : [],
      sh`exportfs -ra`,
    )
    const warning = done.stderr.toString().trim()
    if (done.status !== 0) throw new ModuleFailure(`exportfs: ${warning}`)
    return warning === '' ? undefined : { warnings: warning.split('\n') }
  },
  result: (_state, a) => ({ path: a.path, state: a.state, clients: a.clients.map((one) => one.host) }),
  why: (_state, a) => `${a.path} is exported as declared`,
})
