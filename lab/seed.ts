import { createHash } from 'node:crypto'
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from './command.ts'
import { type Lab, type MachineRecord, machineFolder } from './state.ts'

/** How a machine is reached by the others and by the world. */
export interface Addressing {
  /** Text of /etc/network/interfaces. */
  interfaces: string
  nameserver: string
}

const users = [
  { home: 'root', id: 0, mode: 0o700 },
  { home: 'home/admin', id: 1000, mode: 0o755 },
  { home: 'home/ops', id: 1001, mode: 0o755 },
]

/** Makes an ed25519 key pair at `path` unless it is there; returns the public half without its comment. */
export async function ensureKey(path: string, comment: string): Promise<string> {
  const publicKey = () => readFile(`${path}.pub`, 'utf8')
  const text = await publicKey().catch(async () => {
    await mkdir(dirname(path), { recursive: true })
    await rm(path, { force: true })
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path])
    return publicKey()
  })
  return text.trim().split(' ').slice(0, 2).join(' ')
}

/** Writes the files that make an image this machine (name, keys, network) into its folder `seed`; returns that folder. */
export async function writeSeed(lab: Lab, record: MachineRecord, addressing: Addressing): Promise<string> {
  const seed = join(machineFolder(lab, record.name), 'seed')
  await rm(seed, { recursive: true, force: true })
  const hostKey = join(machineFolder(lab, record.name), 'hostkey')
  const authorized = await readFile(join(lab.dir, 'id_ed25519.pub'), 'utf8')
  const neighbours = lab.state.machines.filter((other) => other.kind === record.kind)
  const hosts = [
    '127.0.0.1 localhost',
    '::1 localhost',
    ...neighbours.map((each) => `${each.fleetAddress} ${each.name}`),
  ]
  const put = async (path: string, content: string, mode = 0o644, owner = 0) => {
    const full = join(seed, path)
    await mkdir(dirname(full), { recursive: true, mode: 0o755 })
    await writeFile(full, content, { mode })
    await chmod(full, mode)
    await chown(full, owner, owner)
  }
  await put('etc/machine-id', `${machineId(lab, record.name)}\n`, 0o444)
  await put('etc/hostname', `${record.name}\n`)
  await put('etc/hosts', `${hosts.join('\n')}\n`)
  await put('etc/resolv.conf', `nameserver ${addressing.nameserver}\n`)
  await put('etc/network/interfaces', addressing.interfaces)
  await put('etc/ssh/ssh_host_ed25519_key', await readFile(hostKey, 'utf8'), 0o600)
  await put('etc/ssh/ssh_host_ed25519_key.pub', await readFile(`${hostKey}.pub`, 'utf8'))
  for (const { home, id, mode } of users) {
    await put(join(home, '.ssh/authorized_keys'), authorized, 0o600, id)
    await chown(join(seed, home, '.ssh'), id, id)
    await chmod(join(seed, home, '.ssh'), 0o700)
    await chown(join(seed, home), id, id)
    await chmod(join(seed, home), mode)
  }
  return seed
}

/** A machine's id (32 hex digits, as /etc/machine-id), the same for as long as its lab lives. */
export function machineId(lab: Lab, name: string): string {
  return createHash('sha256').update(`${lab.state.id} ${name}`).digest('hex').slice(0, 32)
}
