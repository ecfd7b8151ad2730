import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { sh } from '../../../core/connection/quote.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'

/** A guest, by the address of its interface. */
export interface Awaited {
  readonly name: string
  readonly mac: string
  /** Known already, since it is a fixed one. */
  readonly address?: string
}

/** A word of an SSH server comes at once; a guest that boots refuses, or drops what is sent. */
const BANNER_MS = 5000

/** Waits for an SSH server at each guest's address, through the host, which reaches them. Answers with those that have none in time. */
export async function waitForSsh<Guest extends Awaited & { readonly address: string }>(
  host: Host,
  guests: readonly Guest[],
  end: number,
): Promise<Map<Guest, Error>> {
  const connection = await host.connection()
  const silent = new Map<Guest, Error>()
  await Promise.all(
    guests.map(async (guest) => {
      let said = 'nothing answered'
      while (Date.now() < end && !host.signal.aborted) {
        try {
          if (await hasSsh(await connection.forward({ host: guest.address, port: 22 }))) return
          said = 'what answers is no SSH server'
        } catch (error) {
          said = error instanceof Error ? error.message : String(error)
        }
        await delay(PAUSE * 1000, undefined, { signal: host.signal }).catch(() => undefined)
      }
      silent.set(guest, new ModuleFailure(`no SSH server on '${guest.name}' at ${guest.address}: ${said}`))
    }),
  )
  return silent
}

/** Whether it begins as RFC 4253, 4.2, has it. */
async function hasSsh(stream: Duplex): Promise<boolean> {
  const limit = setTimeout(() => stream.destroy(new Error('nothing was said')), BANNER_MS)
  try {
    for await (const bytes of stream) return String(bytes).startsWith('SSH-')
    return false
  } finally {
    clearTimeout(limit)
    stream.destroy()
  }
}

/** Seconds between two looks, and of one question to a guest agent, which may be dead. */
const PAUSE = 1
const AGENT = 2

/**
 * Waits on the host, in one loop for all its guests, until each has an address: leases first, then the neighbour table,
 * then the guest agents side by side. Raises ModuleFailure naming those that have none at the end.
 */
export async function waitForAddresses(
  host: Host,
  guests: readonly Awaited[],
  seconds: number,
): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  if (guests.length === 0) return found
  const uri = host.variable('libvirt_uri')
  const virsh = sh`virsh -q -c ${typeof uri === 'string' ? uri : 'qemu:///system'}`
  const pairs = guests.map((g) => `${g.mac} ${g.name}`)
  const script = sh`LC_ALL=C; export LC_ALL
left=$(printf '%s\\n' ${pairs}); end=$(($(date +%s) + ${seconds})); round=0
while :; do
  seen=$( { for n in $(${virsh} net-list --name); do ${virsh} net-dhcp-leases "$n" | awk '{ sub("/.*", "", $5); print $3, $5 }'; done
    ip neigh show 2>/dev/null | awk '$4 == "lladdr" && $NF != "FAILED" && $1 !~ /^fe80/ { print $5, $1 }'
    [ $((round % 5)) -ne 4 ] || printf '%s\\n' "$left" | { while read -r m n; do
      timeout ${AGENT} ${virsh} domifaddr --source agent --domain "$n" 2>/dev/null | awk '$3 == "ipv4" && $1 != "lo" { sub("/.*", "", $4); print $2, $4 }' & done; wait; }
    } </dev/null )
  got=$(printf '%s\\n' "$seen" | left=$left awk 'BEGIN { n = split(ENVIRON["left"], l, "\\n"); for (i = 1; i <= n; i++) { split(l[i], p, " "); want[p[1]] = 1 } }
    $2 != "" && ($1 in want) && !told[$1]++ { print "address", $1, $2 }')
  [ -z "$got" ] || printf '%s\\n' "$got"
  left=$(printf '%s\\n' "$left" | got=$got awk 'BEGIN { n = split(ENVIRON["got"], g, "\\n"); for (i = 1; i <= n; i++) { split(g[i], p, " "); have[p[2]] = 1 } }
    NF && !($1 in have)')
  round=$((round + 1))
  [ -n "$left" ] || exit 0
  [ "$(date +%s)" -lt "$end" ] || exit 0
  sleep ${PAUSE}
done`
  const answer = await host.run(script, {
    timeoutMs: (seconds + 60) * 1000,
    signal: host.signal,
    onLine: (_stream, line) => {
      if (line.startsWith('address ')) host.progress(line)
    },
  })
  for (const line of answer.stdout.toString().split('\n')) {
    const [word, mac, address] = line.split(' ')
    if (word === 'address' && mac && address) found.set(mac, address)
  }
  const silent = guests.filter((g) => !found.has(g.mac))
  if (silent.length > 0)
    throw new ModuleFailure(`no address within ${seconds} s: ${silent.map((g) => g.name).join(', ')}`, {
      hint: 'seen are DHCP leases and neighbours of the host, and addresses the guest agent tells; wait_for: running does not wait',
    })
  return found
}
