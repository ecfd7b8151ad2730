import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { attempt, run } from './command.ts'
import { LabError } from './errors.ts'
import { withLock } from './lock.ts'
import { endProcess, isAlive, startDetached } from './process.ts'
import { type Lab, type NetworkRecord, saveLab } from './state.ts'

/** The bridge of the containers, inside the lab's network namespace. */
export const labBridge = 'lab0'

/** The path of the lab's network namespace, for nsenter. */
export function namespacePath(network: NetworkRecord): string {
  return `/proc/${network.holder?.pid}/ns/net`
}

/** Two labs that come up at once would choose the same subnet, so one after the other on this machine. */
export function ensureNetwork(lab: Lab): Promise<NetworkRecord> {
  return withLock('/run/virtfleet-lab-network.lock', {}, () => makeNetwork(lab))
}

/**
 * Makes the containers' network where it is not there: a network namespace with a bridge, a cable (veth) from this machine
 * to it, and slirp4netns as the way out. Nothing of this machine's routing or firewall changes, and the namespace and the
 * cable go with the two processes.
 */
async function makeNetwork(lab: Lab): Promise<NetworkRecord> {
  const known = lab.state.network
  if (known && isAlive(known.holder) && isAlive(known.uplink) && existsSync(`/sys/class/net/${known.link}`)) {
    await plugIn(known, join(lab.dir, 'network.log'))
    return known
  }
  if (known) await removeNetwork(known)
  const log = join(lab.dir, 'network.log')
  const network: NetworkRecord = {
    subnet: await freeSubnet(lab.dir, known?.subnet),
    link: `vfl${lab.state.id}`,
    holder: startDetached('unshare', ['--net', 'sleep', 'infinity'], lab.state.id, log),
  }
  lab.state.network = network
  saveLab(lab)
  await namespaceReady(network)
  const inside = (...args: string[]) => run('nsenter', [`--net=${namespacePath(network)}`, 'ip', ...args])
  const gateway = `10.88.${network.subnet}`
  await inside('link', 'set', 'lo', 'up')
  await inside('link', 'add', labBridge, 'type', 'bridge')
  await inside('link', 'set', labBridge, 'up')
  await run('ip', [
    'link',
    'add',
    network.link,
    'type',
    'veth',
    'peer',
    'name',
    'up0',
    'netns',
    `${network.holder?.pid}`,
  ])
  await inside('link', 'set', 'up0', 'master', labBridge, 'up')
  await run('ip', ['address', 'add', `${gateway}.1/24`, 'dev', network.link])
  await run('ip', ['link', 'set', network.link, 'up'])
  network.uplink = startDetached(
    'slirp4netns',
    ['--mtu=1500', `--cidr=${gateway}.0/24`, '--disable-host-loopback', `${network.holder?.pid}`, 'tap0'],
    lab.state.id,
    log,
  )
  saveLab(lab)
  await plugIn(network, log)
  return network
}

/** Ties the way out to the bridge as soon as it is there. */
async function plugIn(network: NetworkRecord, log: string): Promise<void> {
  for (const until = Date.now() + 60_000; (await attemptPlug(network)) !== 0; ) {
    if (Date.now() > until || !isAlive(network.uplink)) {
      throw new LabError('machine-failed', 'the containers have no way out: slirp4netns failed', `see ${log}`)
    }
    await sleep(50)
  }
  await keepStrangersOut(network)
}

/**
 * slirp4netns takes whatever it gets for its own. A frame for a container that has just been away, whose place the bridge has forgotten,
 * would go to all ports: slirp4netns resets its connection, or connects to the container itself, by frames that come back to it, without
 * end. So it gets only what is for its addresses, the gateway's and the name server's.
 */
async function keepStrangersOut(network: NetworkRecord): Promise<void> {
  const inside = (...argv: string[]) => run('nsenter', [`--net=${namespacePath(network)}`, ...argv])
  for (const last of [2, 3]) {
    const hardware = ['52', '55', ...[10, 88, network.subnet, last].map((n) => n.toString(16).padStart(2, '0'))].join(
      ':',
    )
    await inside('bridge', 'fdb', 'replace', hardware, 'dev', 'tap0', 'master', 'static')
  }
  await inside('ip', 'link', 'set', 'tap0', 'type', 'bridge_slave', 'flood', 'off', 'mcast_flood', 'off')
}

async function attemptPlug(network: NetworkRecord): Promise<number> {
  const args = [`--net=${namespacePath(network)}`, 'ip', 'link', 'set', 'tap0', 'master', labBridge, 'up']
  return (await attempt('nsenter', args)).status
}

/** The namespace exists only once the holder has unshared. */
async function namespaceReady(network: NetworkRecord): Promise<void> {
  const ours = await run('readlink', ['/proc/self/ns/net'])
  for (const until = Date.now() + 60_000; Date.now() < until && isAlive(network.holder); ) {
    const theirs = await attempt('readlink', [namespacePath(network)])
    if (theirs.status === 0 && theirs.stdout !== ours) return
    await sleep(20)
  }
  throw new LabError(
    'machine-failed',
    'cannot make a network namespace',
    'the lab needs root and a kernel with namespaces',
  )
}

/** Ends the network; the cable goes with its namespace, which the kernel removes a moment later. */
export async function removeNetwork(network: NetworkRecord): Promise<void> {
  if (network.uplink) await endProcess(network.uplink, 2000)
  if (network.holder) await endProcess(network.holder, 2000)
  if (existsSync(`/sys/class/net/${network.link}`)) await attempt('ip', ['link', 'delete', network.link])
  delete network.holder
  delete network.uplink
}

/** A 10.88.x.0/24 that no address or route of this machine touches; the lab's last one if it is still free. */
async function freeSubnet(dir: string, last: number | undefined): Promise<number> {
  const used = `${await run('ip', ['-4', 'route', 'show', 'table', 'all'])}${await run('ip', ['-4', 'address'])}`
  const taken = new Set([...used.matchAll(/\b10\.88\.(\d+)\./g)].map((match) => Number(match[1])))
  const first = last ?? createHash('sha256').update(dir).digest().readUInt8(0)
  for (let i = 0; i < 256; i++) {
    const subnet = (first + i) % 256
    if (!taken.has(subnet)) return subnet
  }
  throw new LabError('machine-failed', 'no free subnet in 10.88.0.0/16 on this machine')
}
