import { randomBytes } from 'node:crypto'
import { ConnectionError } from '../../../core/connection/errors.ts'
import { type ShellText, sh } from '../../../core/connection/quote.ts'
import { SHIELDED } from '../../../core/connection/shell/shielded.ts'
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
  /** How long the host waits to be reached anew once the configuration is in force. */
  readonly seconds: number
  /** How long putting it into force may take; `settle` may wait until the second `$deadline` of the host's uptime. */
  readonly activationSeconds: number
}

/** Applies the change, or leaves the host as it was and raises ModuleFailure with the reason. */
export async function applyGuarded(host: Host, change: GuardedChange): Promise<void> {
  const folder = `${FOLDER}/${randomBytes(8).toString('hex')}`
  const prepared = await host.run(prepareScript(folder, change))
  if (prepared.status !== 0) throw new ModuleFailure(`cannot prepare the change: ${prepared.stderr.toString().trim()}`)
  const outcome = await confirm(host, folder, change)
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
  // Measured by the host's uptime: what a loaded host takes longer for must not lengthen or shorten the time to reach it.
  // The next run waits for it, whatever becomes of ours. What the change starts is none of it.
  const guard = sh`cd ${folder} && mkdir begun || exit 1
${sh.raw(SHIELDED)}
say() { echo "$1" > state.new; mv -f state.new state; }
now() { read -r up rest < /proc/uptime; echo "\${up%%.*}"; }
# Some managers put old files into force in their own time, after their tool has ended.
back() {
  /bin/sh ./restore >> log 2>&1 8>&-
  for n in 1 2 3; do /bin/sh ./announce 8>&-; sleep 1; /bin/sh ./live >> log 2>&1 8>&-; done
  say "$1"
  /bin/sh ./announce 8>&-
}
say applying
limit=; command -v timeout >/dev/null && limit='timeout -k 5 ${change.activationSeconds + SETTLE_SLACK}'
export deadline=$(($(now) + ${change.activationSeconds}))
$limit /bin/sh ./apply >> log 2>&1 8>&- || { back failed; exit 1; }
say applied
end=$(($(now) + ${change.seconds}))
until [ -e confirm ]; do
  [ "$(now)" -lt $end ] || { back restored; exit; }
  /bin/sh ./announce 8>&-
  sleep 1
done
say confirmed`
  return sh.join([
    sh`set -e`,
    sh`umask 077`,
    sh`mkdir -p ${folder}`,
    ...save,
    liveState(change.interfaces, folder),
    announcement(change.interfaces, folder),
    ...write,
    sh`printf %s ${apply.text} > ${folder}/apply`,
    sh`printf %s ${restore.text} > ${folder}/restore`,
    sh`printf %s ${guard.text} > ${folder}/guard`,
  ])
}

/**
 * Writes a script that makes these interfaces again what they are now, however often it runs. It adds what is missing. Ports lose
 * addresses that they do not have now: files that do not know of the bridge put them there, and with both the host is reached by
 * neither. What the host says becomes a script there, so nothing with a character that a shell could obey gets into it.
 */
function liveState(interfaces: readonly string[], folder: string): ShellText {
  return sh`for i in ${interfaces}; do
  [ ! -e "/sys/class/net/$i/master" ] || echo "[ ! -e /sys/class/net/$i ] || ip addr flush dev $i scope global"
done > ${folder}/live
for i in ${interfaces}; do
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
done >> ${folder}/live
for i in ${interfaces}; do [ -e "/sys/class/net/$i" ] || continue
  for f in 4 6; do
    ip -$f route show dev "$i" 2>/dev/null | grep -vE 'proto (kernel|ra)' | sed -E 's/ (linkdown|dead|pref [a-z]+|expires [0-9a-z]+)//g' | grep -E '^[A-Za-z0-9 .:/_@-]+$' | awk -v i="$i" -v f="$f" '{ print "ip -" f " route replace " $0 " dev " i }'
  done
done >> ${folder}/live`
}

/**
 * Writes a script that makes the neighbours of these interfaces, among them the one that leads to us, learn at once where our
 * addresses are now: what has moved to another interface may have another hardware address, and neighbours go on sending to the
 * old one for up to a minute. Only who asks aloud is noticed, so each is forgotten first, and asked once from every address.
 */
function announcement(interfaces: readonly string[], folder: string): ShellText {
  return sh`for f in 4 6; do
  for i in ${interfaces}; do
    for s in reachable delay probe stale; do ip -$f neigh show dev "$i" nud $s 2>/dev/null; done
  done | awk '{ print $1 }' | grep -E '^[0-9a-f.:]+$' | grep -v '^fe80:' | head -n 8 > ${folder}/neighbours-$f || :
done
printf %s ${
    sh`for i in ${interfaces}; do
  ip -o addr show dev "$i" scope global 2>/dev/null | awk '{ sub("/.*", "", $4); print $4 }' | while read -r a; do
    case $a in *:*) f=6 ;; *) f=4 ;; esac
    [ -s ${folder}/neighbours-$f ] || continue
    ip -$f neigh flush dev "$i" 2>/dev/null
    for n in $(cat ${folder}/neighbours-$f); do ping -q -c 1 -W 1 -w 2 -I "$a" "$n" </dev/null >/dev/null 2>&1 & done
    wait
  done
