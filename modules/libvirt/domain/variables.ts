import { sh } from '../../../core/connection/quote.ts'
import { child, type Element } from '../../../core/libvirt/xml/element.ts'
import { type Host, ModuleFailure, type Reader } from '../../../core/module/types.ts'

/** Where libvirt of the system keeps firmware variables that it was not told a place for, by the domain's name. */
const FOLDER = '/var/lib/libvirt/qemu/nvram'
const KINDS = ['fd', 'qcow2']
const BOTH = 90
const MOVED = 'moved'

const chosen = (name: string, kind: string): string => `${FOLDER}/${name}_VARS.${kind}`

/** Whether a domain has firmware variables. libvirt makes the file at the first start, and does not always say so in the definition. */
export function hasFirmware(domain: Element): boolean {
  const os = child(domain, 'os')
  return os?.attributes.firmware === 'efi' || child(os, 'nvram') !== undefined || child(os, 'loader') !== undefined
}

const saidPlace = (domain: Element | undefined): string | undefined => {
  const nvram = child(child(domain, 'os'), 'nvram')
  return nvram?.text || child(nvram, 'source')?.attributes.file
}

/** Whether the variables of a domain are on the host: one that is made with that name has them. */
export async function hasVariables(host: Reader, domain: Element, name: string): Promise<boolean> {
  if (!hasFirmware(domain)) return false
  const said = saidPlace(domain)
  const places = said === undefined ? KINDS.map((kind) => chosen(name, kind)) : [said]
  return (await host.read(sh`for f in ${places}; do [ ! -e "$f" ] || exit 0; done; exit 1`)).status === 0
}

export interface MovedVariables {
  /** The definition with their new place; the same one where it names none, as libvirt 9 and older write it. */
  readonly config: Element | undefined
  /** Takes that back. */
  readonly back: () => Promise<void>
}

/**
 * Gives the variables the domain's new name, where libvirt had chosen theirs: it renames domains without them, and later ones go on
 * naming the old file, which the next machine of the old name would have too.
 */
export async function moveVariables(
  host: Host,
  config: Element | undefined,
  name: string,
  to: string,
): Promise<MovedVariables> {
  const said = saidPlace(config)
  const kinds = config && hasFirmware(config) ? KINDS : []
  const due = kinds.filter((kind) => said === undefined || said === chosen(name, kind))
  const done: string[] = []
  const back = async (): Promise<void> => {
    for (const kind of done)
      await host.run(sh`[ -e ${chosen(name, kind)} ] || mv -n -- ${chosen(to, kind)} ${chosen(name, kind)}`)
  }
  for (const kind of due) {
    const [from, into] = [chosen(name, kind), chosen(to, kind)]
    const answer = await host.run(sh`[ -e ${from} ] || exit 0
[ ! -e ${into} ] || exit ${BOTH}
mv -n -- ${from} ${into} && [ ! -e ${from} ] && echo ${MOVED}`)
    // What had the new name before is not ours to take back.
    if (answer.status === 0) done.push(...(answer.stdout.toString().includes(MOVED) ? [kind] : []))
    else {
      await back()
      if (answer.status === BOTH)
        throw new ModuleFailure(`there are firmware variables in both ${from} and ${into}: neither is renamed`, {
          hint: `if no machine needs ${into}: remove it`,
        })
      throw new ModuleFailure(`firmware variables stayed in ${from}: ${answer.stderr.toString().trim()}`)
    }
  }
  const [kind] = due
  return { config: said === undefined || kind === undefined ? config : withPlace(config, chosen(to, kind)), back }
}

function withPlace(config: Element | undefined, path: string): Element | undefined {
  const put = (nvram: Element): Element =>
    nvram.text === ''
      ? {
          ...nvram,
          children: nvram.children.map((one) =>
            one.name === 'source' ? { ...one, attributes: { ...one.attributes, file: path } } : one,
          ),
        }
      : { ...nvram, text: path }
  const inside = (parent: Element, name: string, change: (e: Element) => Element): Element => ({
    ...parent,
    children: parent.children.map((one) => (one.name === name ? change(one) : one)),
  })
  return config && inside(config, 'os', (os) => inside(os, 'nvram', put))
}
