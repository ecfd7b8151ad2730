import { randomBytes } from 'node:crypto'
import { type ShellText, sh } from '../../../core/connection/quote.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { pause } from '../../system/pause.ts'

/*
 * The dead-man's switch of a network change. A job of its own on the host puts the new configuration into force, then waits for
 * a word from us that can only come over a new connection; without it, it puts everything back. It needs no connection to live.
 */

const FOLDER = '/var/lib/virtfleet/network'

export interface GuardedChange {
  /** Path, new content (undefined: remove). */
  readonly files: ReadonlyMap<string, string | undefined>
  readonly mode: string
  /** Interfaces whose addresses, routes and masters are put back as they are now, whatever the old files say. */
  readonly interfaces: readonly string[]
  /** Before the files are replaced, after, and what waits for the live state; each fails by its status. */
  readonly before: ShellText
  readonly activate: ShellText
  readonly settle: ShellText
  /** Before the old files are back, and after. */
  readonly release: ShellText
  readonly restore: ShellText
  readonly seconds: number
}

/** Applies the change, or leaves the host as it was and raises ModuleFailure with the reason. */
export async function applyGuarded(host: Host, change: GuardedChange): Promise<void> {
  const folder = `${FOLDER}/${randomBytes(8).toString('hex')}`
  const prepared = await host.run(prepareScript(folder, change))
  if (prepared.status !== 0) throw new ModuleFailure(`cannot prepare the change: ${prepared.stderr.toString().trim()}`)
  await host.run(
    // What the change leaves behind, a DHCP client for one, must outlive the guard.
    sh`systemd-run --quiet --collect -p KillMode=process --unit=${`virtfleet-network-${folder.slice(-16)}`} /bin/sh ${folder}/guard 2>/dev/null ||
  { setsid /bin/sh ${folder}/guard </dev/null >/dev/null 2>&1 & }`,
    { foreign: true, shielded: true },
  )
  const outcome = await confirm(host, folder, change.seconds)
  if (outcome === 'confirmed') {
    await host.run(sh`rm -rf -- ${folder}`)
    return
  }
  const log = await host.read(sh`tail -n 8 ${folder}/log 2>/dev/null`).catch(() => undefined)
  const said = log?.stdout.toString().trim().split('\n').join('; ') ?? ''
  if (outcome === 'failed')
    throw new ModuleFailure(`the new configuration could not be applied, the old one is back: ${said}`)
  throw new ModuleFailure('the host could not be reached with the new configuration, so it went back to the old one', {
    hint: `check ports, addresses and gateway; what the host said is in ${folder}/log there`,
  })
}

function prepareScript(folder: string, change: GuardedChange): ShellText {
  const entries = [...change.files].map(([path, content], i) => ({
    path,
    content,
    old: `${folder}/old-${i}`,
    fresh: `${folder}/new-${i}`,
  }))
  const save = entries.map(({ path, old }) => sh`if [ -e ${path} ]; then cp -a -- ${path} ${old}; fi`)
  const write = entries.map(({ content, fresh }) =>
    content === undefined ? sh`:` : sh`printf %s ${content} > ${fresh}; chmod ${change.mode} ${fresh}`,
  )
  const install = entries.map(({ path, content, fresh, old }) =>
    content === undefined
      ? sh`rm -f -- ${path}`
      : sh`mkdir -p -- ${path.slice(0, path.lastIndexOf('/'))}
[ -e ${old} ] && chmod --reference=${old} ${fresh}
cp -p -- ${fresh} ${path}.virtfleet && mv -f -- ${path}.virtfleet ${path}`,
  )
  const putBack = entries.map(
    ({ path, old }) => sh`if [ -e ${old} ]; then cp -a -- ${old} ${path}; else rm -f -- ${path}; fi`,
  )
  const apply = sh.join([sh`set -e`, change.before, ...install, change.activate, change.settle])
  const restore = sh.join([change.release, ...putBack, change.restore, sh`/bin/sh ${folder}/live`])
  const guard = sh`cd ${folder} || exit 1
say() { echo "$1" > state.new; mv -f state.new state; }
say applying
limit=; command -v timeout >/dev/null && limit='timeout -k 5 ${ACTIVATION_SECONDS}'
if $limit /bin/sh ./apply >> log 2>&1; then say applied; else /bin/sh ./restore >> log 2>&1; say failed; exit 1; fi
n=0
while [ $n -lt ${change.seconds} ]; do
  [ -e confirm ] && { say confirmed; exit 0; }
  sleep 1; n=$((n + 1))
done
/bin/sh ./restore >> log 2>&1
say restored`
  return sh.join([
    sh`set -e`,
    sh`umask 077`,
    sh`mkdir -p ${folder}`,
    ...save,
    liveState(change.interfaces, folder),
    ...write,
    sh`printf %s ${apply.text} > ${folder}/apply`,
    sh`printf %s ${restore.text} > ${folder}/restore`,
    sh`printf %s ${guard.text} > ${folder}/guard`,
  ])
}

