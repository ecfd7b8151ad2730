import type { CommandOptions } from '../../connection/types.ts'
import { CODE, isAbsent, LibvirtError } from '../errors.ts'
import type { VirshBatch } from './batch.ts'
import { uuidNames } from './tables.ts'
import { numeric, virshCommand } from './words.ts'

/** How the parts of virsh's implementation ask: what is asked in one tick travels as one script. */
export class Asking {
  readonly #batch: VirshBatch

  constructor(batch: VirshBatch) {
    this.#batch = batch
  }

  ask(argv: readonly string[], xml?: string): Promise<string> {
    return this.#batch.call({ command: virshCommand(argv), ...(xml === undefined ? {} : { xml }) }, false)
  }

  change(argv: readonly string[], xml?: string, limits?: CommandOptions): Promise<string> {
    return this.#batch.call({ command: virshCommand(argv), ...(xml === undefined ? {} : { xml }) }, true, limits)
  }

  async tell(argv: readonly string[], xml?: string): Promise<void> {
    await this.change(argv, xml)
  }

  /** Undefined for what does not exist: no domain, network, pool, volume, snapshot. */
  async maybe(output: Promise<string>): Promise<string | undefined> {
    try {
      return await output
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }

  askDomain(domain: string, verb: string, ...rest: string[]): Promise<string> {
    return this.#onDomain(domain, (on) => this.ask([verb, on, ...rest]))
  }

  changeDomain(domain: string, argv: readonly string[], xml?: string): Promise<string> {
    const [verb = '', ...rest] = argv
    return this.#onDomain(domain, (on) => this.change([verb, on, ...rest], xml))
  }

  async tellDomain(domain: string, argv: readonly string[], xml?: string): Promise<void> {
    await this.changeDomain(domain, argv, xml)
  }

  /** virsh takes a number for an id: such a name is looked up first. */
  async #onDomain<T>(domain: string, act: (on: string) => Promise<T>): Promise<T> {
    if (!numeric(domain)) return act(`--domain=${domain}`)
    const found = uuidNames(await this.ask(['list', '--all', '--uuid', '--name'])).find((d) => d.name === domain)
    if (!found) throw new LibvirtError(`failed to get domain '${domain}'`, CODE.noDomain)
    return act(`--domain=${found.uuid}`)
  }
}

/** `--live`, `--config`, and `--current` where neither is asked for. */
export function affecting(affects: { live?: boolean; config?: boolean } = {}): string[] {
  const { live, config } = affects
  return live || config ? [...(live ? ['--live'] : []), ...(config ? ['--config'] : [])] : ['--current']
}

/** `--key` for each option that is true; names in camel case become virsh's. */
export function switches(options: Readonly<Record<string, boolean | undefined>> = {}): string[] {
  return Object.entries(options)
    .filter(([, on]) => on === true)
    .map(([name]) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`)
}
