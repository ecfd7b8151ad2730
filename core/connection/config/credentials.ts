import type { AnyAuthMethod, AuthHandlerMiddleware } from 'ssh2'
import { ConnectionError } from '../errors.ts'
import { keyType } from '../hostkeys/key.ts'
import type { Endpoint } from '../types.ts'
import { type AgentKey, AgentSelection, agentKeys } from './agent.ts'
import { authHandler } from './auth-handler.ts'
import { hasCertificate, loadKeyFile } from './key-file.ts'
import type { ResolvedEndpoint } from './resolved.ts'
import { type Sign, signWith } from './sign.ts'

/** How to prove who we are to one server. */
export interface Credentials {
  /** For ssh2: public keys first, then the password. Good for one connection. */
  readonly handler: () => AuthHandlerMiddleware
  /** What is offered, in order, for the error when all was refused: `key /root/.ssh/id_ed25519`. */
  readonly offered: readonly string[]
  /** What is not offered, and why; belongs into the hint of that error. */
  readonly notes: readonly string[]
  /** The keys that may be presented with their signature at once, by the base64 of their wire format. */
  readonly signers: ReadonlyMap<string, Sign>
  /** Of the first attempt, if it is a key. */
  readonly firstKeyType: string | undefined
  /** The first attempt is a key that was configured for the host, or the only one there is: it will hardly be refused. */
  readonly sure: boolean
}

export interface Attempt {
  readonly method: () => AnyAuthMethod
  /** The name of it in the server's list of methods that may continue. */
  readonly kind: 'publickey' | 'password' | 'keyboard-interactive'
  readonly label: string
  /** The public half and what signs with it, where it is a key. */
  readonly key?: { readonly type: string; readonly public: Buffer; readonly sign: Sign; readonly inAgent: boolean }
}

const OPENSSH = 'set ansible_connection: openssh'

/**
 * Finds the credentials: the inventory's key, IdentityFiles, the agent's keys, ssh's default files, then the password.
 * Raises ConnectionError: `config` when the inventory's key cannot be used and there is no password, or there is nothing
 * to offer; `unsupported` when only the system's ssh could offer something.
 */
export async function credentials(endpoint: Pick<Endpoint, 'name'>, resolved: ResolvedEndpoint): Promise<Credentials> {
  const collected = new Collected(resolved)
  if (resolved.authentications.includes('publickey')) await collected.publicKeys(endpoint.name)
  collected.passwords()
  const { attempts, notes } = collected
  const unsupported = [...resolved.unsupported, ...collected.unsupported]
  const unsupportedNotes = unsupported.map((what) => `the transport ssh cannot use ${what}: ${OPENSSH}`)
  if (attempts.length === 0) {
    const who = `${resolved.user}@${resolved.host}`
    if (unsupported.length > 0)
      throw new ConnectionError(
        'unsupported',
        endpoint.name,
        `the transport ssh cannot use ${unsupported.join(', ')}`,
        OPENSSH,
      )
    const hint =
      notes.length > 0
        ? notes.join('; ')
        : 'set ansible_ssh_private_key_file, or start an ssh-agent; Kerberos and host-based logins are for ansible_connection: openssh'
    throw new ConnectionError('config', endpoint.name, `there is no key and no password for ${who}`, hint)
  }
  return {
    handler: () => authHandler(attempts),
    offered: attempts.map((attempt) => attempt.label),
    notes: [...notes, ...unsupportedNotes],
    signers: signersOf(attempts),
    firstKeyType: attempts[0]?.key?.type,
    sure: attempts[0]?.key !== undefined && (attempts.length === 1 || collected.configured > 0),
  }
}

/** An agent may ask its user for every signature: it signs unasked only where there is no other key to try. */
function signersOf(attempts: readonly Attempt[]): ReadonlyMap<string, Sign> {
  const keys = attempts.flatMap(({ key }) => key ?? [])
  const usable = keys.filter((key) => !key.inAgent || keys.length === 1)
  return new Map(usable.map((key) => [key.public.toString('base64'), key.sign]))
}

class Collected {
  readonly attempts: Attempt[] = []
  readonly notes: string[] = []
  readonly unsupported: string[] = []
  /** Attempts that come first because the inventory or an IdentityFile says so. */
  configured = 0
  readonly #resolved: ResolvedEndpoint
  /** Public halves that are offered, in base64. */
  readonly #offered = new Set<string>()
  #agent: readonly AgentKey[] = []

  constructor(resolved: ResolvedEndpoint) {
    this.#resolved = resolved
  }

