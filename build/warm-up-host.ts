import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'

/** A host for the build alone: this machine's shell behind an SSH server of ssh2's on loopback, for one key that is made for it. */
export interface WarmUpHost {
  /** Its own, empty and private: what is made on it is made there. */
  readonly folder: string
  /** An inventory that names it a few times, as users write one. */
  readonly inventory: string
  close(): Promise<void>
}

export async function startWarmUpHost(): Promise<WarmUpHost> {
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-build-'))
  const [host, user] = [ssh2.utils.generateKeyPairSync('ed25519'), ssh2.utils.generateKeyPairSync('ed25519')]
  const keyFile = join(folder, 'key')
  writeFileSync(keyFile, user.private, { mode: 0o600 })
  const server = new ssh2.Server({ hostKeys: [host.private] }, (client) => {
    client.on('error', () => undefined)
    client.on('authentication', (asked) => {
      const isOurs = asked.method === 'publickey' && user.public.includes(asked.key.data.toString('base64'))
      if (isOurs) asked.accept()
      else asked.reject(['publickey'])
    })
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => serve(acceptExec(), command))
    })
  })
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  }).catch((error: unknown) => {
    remove()
    throw error
  })
  const { port } = server.address() as AddressInfo
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${host.public.split(' ').slice(0, 2).join(' ')}\n`)
  const inventory = join(folder, 'hosts.ini')
  writeFileSync(inventory, inventoryOf({ folder, port, keyFile, knownHosts }))
  return {
    folder,
    inventory,
    async close() {
      await new Promise<void>((resolve) => server.close(() => resolve()))
      remove()
    },
  }
}

/** ssh's options are those for which ssh2 will do: what is in no cache is what a run takes its time with. */
const inventoryOf = (of: { folder: string; port: number; keyFile: string; knownHosts: string }): string => `[build]
one ansible_host=127.0.0.1
two ansible_host=127.0.0.1 # the same
three ansible_host=127.0.0.1

[all:vars]
ansible_port=${of.port}
ansible_user=build
ansible_ssh_private_key_file=${of.keyFile}
# Whatever this machine's user says of his own hosts.
ansible_ssh_common_args=-o ProxyCommand=none -o UserKnownHostsFile=${of.knownHosts} -o StrictHostKeyChecking=yes
folder=${of.folder}
`

function serve(channel: ssh2.ServerChannel, command: string): void {
  const child = spawn('/bin/sh', ['-c', command], { stdio: 'pipe' })
  channel.pipe(child.stdin)
  child.stdout.pipe(channel, { end: false })
  child.stderr.pipe(channel.stderr, { end: false })
  child.stdin.on('error', () => undefined)
  child.once('close', (code) => {
    channel.exit(code ?? 1)
    channel.end()
  })
}
