import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ResolvedEndpoint } from '../../../../core/connection/config/resolved.ts'
import { parsePublicKey } from '../../../../core/connection/hostkeys/key.ts'

/** A folder that is gone after the tests of the block it is asked for in. */
export function temporaryFolder(): { readonly path: string; file(name: string): string } {
  const state = { path: '', file: (name: string) => join(state.path, name) }
  before(() => {
    state.path = mkdtempSync(join(tmpdir(), 'vf-test-'))
  })
  after(() => rmSync(state.path, { recursive: true, force: true }))
  return state
}

/** Makes a key with ssh-keygen; returns its public half. */
export function makeKey(file: string, type: string, ...args: string[]): { text: string; blob: Buffer } {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'test', '-f', file, ...args])
  const text = readFileSync(`${file}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ')
  return { text, blob: parsePublicKey(text)! }
}

/** An endpoint that connects nowhere, for what is decided before a connection. */
export function resolved(changes: Partial<ResolvedEndpoint> = {}): ResolvedEndpoint {
  return {
    name: 'kvm1',
    host: 'kvm1',
    port: 22,
    user: 'root',
    identityFiles: [],
    defaultIdentityFiles: [],
    identitiesOnly: false,
    authentications: ['publickey', 'keyboard-interactive', 'password'],
    proxyJump: [],
    hostKeys: { policy: 'strict', files: [] },
    globalKnownHostsFiles: [],
    hashKnownHosts: false,
    connectTimeoutMs: 1000,
    serverAliveIntervalMs: 1000,
    serverAliveCountMax: 3,
    unsupported: [],
    notes: [],
    ...changes,
  }
}
