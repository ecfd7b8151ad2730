import { type ShellText, sh } from '../../../core/connection/quote.ts'
import { refreshPoolsOf } from '../../../core/libvirt/pools/refresh.ts'
import { formatXml } from '../../../core/libvirt/xml/element.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { requireAnswer } from '../daemon/ask.ts'
import { attempt } from '../daemon/failure.ts'
import type { CloneArgs } from './args.ts'
import { claim, claimFile } from './claim.ts'
import { type ClonePlan, type Copy, planClone } from './plan.ts'
import type { CloneState } from './probe.ts'

/** Images of terabytes over a slow disk. */
const PATIENCE = { timeoutMs: 24 * 3_600_000, timeoutBy: 'controller' } as const
const EXISTS = 90
const WRITABLE = 91

/** Makes the images, then defines the domain; of an attempt that fails nothing is left. */
export async function applyClone(host: Host, a: CloneArgs, state: CloneState): Promise<undefined> {
  const { source, others, claimed } = requireAnswer(state.answer)
  if (!source) throw new ModuleFailure(`there is no domain '${a.source}' to clone`)
  const plan = planClone(a, source.definition, others)
  host.progress(`copying the images of ${a.source}`)
  const answer = await host.run(imagesScript(a, plan, claimed), PATIENCE)
  if (answer.status !== 0) {
    const said = (answer.merged ? answer.stdout : answer.stderr).toString().trim()
    throw failure(a, answer.status, said)
  }
  try {
    await attempt(`define '${a.name}'`, () => host.libvirt.defineDomain(formatXml(plan.definition)))
    if (a.autostart) await attempt(`autostart of '${a.name}'`, () => host.libvirt.setAutostart('domain', a.name, true))
  } catch (error) {
    // Where it could be that it was defined all the same, the images stay, and the claim says whose they are.
    const defined = await host.libvirt.domainXml(plan.uuid).catch(() => '')
    if (defined === undefined) await host.run(sh`rm -f -- ${plan.copies.map((one) => one.to)} ${claimFile(plan.uuid)}`)
    throw error
  }
  await host.run(sh`rm -f -- ${claimFile(plan.uuid)}`)
  await refreshPoolsOf(
    host.libvirt,
    plan.copies.map((one) => one.to),
    host.signal,
  )
  return undefined
}

function failure(a: CloneArgs, status: number, said: string): ModuleFailure {
  const last = said.split('\n').at(-1) ?? ''
  if (status === EXISTS)
    return new ModuleFailure(`${last} exists, and no attempt to make '${a.name}' has made it`, {
      hint: 'give folder, or remove the file',
    })
  if (status === WRITABLE)
    return new ModuleFailure(`${last} can be written to: '${a.source}', started, would damage every linked clone`, {
      hint: 'seal_source: true makes the images of the source read-only',
    })
  return new ModuleFailure(`the images of '${a.source}' were not cloned: ${said.split('\n').slice(-3).join('; ')}`)
}

const partOf = (path: string): string => {
  const slash = path.lastIndexOf('/')
  return `${path.slice(0, slash)}/.${path.slice(slash + 1)}.virtfleet-clone.part`
}

function imagesScript(a: CloneArgs, plan: ClonePlan, claimed: readonly string[]): ShellText {
  const finals = plan.copies.map((one) => one.to)
  const parts = finals.map(partOf)
  const disks = plan.copies.filter((one) => one.what !== 'nvram')
  // Only what an attempt of ours has left may be replaced.
  const ours = claimed.filter((path) => finals.includes(path) || parts.includes(path))
  return sh`umask 077
[ ${ours.length} = 0 ] || rm -f -- ${ours}
for f in ${finals}; do [ ! -e "$f" ] || { echo "$f" >&2; exit ${EXISTS}; }; done
${a.type === 'linked' ? seal(a, disks) : sh``}
${claim(plan.uuid, [...finals, ...parts])} || exit 1
undo() { rm -f -- ${parts} ${claimFile(plan.uuid)}; }
make() {
${sh.join([...plan.copies.map((one) => copy(a, one)), a.reset ? sysprep(a, disks) : sh`:`].map((step) => sh`${step} || return`))}
}
make || { s=$?; undo; exit $s; }
move() { [ ! -e "$2" ] && mv -- "$1" "$2"; }
${sh.join(plan.copies.map((one) => sh`move ${partOf(one.to)} ${one.to} || { undo; rm -f -- ${made(plan.copies, one)}; exit 1; }`))}`
}

/** Those that have their name already when this one gets its own. */
const made = (all: readonly Copy[], one: Copy): string[] => all.slice(0, all.indexOf(one)).map((c) => c.to)

function copy(a: CloneArgs, one: Copy): ShellText {
  const part = partOf(one.to)
  if (one.what === 'nvram') return sh`cp --reflink=auto -- ${one.from} ${part}`
  if (a.type === 'full') return sh`qemu-img convert -f ${one.fromFormat} -O ${one.format} -- ${one.from} ${part}`
  return sh`qemu-img create -q -f qcow2 -F ${one.fromFormat} -b ${one.from} -- ${part}`
}

function seal(a: CloneArgs, disks: readonly Copy[]): ShellText {
  const files = disks.map((one) => one.from)
  if (a.seal_source) return sh`chmod a-w -- ${files} || exit 1`
  return sh`for f in ${files}; do case $(stat -L -c %A -- "$f") in *w*) echo "$f" >&2; exit ${WRITABLE} ;; esac; done`
}

function sysprep(a: CloneArgs, disks: readonly Copy[]): ShellText {
  const images = disks.flatMap((one) => ['--format', one.format, '-a', partOf(one.to)])
  return sh`LIBGUESTFS_BACKEND=direct virt-sysprep -q --hostname ${a.name} ${images}`
}