/**
 * Writes a script that makes these interfaces again what they are now. It only adds what is missing. What the host says becomes
 * a script there, so nothing with a character that a shell could obey gets into it.
 */
function liveState(interfaces: readonly string[], folder: string): ShellText {
  return sh`for i in ${interfaces}; do
  s=/sys/class/net/$i; [ -e "$s" ] || continue
  if [ -d "$s/bridge" ]; then
    echo "[ -e $s ] || ip link add name $i type bridge"
    echo "ip link set dev $i type bridge stp_state $(cat "$s/bridge/stp_state") forward_delay $(cat "$s/bridge/forward_delay")"
  fi
  m=$(readlink "$s/master" || :); m=\${m##*/}
  case $m in *[!A-Za-z0-9_.:@-]*) echo "$i belongs to an interface with an odd name: $m" >&2; exit 1 ;; esac
  if [ -n "$m" ]; then echo "ip link set dev $i master $m"; else echo "[ ! -e $s/master ] || ip link set dev $i nomaster"; fi
  echo "ip link set dev $i mtu $(cat "$s/mtu")"
  [ $(($(cat "$s/flags") & 1)) = 0 ] || echo "ip link set dev $i up"
  ip -o addr show dev "$i" scope global | grep -v 'inet6.* dynamic' |
    awk -v i="$i" '{ print "ip -o addr show dev " i " | grep -qF \\" " $4 " \\" || ip addr add " $4 " dev " i }'
done > ${folder}/live
for i in ${interfaces}; do [ -e "/sys/class/net/$i" ] || continue
  for f in 4 6; do
    ip -$f route show dev "$i" 2>/dev/null | grep -vE 'proto (kernel|ra)' | sed -E 's/ (linkdown|dead|pref [a-z]+|expires [0-9a-z]+)//g' | grep -E '^[A-Za-z0-9 .:/_@-]+$' | awk -v i="$i" -v f="$f" '{ print "ip -" f " route replace " $0 " dev " i }'
  done
done >> ${folder}/live`
}

type Outcome = 'confirmed' | 'failed' | 'restored'

/** How long activation itself may take before the guard begins to count. */
const ACTIVATION_SECONDS = 75
const READ_MS = 4000

async function confirm(host: Host, folder: string, seconds: number): Promise<Outcome> {
  const end = Date.now() + (seconds + ACTIVATION_SECONDS + 30) * 1000
  let reached = false
  while (Date.now() < end) {
    await pause(host.signal, 0.5)
    const state = await readState(host, folder)
    if (state === 'confirmed' || state === 'failed' || state === 'restored') return state
    if (state === undefined) {
      host.progress('waiting for the host to answer again')
      await host.reconnect().catch(() => undefined)
      continue
    }
    if (state !== 'applied' || reached) continue
    host.progress('proving that the host can be reached anew')
    reached = (await reachAnew(host)) && (await sayConfirm(host, folder))
  }
  throw new ModuleFailure('the host did not come back after the change of its network', { hint: 'look at its console' })
}

async function sayConfirm(host: Host, folder: string): Promise<boolean> {
  try {
    return (await host.run(sh`: > ${folder}/confirm`, { timeoutMs: READ_MS })).status === 0
  } catch (error) {
    if (host.signal.aborted) throw error
    return false
  }
}

async function readState(host: Host, folder: string): Promise<string | undefined> {
  try {
    const answer = await host.read(sh`cat ${folder}/state 2>/dev/null || echo starting`, { timeoutMs: READ_MS })
    return answer.stdout.toString().trim()
  } catch (error) {
    if (host.signal.aborted) throw error
    return undefined
  }
}

async function reachAnew(host: Host): Promise<boolean> {
  try {
    await (await host.connection()).reconnectCheck(AbortSignal.any([host.signal, AbortSignal.timeout(10_000)]))
    return true
  } catch (error) {
    if (host.signal.aborted) throw error
    return false
  }
}
