import { type ShellText, sh } from '../../core/connection/quote.ts'
import type { CommandResult } from '../../core/connection/types.ts'
import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure } from '../../core/module/types.ts'
import { readText } from '../files/text.ts'
import { writeThen } from '../files/write-then.ts'
import { type FstabEntry, findEntry, setEntry } from './fstab.ts'
import { findMount, type Mount, optionsNotInForce } from './mounts.ts'
import { escapeBlanks } from './octal.ts'

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
    const [fstab, mounts, found] = await Promise.all([
      readText(host, a.fstab),
      host.read(sh`exec cat /proc/self/mountinfo`),
      host.read(lookScript(a)),
    ])
    const mount = findMount(mounts.stdout.toString(), a.path)
    const told = found.stdout.toString().split('\n')
    const sameSource = mount !== undefined && a.src !== undefined && (isNamed(mount, a) || told.includes('same'))
    return { fstab: fstab ?? '', mount, sameSource, directory: told.includes('directory') }
  },
  diff(state, a): Change[] {
    return [...tableChange(state, a), ...mountChange(state, a)]
  },
  async apply(host, a, state, changes) {
    const inFile = changes.some((change) => change.path === a.fstab)
    const text = setEntry(state.fstab, a.path, wantedEntry(a))
    const steps = changes.some((change) => change.path === a.path)
      ? acts(a, state)
      : changes.some((change) => change.path === `${a.path} options` && change.effect === 'now')
        ? [sh`mount -o ${`remount,${a.opts}`} -- ${a.path}`]
        : []
    const reload = sh`systemctl daemon-reload 2>/dev/null || :`
    const { backups, done } = await writeThen(
      host,
      inFile ? [{ path: a.fstab, text, backup: a.backup, ...(state.fstab === '' && { mode: '0644' }) }] : [],
      sh.join([sh`set -e`, ...(inFile ? [reload] : []), ...steps, ...(a.state === 'absent' ? [tidy(a)] : [])]),
      { timeoutMs: a.timeout * 1000 },
    )
    if (done.status !== 0) throw notMounted(a, done)
    const backup = backups.get(a.fstab)
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

const tidy = (a: Args): ShellText => sh`rmdir -- ${a.path} 2>/dev/null || :`

/** Whether the kernel's name of what is mounted is that of the task. A bind has none. */
function isNamed(mount: Mount, a: Args): boolean {
  const plain = a.src!.replace(/(?<=.)\/+$/, '')
  return !isBind(a) && [mount.source, ...mount.aliases].some((one) => one === a.src || one === plain)
}

/**
 * Prints `directory` where the mount point is there, and `same` where what is mounted is the source by another name: a bind by the
 * folder itself; a device by its links, UUID and label; a loop by the file behind it. A dead server must not hang the probe, so
 * the kernel's table is asked before the path is touched.
 */
function lookScript(a: Args): ShellText {
  const { path, src } = a
  const same = isBind(a)
    ? sh`[ ${src ?? ''} -ef ${path} ]`
    : sh`case $m in /dev/*) ;; *) exit 0 ;; esac
s=${src ?? ''} k=
case $s in
  UUID=*) k=uuid ;; LABEL=*) k=label ;; PARTUUID=*) k=partuuid ;; PARTLABEL=*) k=partlabel ;;
esac
[ -z "$k" ] || s=/dev/disk/by-$k/\${s#*=}
b=; { read -r b <"/sys/block/\${m##*/}/loop/backing_file"; } 2>/dev/null
[ "$s" -ef "$m" ] || [ "$s" -ef "$b" ]`
  return sh`set -f; p=${escapeBlanks(path)} m= there= IFS='
'
for line in $(cat /proc/self/mountinfo); do
  case $line in *" $p "*) ;; *) continue ;; esac
  IFS=' '; set -- $line
  [ "$5" = "$p" ] || continue
  there=1; set -- \${line#* - }
  [ "$1" = autofs ] || m=$2
done
if [ -n "$there" ] || [ -d ${path} ]; then echo directory; fi
[ -n "$m" ] || exit 0
if ${same}; then echo same; fi
exit 0`
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

function acts(a: Args, state: State): ShellText[] {
  if (a.state === 'absent' || a.state === 'unmounted') return [sh`umount -- ${a.path}`]
  if (a.state === 'remounted') return [sh`mount -o remount -- ${a.path}`]
  return [
    ...(state.mount ? [sh`umount -- ${a.path}`] : []),
    ...(state.directory ? [] : [sh`mkdir -p -- ${a.path}`]),
    sh`mount -t ${a.fstype!} -o ${a.opts} -- ${a.src!} ${a.path}`,
  ]
}

function notMounted(a: Args, done: CommandResult): ModuleFailure {
  const said = done.stderr.toString().trim()
  return new ModuleFailure(`${a.path}: ${said}`, {
    result: { rc: done.status },
    ...(/busy/.test(said) && { hint: `something uses it: fuser -vm ${a.path}` }),
    ...(/bad option|helper program/.test(said) && {
      hint: 'its mount helper is missing: install nfs-common or nfs-utils',
    }),
  })
}
