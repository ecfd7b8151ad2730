import { type ShellText, sh } from '../../core/connection/quote.ts'
import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, type Host, ModuleFailure, type Reader } from '../../core/module/types.ts'
import { readText } from '../files/text.ts'
import { type FstabEntry, findEntry, setEntry } from './fstab.ts'
import { findMount, type Mount, optionsNotInForce } from './mounts.ts'

const args = arg
  .object({
    path: arg
      .path()
      .transform((text) => text.replace(/(?<=.)\/+$/, ''))
      .describe('mount point'),
    src: arg.name().optional().describe('device, or server:/export'),
    fstype: arg.name().optional(),
    opts: arg.str().default('defaults'),
    state: arg.choice('mounted', 'present', 'unmounted', 'absent', 'absent_from_fstab', 'remounted', 'ephemeral'),
    boot: arg.bool().default(true).describe('mount it at boot (no: noauto)'),
    dump: arg.int().default(0),
    passno: arg.int().default(0),
    fstab: arg.path().default('/etc/fstab'),
    backup: arg.bool().default(false),
    timeout: arg.int().default(60).describe('seconds for mounting: a dead NFS server would hang for ever'),
  })
  .refine(
    (a) => !['mounted', 'present', 'ephemeral'].includes(a.state) || (a.src !== undefined && a.fstype !== undefined),
    {
      message: 'src and fstype are required to mount',
    },
  )
  .refine((a) => !a.opts.split(',').some((one) => /^\s*pass(?:word2?)?=/i.test(one)), {
    message: 'opts hold a password, which every process list would show: use credentials=/path',
  })

type Args = ReturnType<typeof args.parse>

interface State {
  readonly fstab: string
  readonly mount: Mount | undefined
  /** Whether what is mounted there is what the task names, under whatever name. */
  readonly sameSource: boolean
  readonly directory: boolean
}

export default defineState({
  name: 'mount',
  aliases: ['ansible.posix.mount'],
  summary: 'Mounts file systems, now and at every boot.',
  args,
  local: true,
  wakes: true,
  examples: `
- mount:
    path: /var/lib/libvirt/images/shared
    src: nfs1:/srv/images
    fstype: nfs
    opts: vers=4.2,hard,_netdev
    state: mounted
`,
  async probe(host, a): Promise<State> {
    const [fstab, mounts, directory] = await Promise.all([
      readText(host, a.fstab),
      host.read(sh`cat /proc/self/mountinfo`),
      // A dead server must not hang the probe, so the kernel's table is asked before the path is touched.
      host.read(sh`grep -qF ${` ${a.path} `} /proc/self/mountinfo || [ -d ${a.path} ]`),
    ])
    const mount = findMount(mounts.stdout.toString(), a.path)
    const sameSource = mount !== undefined && a.src !== undefined && (await isSource(host, mount, a))
    return { fstab: fstab ?? '', mount, sameSource, directory: directory.status === 0 }
  },
  diff(state, a): Change[] {
    return [...tableChange(state, a), ...mountChange(state, a)]
  },
  async apply(host, a, state, changes) {
    let backup: string | undefined
    if (changes.some((change) => change.path === a.fstab)) {
      const text = setEntry(state.fstab, a.path, wantedEntry(a))
      const written = await host.writeFile(a.fstab, Buffer.from(text), {
        backup: a.backup,
        ...(state.fstab === '' && { mode: '0644' }),
      })
      backup = written.backup
      await host.run(sh`systemctl daemon-reload 2>/dev/null; exit 0`)
    }
    if (changes.some((change) => change.path === a.path)) await act(host, a, state)
    else if (changes.some((change) => change.path === `${a.path} options` && change.effect === 'now')) {
      await mounting(host, a, [sh`mount -o ${`remount,${a.opts}`} -- ${a.path}`])
    }
    if (a.state === 'absent') await host.run(sh`rmdir -- ${a.path} 2>/dev/null; exit 0`)
    return backup === undefined ? undefined : { backup_file: backup }
  },
  result(state, a): JsonObject {
    return {
      name: a.path,
      fstab: a.fstab,
      opts: a.opts,
      dump: String(a.dump),
      passno: String(a.passno),
      ...(a.src !== undefined && { src: a.src }),
      ...(a.fstype !== undefined && { fstype: a.fstype }),
      mounted: state.mount !== undefined,
    }
  },
  why: (state, a) => (state.mount ? `${a.path} is ${state.mount.source}` : `${a.path} is not mounted`),
})

const isBind = (a: Args): boolean => a.opts.split(',').some((one) => one === 'bind' || one === 'rbind')

