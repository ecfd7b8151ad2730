import type { JsonObject } from '../../../core/events/json.ts'
import type { LibvirtReader } from '../../../core/libvirt/types.ts'
import { type Host, ModuleFailure, type Reader, type Skipped } from '../../../core/module/types.ts'
import { ask, requireAnswer } from '../daemon/ask.ts'

/** What a task of Ansible's community.libvirt comes to: its answer, and what has to be done for that. */
export interface Deed {
  readonly answer: JsonObject
  /** Undefined: there is nothing to do. What it answers is added. */
  readonly act?: ((host: Host) => Promise<JsonObject | undefined>) | undefined
}

type Plan<A> = (libvirt: LibvirtReader, args: A, host: Reader) => Promise<Deed>
type Answered = JsonObject & { changed: boolean }

/** The functions of a run module that reads first: `changed` says whether something was to be done, in a check run too. */
export function byPlan<A extends { readonly uri?: string | undefined }>(plan: Plan<A>) {
  return {
    async run(host: Host, a: A): Promise<Answered> {
      refuseUri(host, a)
      const { answer, act } = requireAnswer(await ask(host, (libvirt) => plan(libvirt, a, host)))
      return { changed: act !== undefined, ...answer, ...(await act?.(host)) }
    },
    async check(host: Reader, a: A): Promise<Answered | Skipped> {
      refuseUri(host, a)
      const planned = await ask(host, (libvirt) => plan(libvirt, a, host))
      if (planned.kind !== 'answer') return { skipped: true, reason: `libvirt does not answer: ${planned.reason}` }
      return { changed: planned.value.act !== undefined, ...planned.value.answer }
    },
  }
}

const DEFAULT_URI = 'qemu:///system'

/** The connection belongs to the host, not to the task. */
function refuseUri(host: Reader, { uri }: { readonly uri?: string | undefined }): void {
  const own = host.variable('libvirt_uri') ?? DEFAULT_URI
  if (uri === undefined || uri === own) return
  throw new ModuleFailure(`uri is ${uri}, but libvirt on ${host.name} is reached by ${String(own)}`, {
    hint: 'the variable libvirt_uri of the host says which libvirt is meant',
  })
}

/** The name, where what is asked for needs one. */
export function required(name: string | undefined, what: string): string {
  if (name !== undefined) return name
  throw new ModuleFailure(`${what} needs the argument name`)
}

export const yesNo = (value: boolean): 'yes' | 'no' => (value ? 'yes' : 'no')
