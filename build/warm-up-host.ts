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
  /** Variables with which it is reached. */
  readonly variables: Readonly<Record<string, string | number>>
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
  return {
    folder,
    variables: {
      ansible_host: '127.0.0.1',
      ansible_port: (server.address() as AddressInfo).port,
      ansible_user: 'build',
      // Whatever this machine's user says of his own hosts.
      ansible_ssh_common_args: '-o ProxyCommand=none -o PubkeyAuthentication=yes -o IdentityAgent=none',
      ansible_ssh_private_key_file: keyFile,
      virtfleet_host_key: host.public.split(' ').slice(0, 2).join(' '),
    },
    async close() {
      await new Promise<void>((resolve) => server.close(() => resolve()))
      remove()
    },
  }
}

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