/** By name; a bind by the folder itself; a device by its links, UUID and label; a loop by the file behind it. */
async function isSource(host: Reader, mount: Mount, a: Args): Promise<boolean> {
  const src = a.src!
  if (isBind(a)) return (await host.read(sh`[ ${src} -ef ${a.path} ]`)).status === 0
  const plain = src.replace(/(?<=.)\/+$/, '')
  if ([mount.source, ...mount.aliases].some((one) => one === src || one === plain)) return true
  if (!mount.source.startsWith('/dev/')) return false
  const answer = await host.read(sh`s=${src} m=${mount.source}
case "$s" in UUID=*|LABEL=*|PARTUUID=*|PARTLABEL=*) k=$(echo "\${s%%=*}" | tr A-Z a-z); s=/dev/disk/by-$k/\${s#*=};; esac
[ "$s" -ef "$m" ] || [ "$s" -ef "$(cat "/sys/block/\${m##*/}/loop/backing_file" 2>/dev/null)" ]`)
  return answer.status === 0
}

const inTable = (a: Args): boolean => a.state === 'mounted' || a.state === 'present'

function wantedEntry(a: Args): FstabEntry | undefined {
  if (!inTable(a)) return undefined
  const options = a.boot || a.opts.split(',').includes('noauto') ? a.opts : `${a.opts},noauto`
  return { source: a.src!, path: a.path, type: a.fstype!, options, dump: a.dump, pass: a.passno }
}

function tableChange(state: State, a: Args): Change[] {
  if (!inTable(a) && a.state !== 'absent' && a.state !== 'absent_from_fstab') return []
  const after = setEntry(state.fstab, a.path, wantedEntry(a))
  const now = findEntry(state.fstab, a.path)
  const wanted = wantedEntry(a)
  if (now === undefined && wanted === undefined) return []
  if (now && wanted && JSON.stringify(now) === JSON.stringify(wanted)) return []
  return [{ path: a.fstab, effect: 'now', text: { header: a.fstab, before: state.fstab, after } }]
}

function mountChange({ mount, sameSource }: State, a: Args): Change[] {
  const before = mount ? `${mount.source} (${mount.type})` : 'not mounted'
  if (a.state === 'remounted') return [{ path: a.path, before, after: 'remounted', effect: 'action' }]
  if (a.state === 'absent' || a.state === 'unmounted')
    return mount ? [{ path: a.path, before, after: 'not mounted', effect: 'now' }] : []
  if (a.state !== 'mounted' && a.state !== 'ephemeral') return []
  const after = `${a.src} (${a.fstype})`
  if (!mount) return [{ path: a.path, before, after, effect: 'now' }]
  if (!sameSource) {
    if (a.state === 'ephemeral') throw new ModuleFailure(`${a.path} already has ${mount.source} mounted on it`)
    return [{ path: a.path, before, after, effect: 'now', note: 'another source is mounted there' }]
  }
  const missing = optionsNotInForce(mount, a.opts)
  if (missing.length === 0) return []
  // A network file system refuses most options while it is mounted.
  const change = { path: `${a.path} options`, before: mount.options, after: a.opts }
  return mount.type.startsWith('nfs') && missing.some((one) => one !== 'ro' && one !== 'rw')
    ? [{ ...change, effect: 'pending', note: `${missing.join(', ')} from the next mount on` }]
    : [{ ...change, effect: 'now', note: missing.join(', ') }]
}

async function act(host: Host, a: Args, state: State): Promise<void> {
  const gone = a.state === 'absent' || a.state === 'unmounted'
  const steps: ShellText[] = []
  if (gone) steps.push(sh`umount -- ${a.path}`)
  else if (a.state === 'remounted') steps.push(sh`mount -o remount -- ${a.path}`)
  else {
    if (state.mount) steps.push(sh`umount -- ${a.path}`)
    if (!state.directory) steps.push(sh`mkdir -p -- ${a.path}`)
    steps.push(sh`mount -t ${a.fstype!} -o ${a.opts} -- ${a.src!} ${a.path}`)
  }
  await mounting(host, a, steps)
}

async function mounting(host: Host, a: Args, steps: readonly ShellText[]): Promise<void> {
  const done = await host.run(sh.join([sh`set -e`, ...steps]), { timeoutMs: a.timeout * 1000 })
  if (done.status === 0) return
  throw new ModuleFailure(`${a.path}: ${done.stderr.toString().trim()}`, {
    result: { rc: done.status },
    ...(/busy/.test(done.stderr.toString()) && { hint: `something uses it: fuser -vm ${a.path}` }),
    ...(/bad option|helper program/.test(done.stderr.toString()) && {
      hint: 'its mount helper is missing: install nfs-common or nfs-utils',
    }),
  })
}
