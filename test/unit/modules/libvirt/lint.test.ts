import { expect } from 'chai'
import { readDomain } from '../../../../core/libvirt/xml/domain.ts'
import { parseXml } from '../../../../core/libvirt/xml/element.ts'
import { CHECKS, findingsOf } from '../../../../modules/libvirt/lint/findings.ts'
import type { LintHost, LintImage } from '../../../../modules/libvirt/lint/probe.ts'

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

const machine = (name: string, n: number, devices = '') => ({
  state: 'shut off' as const,
  model: readDomain(
    parseXml(
      `<domain type='kvm'><name>${name}</name><uuid>${uuid(n)}</uuid><memory>1024</memory><devices>${devices}</devices></domain>`,
    ),
  ),
})
const disk = (file: string, format = 'qcow2', more = ''): string =>
  `<disk type='file' device='disk'><driver name='qemu' type='${format}'/><source file='${file}'/><target dev='vda' bus='virtio'/>${more}</disk>`
const nic = (mac: string): string =>
  `<interface type='network'><mac address='${mac}'/><source network='n'/></interface>`
const image = (path: string, more: Partial<LintImage> = {}): LintImage => ({
  path,
  format: 'qcow2',
  backing: undefined,
  backingFormat: undefined,
  ...more,
})
const host = (
  domains: LintHost['domains'],
  images: readonly LintImage[] = [],
  storage: [string, string][] = [],
): LintHost => ({ domains, images, storage: new Map(storage), silent: undefined })

const found = (hosts: Record<string, LintHost>, checks = CHECKS): string[] =>
  findingsOf(new Map(Object.entries(hosts)), checks).map(({ check, machines }) => `${check} ${machines.join(' ')}`)

describe('libvirt_lint', () => {
  const nfs: [string, string][] = [['/vms/a.qcow2', 'nfs4 server:/vms']]
  const locals = (name: string): [string, string][] => [['/vms/a.qcow2', `local ${name}`]]
  const table: [string, Record<string, LintHost>, string[]][] = [
    ['a fleet in order', { k1: host([machine('a', 1, nic('52:54:00:00:00:01'))]), k2: host([machine('b', 2)]) }, []],
    [
      'a UUID on two hosts, as a forgotten definition',
      { k1: host([machine('a', 1)]), k2: host([machine('a', 1)]) },
      ['duplicate_uuid a@k1 a@k2'],
    ],
    ['a name twice', { k1: host([machine('a', 1)]), k2: host([machine('a', 2)]) }, ['duplicate_name a@k1 a@k2']],
    [
      'a MAC twice, whatever its letters',
      { k1: host([machine('a', 1, nic('52:54:00:AA:00:01')), machine('b', 2, nic('52:54:00:aa:00:01'))]) },
      ['duplicate_mac a@k1 b@k1'],
    ],
    [
      'a disk of shared storage',
      {
        k1: host([machine('a', 1, disk('/vms/a.qcow2'))], [], nfs),
        k2: host([machine('b', 2, disk('/vms/a.qcow2'))], [], nfs),
      },
      ['shared_disk a@k1 b@k2'],
    ],
    [
      'disks of the same name on two hosts',
      {
        k1: host([machine('a', 1, disk('/vms/a.qcow2'))], [], locals('k1')),
        k2: host([machine('b', 2, disk('/vms/a.qcow2'))], [], locals('k2')),
      },
      [],
    ],
    [
      'a disk that is meant to be shared',
      {
        k1: host([
          machine('a', 1, disk('/vms/a.qcow2', 'qcow2', '<shareable/>')),
          machine('b', 2, disk('/vms/a.qcow2', 'qcow2', '<shareable/>')),
        ]),
      },
      [],
    ],
    [
      'an overlay whose base another machine writes to',
      {
        k1: host(
          [machine('a', 1, disk('/vms/over.qcow2')), machine('b', 2, disk('/vms/base.qcow2'))],
          [image('/vms/over.qcow2', { backing: '/vms/base.qcow2', backingFormat: 'qcow2' }), image('/vms/base.qcow2')],
        ),
      },
      ['live_base a@k1 b@k1'],
    ],
    [
      'an image given as raw',
      { k1: host([machine('a', 1, disk('/vms/a.qcow2', 'raw'))], [image('/vms/a.qcow2')]) },
      ['wrong_format a@k1'],
    ],
    [
      'no format of the base, two files down, and a chain that bites its tail',
      {
        k1: host(
          [machine('a', 1, disk('/vms/1'))],
          [image('/vms/1', { backing: '/vms/2', backingFormat: 'qcow2' }), image('/vms/2', { backing: '/vms/1' })],
        ),
      },
      ['backing_format a@k1'],
    ],
    [
      'screens: open, with a password, on loopback',
      {
        k1: host([
          machine('a', 1, "<graphics type='vnc' port='-1' listen='0.0.0.0'/>"),
          machine('b', 2, "<graphics type='vnc' listen='0.0.0.0' passwd='x'/>"),
          machine('c', 3, "<graphics type='spice'><listen type='address' address='127.0.0.1'/></graphics>"),
          machine('d', 4, "<graphics type='spice'><listen type='address' address='::'/></graphics>"),
        ]),
      },
      ['open_screen a@k1', 'open_screen d@k1'],
    ],
  ]
  for (const [name, hosts, expected] of table) {
    it(name, () => expect(found(hosts)).to.deep.equal(expected))
  }

  it('looks only for what was asked', () => {
    const hosts = { k1: host([machine('a', 1)]), k2: host([machine('a', 2)]) }
    expect(found(hosts, ['duplicate_mac'] as unknown as typeof CHECKS)).to.deep.equal([])
  })
})
