import { expect } from 'chai'
import fc from 'fast-check'
import { fleetUuid } from '../../../core/libvirt/identity/uuid.ts'
import { diffXml } from '../../../core/libvirt/xml/diff.ts'
import { type Element, parseXml } from '../../../core/libvirt/xml/element.ts'
import domain from '../../../modules/libvirt/libvirt_domain.ts'
import { checkState, type DrivenHost, runState } from '../module-driver.ts'
import { editOf } from './domain-edits.ts'
import { domainSpec } from './domain-specification.ts'
import { spelled } from './domain-spelling.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'

/**
 * How many random domains, each defined and edited on a real libvirtd; the same again: VIRTFLEET_SEED. Where it decides over a change
 * (CI), the domains are the same every time: a new find must not fail the change of somebody else.
 */
const RUNS = Number(process.env.VIRTFLEET_DOMAIN_RUNS ?? 20)
const given = process.env.VIRTFLEET_SEED ?? (process.env.CI ? '20261121' : undefined)
const seed = given === undefined ? {} : { seed: Number(given) }
const NAME = 'vf-random'
const UUID = fleetUuid('property', 'domain', NAME)
const EXACT = ['disks', 'interfaces', 'channels']

describe('random domains on a real libvirtd', function () {
  this.timeout(120_000 + RUNS * 20_000)
  let lab: LibvirtLab
  let host: DrivenHost
  const native = (command: string): Promise<string> => lab.native(0, command)

  before(async () => {
    lab = await openLibvirtLab(1)
    host = lab.hosts[0] as DrivenHost
    await clean()
    await native(`mkdir -p /var/lib/vfproperty && cd /var/lib/vfproperty && for i in 0 1 2 3 4 5 6 7 8 9 10; do
qemu-img create -q -f qcow2 $i.qcow2 1M; truncate -s 1M $i.raw $i.iso; done
for n in a b; do echo "<network><name>vfp$n</name><bridge name='vfp$n'/></network>" > net.xml; virsh -q net-define net.xml; done`)
  })
  after(async () => {
    await clean()
    await lab.close()
  })
  async function clean(): Promise<void> {
    await native(
      `virsh undefine --nvram ${NAME} >/dev/null 2>&1; for n in a b; do virsh net-undefine vfp$n; done >/dev/null 2>&1; rm -rf /var/lib/vfproperty; true`,
    )
  }
  const dump = async (): Promise<Element> => parseXml(await native(`virsh dumpxml --inactive ${NAME}`))

  it('are as they were declared; an edit is told alone, made, and touches nothing else', async () => {
    const withEdit = domainSpec.chain((spec) => fc.record({ spec: fc.constant(spec), edit: editOf(spec) }))
    await fc.assert(
      fc.asyncProperty(withEdit, async ({ spec, edit }) => {
        const task = { name: NAME, exact: EXACT, xml: spelled(NAME, UUID, spec) }
        try {
          expect((await runState(domain, host, task)).left, 'after it is defined').to.deep.equal([])
          const before = await dump()
          const other = { ...task, xml: spelled(NAME, UUID, { ...edit.edited, spelling: spec.spelling + 1 }) }
          const told = await checkState(domain, host, other)
          expect(
            told.map((c) => c.path),
            edit.what,
          ).to.deep.equal(edit.paths)
          expect((await runState(domain, host, other)).left, `after ${edit.what}`).to.deep.equal([])
          const after = await dump()
          const touched = [...diffXml(before, after), ...diffXml(after, before)].map((d) => d.path)
          expect(
            touched.filter((path) => !edit.paths.some((p) => path.startsWith(p)) && !follows(path, edit.paths)),
            `beside ${edit.what}`,
          ).to.deep.equal([])
        } finally {
          await native(`virsh undefine --nvram ${NAME} >/dev/null 2>&1; true`)
        }
      }),
      { numRuns: RUNS, ...seed },
    )
  })
})

/**
 * What libvirt itself does with a change: more slots for a device, an address for another model, counts of processors, an order of
 * booting of its own where the last device that had one is gone.
 */
function follows(path: string, paths: readonly string[]): boolean {
  const of = (prefix: string): boolean => paths.some((p) => p.startsWith(prefix))
  if (of('devices.') && path.startsWith('devices.controller')) return true
  if (of('devices.') && path.startsWith('os.boot')) return true
  if (of('memory') && path === 'currentMemory') return true
  if (of('cputune') && path === 'cputune') return true
  return paths.some((p) => p.endsWith('.model.type') && path.startsWith(p.replace(/\.model\.type$/, '.address')))
}
