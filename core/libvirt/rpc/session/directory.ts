import { isAbsent, LibvirtError } from '../../errors.ts'
import { uuidBytes, uuidText } from '../protocol/objects.ts'

/** What libvirt calls domains, networks and pools by. */
interface Reference {
  readonly name: string
  readonly uuid: Uint8Array
}

interface Lookup<R> {
  byName(name: string): Promise<R>
  byUuid(uuid: Uint8Array): Promise<R>
  /** For objects that the daemon finds by their UUID alone: a reference without a look, and libvirt's code for none. */
  readonly direct?: { reference(uuid: Uint8Array, id: string): R; readonly absent: number }
}

/**
 * Names to references. libvirt's calls want a UUID; it is looked up for every change. A read uses the one last seen at once,
 * and asks at the same time whether it is still that: only then does its answer count.
 */
export class Directory<R extends Reference> {
  readonly #lookup: Lookup<R>
  #known = new Map<string, R>()

  constructor(lookup: Lookup<R>) {
    this.#lookup = lookup
  }

  /** All there are, as a list told. */
  remember(references: readonly R[]): void {
    this.#known = new Map(
      references.flatMap((r) => [
        [uuidText(r.uuid), r],
        [r.name, r],
      ]),
    )
  }

  /** One that was just made. */
  learn(reference: R): void {
    this.#known.set(reference.name, reference)
  }

  /** Raises libvirt's error where there is no such object. */
  async find(id: string): Promise<R> {
    const uuid = uuidBytes(id)
    const found = uuid ? await this.#byUuid(uuid, id) : await this.#lookup.byName(id)
    this.#known.set(id, found)
    return found
  }

  async change<T>(id: string, act: (reference: R) => Promise<T>): Promise<T> {
    return this.#directly(id, act) ?? act(await this.find(id))
  }

  /** `tells`: the name that an answer itself gives, which then needs no other proof. */
  async read<T>(id: string, act: (reference: R) => Promise<T>, tells?: (answer: T) => string): Promise<T> {
    const direct = this.#directly(id, act)
    if (direct) return direct
    const known = this.#known.get(id)
    if (!known) return act(await this.find(id))
    if (tells) return this.#believe(id, known, act, tells)
    const [found, answer] = await Promise.allSettled([this.find(id), act(known)])
    if (found.status === 'rejected') {
      this.#known.delete(id)
      throw found.reason
    }
    if (uuidText(found.value.uuid) !== uuidText(known.uuid)) return act(found.value)
    if (answer.status === 'rejected') throw answer.reason
    return answer.value
  }

  async #believe<T>(id: string, known: R, act: (reference: R) => Promise<T>, tells: (answer: T) => string): Promise<T> {
    try {
      const answer = await act(known)
      if (tells(answer) === id) return answer
    } catch (error) {
      if (!isAbsent(error)) throw error
    }
    this.#known.delete(id)
    return act(await this.find(id))
  }

  #directly<T>(id: string, act: (reference: R) => Promise<T>): Promise<T> | undefined {
    const { direct } = this.#lookup
    const uuid = direct && uuidBytes(id)
    if (!uuid) return undefined
    return act(direct.reference(uuid, id)).catch(async (error: unknown) => {
      if (!(error instanceof LibvirtError) || error.code !== direct.absent) throw error
      const named = await this.#lookup.byName(id).catch(() => undefined)
      if (!named) throw error
      return act(named)
    })
  }

  async #byUuid(uuid: Uint8Array, id: string): Promise<R> {
    try {
      return await this.#lookup.byUuid(uuid)
    } catch (error) {
      if (!isAbsent(error)) throw error
      return this.#lookup.byName(id)
    }
  }
}
