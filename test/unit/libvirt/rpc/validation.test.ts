import { expect } from 'chai'
import { shapeOf } from '../../../../core/libvirt/rpc/session/validation.ts'

const vm = (name: string, mac: string, disk: string, more = ''): string =>
  `<domain type='kvm'><name>${name}</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193${name.at(-1)}</uuid><memory>64</memory>${more}` +
  `<devices><disk type='file'><source file='${disk}'/><target dev='vda'/></disk>` +
  `<interface type='network'><mac address="${mac}"/><source network='default'/></interface></devices></domain>`
const one = vm('web1', '52:54:00:00:00:01', '/images/web1.qcow2')

describe('the shape of a definition', () => {
  it('is the same for machines that differ in whose they are', () => {
    expect(shapeOf(vm('web2', '52:54:00:00:00:02', "/images/web'2.qcow2".replace("'", '&apos;')))).to.equal(
      shapeOf(one),
    )
  })

  for (const [what, other] of [
    ['an element more', vm('web1', '52:54:00:00:00:01', '/images/web1.qcow2', '<vcpu>1</vcpu>')],
    ['another value', one.replace('<memory>64', '<memory>65')],
    ['another target', one.replace("dev='vda'", "dev='vdb'")],
    ['another network', one.replace("network='default'", "network='other'")],
    ['another kind of source', one.replace('source file=', 'source dev=')],
    ['an attribute more', one.replace('<mac address', '<mac type="static" address')],
  ])
    it(`is another one with ${what}`, () => {
      expect(shapeOf(other!)).to.not.equal(shapeOf(one))
    })
})