done`.text
  } > ${folder}/announce`
}

type Outcome = 'confirmed' | 'failed' | 'restored'

/** What the activation itself may take beyond the time that it is waited for. */
const SETTLE_SLACK = 30
const READ_MS = 8000
const REACH_MS = 15_000
const RECONNECT_MS = 30_000
/** A host under load takes a while to begin what it was asked for. */
const START_MS = 60_000

async function confirm(host: Host, folder: string, change: GuardedChange): Promise<Outcome> {
  // Putting the new configuration into force, waiting for us, and the same once more with the old one.
  const most = (2 * (change.activationSeconds + SETTLE_SLACK) + change.seconds + 60) * 1000
  await begin(host, folder, Date.now() + most)
  const begun = Date.now()
  let reached = false
  while (Date.now() < begun + most) {
    await pause(host.signal, 0.5)
    const state = await readState(host, folder)
    if (state === 'confirmed' || state === 'failed' || state === 'restored') return state
    if (state === undefined) await reconnect(host)
    if (state === 'starting' && Date.now() > begun + START_MS)
      throw new ModuleFailure('the change of the network did not begin on the host', {
        hint: `what keeps systemd-run and setsid there from running /bin/sh ${folder}/guard?`,
      })
    if (state !== 'applied' || reached) continue
    host.progress('proving that the host can be reached anew')
    reached = (await reachAnew(host)) && (await sayConfirm(host, folder))
  }
  throw silent()
}

/**
 * Until the guard has begun. The change itself may cut the connection before that is told, so that it is asked again; a guard begins only
 * once. Raises ConnectionError, and ModuleFailure where nothing is heard any more.
 */
async function begin(host: Host, folder: string, end: number): Promise<void> {
  for (;;) {
    const limit = limited(host, READ_MS)
    try {
      // What the change leaves behind, a DHCP client for one, must outlive the guard.
      const asked = host.run(
        sh`systemd-run --quiet --collect -p KillMode=process --unit=${`virtfleet-network-${folder.slice(-16)}`} /bin/sh ${folder}/guard 2>/dev/null ||
  { setsid /bin/sh ${folder}/guard </dev/null >/dev/null 2>&1 & }`,
        { foreign: true, shielded: true },
      )
      await Promise.race([asked, aborted(limit)])
      return
    } catch (error) {
      host.signal.throwIfAborted()
      const isLost = error instanceof ConnectionError && PASSING.has(error.failure)
      if (!isLost && !limit.aborted) throw error
      if (Date.now() > end) throw isLost ? error : silent()
    }
    await reconnect(host)
    const state = await readState(host, folder)
    if (state !== undefined && state !== 'starting') return
  }
}

/** Losses of a connection that another one may make good; not a refused key or credential. */
const PASSING: ReadonlySet<string> = new Set(['lost', 'timeout', 'refused', 'unreachable'])

const silent = (): ModuleFailure =>
  new ModuleFailure('the host did not come back after the change of its network', { hint: 'look at its console' })

async function reconnect(host: Host): Promise<void> {
  host.progress('waiting for the host to answer again')
  await Promise.race([host.reconnect(), aborted(limited(host, RECONNECT_MS))]).catch(() => host.signal.throwIfAborted())
  await pause(host.signal, 0.5)
}

/** Rejects once it is. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** The limit is ours: a host that cannot be reached keeps none. */
const limited = (host: Host, ms: number): AbortSignal => AbortSignal.any([host.signal, AbortSignal.timeout(ms)])

async function sayConfirm(host: Host, folder: string): Promise<boolean> {
  try {
    const options = { signal: limited(host, READ_MS), shielded: false }
    return (await host.run(sh`: > ${folder}/confirm`, options)).status === 0
  } catch (error) {
    if (host.signal.aborted) throw error
    return false
  }
}

async function readState(host: Host, folder: string): Promise<string | undefined> {
  try {
    const options = { signal: limited(host, READ_MS) }
    const answer = await host.read(sh`cat ${folder}/state 2>/dev/null || echo starting`, options)
    return answer.stdout.toString().trim()
  } catch (error) {
    if (host.signal.aborted) throw error
    return undefined
  }
}

async function reachAnew(host: Host): Promise<boolean> {
  try {
    await (await host.connection()).reconnectCheck(limited(host, REACH_MS))
    return true
  } catch (error) {
    if (host.signal.aborted) throw error
    return false
  }
}