  async publicKeys(name: string): Promise<void> {
    const { privateKeyFile, identityFiles, defaultIdentityFiles, identitiesOnly } = this.#resolved
    await this.#askAgent()
    if (privateKeyFile !== undefined) {
      const problem = await this.#file(privateKeyFile)
      if (problem !== undefined && this.#resolved.password === undefined) {
        const hint = /encrypted/.test(problem) ? 'give its passphrase, or add it to an ssh-agent' : undefined
        throw new ConnectionError('config', name, problem, hint)
      }
    }
    for (const file of identityFiles) await this.#file(file)
    this.configured = this.attempts.length
    if (!identitiesOnly) for (const key of this.#agent) this.#offerAgentKey(key.blob, key.comment)
    // As `ssh -i` has it: a key that is named stands for the default ones, and IdentitiesOnly means it.
    const named = identitiesOnly && privateKeyFile !== undefined
    if (!named) for (const file of defaultIdentityFiles) await this.#file(file, true)
  }

  passwords(): void {
    const { password, user: username, authentications } = this.#resolved
    if (password === undefined) return
    if (authentications.includes('password'))
      this.attempts.push({
        kind: 'password',
        label: 'password',
        method: () => ({ type: 'password', username, password }),
      })
    if (!authentications.includes('keyboard-interactive')) return
    const label = 'password (keyboard-interactive)'
    this.attempts.push({
      kind: 'keyboard-interactive',
      label,
      method: () => ({ type: 'keyboard-interactive', username, prompt: answerPassword(password) }),
    })
  }

  /** Returns why the file cannot be used. */
  async #file(file: string, isDefault = false): Promise<string | undefined> {
    const problem = await this.#offerFile(file, isDefault)
    if (hasCertificate(file)) this.unsupported.push(`the certificate ${file}-cert.pub`)
    if (problem !== undefined) this.notes.push(problem)
    return problem
  }

  async #offerFile(file: string, isDefault: boolean): Promise<string | undefined> {
    const { user: username, privateKeyPassphrase } = this.#resolved
    const loaded = await loadKeyFile(file, privateKeyPassphrase)
    switch (loaded.kind) {
      case 'missing':
        return isDefault ? undefined : `the key ${file} does not exist`
      case 'refused':
        return loaded.why
      case 'unsupported':
        this.unsupported.push(loaded.what)
        return undefined
      case 'agent':
        return loaded.public && this.#offerAgentKey(loaded.public, file) ? undefined : loaded.why
      case 'key':
        if (this.#isNew(loaded.public))
          this.attempts.push({
            kind: 'publickey',
            label: `key ${file}`,
            method: () => ({ type: 'publickey', username, key: loaded.key }),
            key: { type: loaded.key.type, public: loaded.public, sign: signWith(loaded.key), inAgent: false },
          })
        return undefined
    }
  }

  async #askAgent(): Promise<void> {
    const { identityAgent } = this.#resolved
    if (identityAgent === undefined) return
    try {
      const keys = await agentKeys(identityAgent)
      const usable = /^(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp(256|384|521))$/
      this.#agent = keys.filter((key) => usable.test(key.type))
      for (const key of keys)
        if (!usable.test(key.type)) this.unsupported.push(`the agent's ${key.type} key ${key.comment}`)
    } catch (error) {
      this.notes.push(`the agent at ${identityAgent} is not used: ${error instanceof Error ? error.message : error}`)
    }
  }

  /** False when the agent does not hold it. */
  #offerAgentKey(blob: Buffer, label: string): boolean {
    const { identityAgent, user: username } = this.#resolved
    if (identityAgent === undefined || !this.#agent.some((key) => key.blob.equals(blob))) return false
    if (this.#isNew(blob)) {
      const agent = new AgentSelection(identityAgent, [blob])
      this.attempts.push({
        kind: 'publickey',
        label: `agent's key ${label}`,
        method: () => ({ type: 'agent', username, agent }),
        key: { type: keyType(blob) ?? 'unknown', public: blob, sign: agent.signer(blob), inAgent: true },
      })
    }
    return true
  }

  #isNew(blob: Buffer): boolean {
    const text = blob.toString('base64')
    if (this.#offered.has(text)) return false
    this.#offered.add(text)
    return true
  }
}

type Prompt = Extract<AnyAuthMethod, { type: 'keyboard-interactive' }>['prompt']

/** Answers hidden prompts with the password once; a second one is not for it (or it was wrong). */
function answerPassword(password: string): Prompt {
  let given = false
  return (_name, _instructions, _language, prompts, finish) => {
    const answers = prompts.map((prompt) => (prompt.echo || given ? '' : password))
    given ||= prompts.length > 0
    finish(answers)
  }
}
