import { expect } from 'chai'
import type { Json } from '../../../../core/events/json.ts'
import type { DomainState as Power } from '../../../../core/libvirt/types.ts'
import { formatXml, parseXml } from '../../../../core/libvirt/xml/element.ts'
import { lintDomain } from '../../../../core/libvirt/xml/lint.ts'
import type { Reader } from '../../../../core/module/types.ts'
import { domainArgs } from '../../../../modules/libvirt/domain/args.ts'
import { declare } from '../../../../modules/libvirt/domain/declaration.ts'
import { diffDomain, newDefinition } from '../../../../modules/libvirt/domain/diff.ts'
import { planOf } from '../../../../modules/libvirt/domain/plan.ts'
import type { FoundDomain, HostDomains } from '../../../../modules/libvirt/domain/probe.ts'
import { fixtures } from '../../libvirt/xml/fixtures.ts'

/** Nothing here is read from a host. */
const nowhere = {} as Reader

interface Seen {
  /** A shape of the dumps, or a definition. */
  readonly shape?: string
  readonly xml?: string
  readonly power?: Power
  readonly reason?: string
  readonly sizes?: Readonly<Record<string, number>>
}

/** A host with this domain, as libvirt 9 dumps it. */
function seen({ shape, xml, power = 'shut off', reason = 'unknown', sizes = {} }: Seen): HostDomains {
  const fixture = fixtures.find((f) => f.shape === shape && f.version === '9.0.0')
  const config = xml === undefined ? fixture?.inactive : parseXml(xml)
  if (!config) throw new Error(`no such shape: ${shape}`)
  const live = power === 'shut off' ? undefined : (fixture?.live ?? config)
  const name = config.children.find((c) => c.name === 'name')?.text ?? ''
  const found: FoundDomain = {
    summary: { name, uuid: 'u', state: power, reason, persistent: true, autostart: false, managedSave: false },
    config,
    live,
    snapshots: 0,
    checkpoints: 0,
  }
  return {
    found,
    machines: fixture?.machines ?? new Map(),
    others: [],
    missing: [],
    images: [],
    moves: [],
    sizes: new Map(Object.entries(sizes).map(([target, bytes]) => [target, BigInt(bytes)])),
    check: false,
  }
}

const parse = (task: Json) => domainArgs.parse(task)

/** `path effect`, with what the note begins with where there is one. */
async function told(task: Json, host: HostDomains): Promise<string[]> {
  const args = parse(task)
  const declaration = await declare(nowhere, args)
  return diffDomain({ declaration, answer: { kind: 'answer', value: host } }, args).map(
    (c) => `${c.path} ${c.effect}${c.note === undefined ? '' : ` (${c.note})`}`,
  )
}

/** The definition as it is to be. */
async function becomes(task: Json, host: HostDomains): Promise<string> {
  const args = parse(task)
  const declaration = await declare(nowhere, args)
  const plan = declaration && host.found && planOf(host, host.found, declaration, args)
  return plan ? formatXml(plan.definition).replace(/>\s+</g, '><') : ''
}

const BOOT = 'pending (at the next boot of the guest)'
const LIVE = 'now (while the guest runs)'
const GUEST = 'pending (until the guest lets go of it)'

describe('libvirt_domain', () => {
  const server = 'template-server'
  const table: { what: string; task: Record<string, Json>; host: Seen; changes: string[] }[] = [
    { what: 'nothing declared', task: {}, host: { shape: server }, changes: [] },
    {
      what: 'what it has already',
      task: {
        memory: '96MiB',
        vcpus: 2,
        cpu: 'host-model',
        machine: 'q35',
        console: true,
        agent: true,
        graphics: 'vnc',
        disks: [{ target: 'vda', source: '/var/lib/libvirt/images/a.qcow2' }],
        interfaces: [{ mac: '52:54:00:AB:00:01', network: 'default' }],
      },
      host: { shape: server, power: 'running' },
      changes: [],
    },
    {
      what: 'more memory and processors while it runs',
      task: { memory: '128MiB', vcpus: 3 },
      host: { shape: server, power: 'running' },
      changes: [
        'memory now',
        'vcpu.current now',
        'vcpu now',
        `live.memory ${BOOT}`,
        `live.vcpu.current ${BOOT}`,
        `live.vcpu ${BOOT}`,
      ],
    },
    {
      what: 'the same, restarted',
      task: { memory: '128MiB', restart: 'if_needed' },
      host: { shape: server, power: 'running' },
      changes: ['memory now', 'live.memory now (restarts the guest)'],
    },
    {
      what: 'a processor that was kept back',
      task: { current_vcpus: 3 },
      host: { shape: 'cpu-custom', power: 'running' },
      changes: ['vcpu.current now', `live.vcpu.current ${LIVE}`],
    },
    {
      what: 'a processor given up',
      task: { current_vcpus: 1 },
      host: { shape: 'iothread-ids', power: 'running' },
      changes: ['vcpu.current now', `live.vcpu.current ${GUEST}`],
    },
    {
      what: 'a disk and an interface more',
      task: {
        disks: [{ target: 'vdb', source: '/b.qcow2' }],
        interfaces: [{ mac: '52:54:00:ab:00:09', bridge: 'br0' }],
      },
      host: { shape: server, power: 'running' },
      changes: [
        'devices.disk[vdb] now',
        'devices.interface[52:54:00:ab:00:09] now',
        `live.devices.disk[vdb] ${LIVE}`,
        `live.devices.interface[52:54:00:ab:00:09] ${LIVE}`,
      ],
    },
    {
      what: 'a disk on a bus that takes none while it runs',
      task: { disks: [{ target: 'sdc', source: '/b.qcow2', bus: 'sata' }] },
      host: { shape: server, power: 'running' },
      changes: ['devices.disk[sdc] now', `live.devices.disk[sdc] ${BOOT}`],
    },
    {
      what: 'another medium in the drive',
      task: { disks: [{ target: 'sda', device: 'cdrom', bus: 'scsi', source: '/other.iso' }] },
      host: { shape: server, power: 'running' },
      changes: ['devices.disk[sda].source.file now', `live.devices.disk[sda].source.file ${LIVE}`],
    },
    {
      what: 'the drive emptied',
      task: { disks: [{ target: 'sda', device: 'cdrom', bus: 'scsi' }] },
      host: { shape: server, power: 'running' },
      changes: ['devices.disk[sda].source now', `live.devices.disk[sda].source ${LIVE}`],
    },
    {
      what: 'an interface on another network',
      task: { interfaces: [{ mac: '52:54:00:ab:00:02', network: 'other', model: 'e1000e', link: 'down' }] },
      host: { shape: server, power: 'running' },
      changes: [
        'devices.interface[52:54:00:ab:00:02].type now',
        'devices.interface[52:54:00:ab:00:02].source.network now',
        'devices.interface[52:54:00:ab:00:02].link now',
        `live.devices.interface[52:54:00:ab:00:02].type ${LIVE}`,
        `live.devices.interface[52:54:00:ab:00:02].source.network ${LIVE}`,
        `live.devices.interface[52:54:00:ab:00:02].link ${LIVE}`,
      ],
    },
    {
      what: 'another model of interface',
      task: { interfaces: [{ mac: '52:54:00:ab:00:02', bridge: 'br0', model: 'virtio' }] },
      host: { shape: server, power: 'running' },
      changes: [
        'devices.interface[52:54:00:ab:00:02].model.type now',
        `live.devices.interface[52:54:00:ab:00:02].model.type ${BOOT}`,
      ],
    },
    {
      what: 'what the task leaves open about devices that are there',
      task: {
        disks: [
          { target: 'sdb', source: '/var/lib/libvirt/images/b.raw' },
          { target: 'sda', device: 'cdrom', source: '/var/lib/libvirt/images/a.iso' },
        ],
        interfaces: [{ mac: '52:54:00:ab:00:02', bridge: 'br0' }],
      },
      host: { shape: server, power: 'running' },
      changes: [],
    },
    {
      what: 'devices gone',
      task: {
        disks: [{ target: 'vda', state: 'absent' }],
        interfaces: [{ mac: '52:54:00:ab:00:02', state: 'absent' }],
      },
      host: { shape: server, power: 'running' },
      changes: [
        'devices.disk[vda] now',
        'devices.interface[52:54:00:ab:00:02] now',
        `live.devices.disk[vda] ${GUEST}`,
        `live.devices.interface[52:54:00:ab:00:02] ${GUEST}`,
      ],
    },
    {
      what: 'lists that are complete',
      task: {
        exact: ['disks', 'interfaces', 'inputs', 'videos', 'consoles'],
        disks: [{ target: 'vda', source: '/var/lib/libvirt/images/a.qcow2' }],
        interfaces: [{ mac: '52:54:00:ab:00:01', network: 'default' }],
      },
      host: { shape: server },
      changes: ['devices.disk[sda] now', 'devices.disk[sdb] now', 'devices.interface[52:54:00:ab:00:02] now'],
    },
    {
      what: 'another family of machines',
      task: { machine: 'pc' },
      host: { shape: server },
      changes: [
        'os.type.machine pending (needs a decision (allow: machine): other buses: an installed guest may not find its disks and interfaces)',
      ],
    },
    {
      what: 'another family of machines, decided',
      task: { machine: 'pc', allow: ['machine'] },
      host: { shape: server },
      changes: ['os.type.machine now'],
    },
    {
      what: 'a newer machine of the same family',
      task: { machine: 'pc-q35-7.1' },
      host: { shape: server },
      changes: ['os.type.machine now'],
    },
    {
      what: 'UEFI for BIOS',
      task: { firmware: 'efi', title: 'x' },
      host: { shape: server },
      changes: [
        'title now',
        'os.firmware pending (needs a decision (allow: firmware): a guest installed under one firmware does not boot under the other)',
      ],
    },
    {
      what: 'BIOS for UEFI, decided',
      task: { firmware: 'bios', allow: 'firmware' },
      host: { shape: 'uefi-auto' },
      changes: ['os.firmware now'],
    },
    {
      what: 'UEFI that is there',
      task: { firmware: 'efi' },
      host: { shape: 'uefi-auto', power: 'running' },
      changes: [],
    },
    {
      what: 'a TPM that is there, and one to be gone',
      task: { tpm: '2.0' },
      host: { shape: 'tpm', power: 'running' },
      changes: [],
    },
    {
      what: 'no TPM any more',
      task: { tpm: 'none' },
      host: { shape: 'tpm' },
      changes: ['devices.tpm pending (needs a decision (allow: tpm): what the guest sealed in it (disk keys) is lost)'],
    },
    {
      what: 'another boot order by classes',
      task: { boot: ['network', 'hd'] },
      host: { shape: server, power: 'running' },
      changes: ['os.boot[0].dev now', 'os.boot[1] now', `live.os.boot[0].dev ${BOOT}`, `live.os.boot[1] ${BOOT}`],
    },
    {
      what: 'limits, pins and ends, while it runs',
      task: {
        xml: `<domain><name>boot-order</name><title>new</title><cputune><shares>10</shares></cputune><on_reboot>destroy</on_reboot>
          <devices><disk><driver type='qcow2'/><target dev='vda'/><iotune><read_iops_sec>5</read_iops_sec></iotune></disk></devices></domain>`,
      },
      host: { shape: 'boot-order', power: 'running' },
      changes: [
        'title now',
        'cputune now',
        'on_reboot now',
        'devices.disk[vda].iotune now',
        `live.title ${LIVE}`,
        `live.cputune ${BOOT}`,
        `live.on_reboot ${LIVE}`,
        `live.devices.disk[vda].iotune ${BOOT}`,
      ],
    },
    {
      what: 'a larger disk',
      task: { disks: [{ target: 'vda', source: '/var/lib/libvirt/images/a.qcow2', size: '2G' }] },
      host: { shape: server, power: 'running', sizes: { vda: 1 << 30 } },
      changes: ['devices.disk[vda].size now'],
    },
    {
      what: 'another name',
      task: { name: 'new', rename_from: server },
      host: { shape: server },
      changes: ['name now'],
    },
    {
      what: 'another name of what runs',
      task: { name: 'new', rename_from: server },
      host: { shape: server, power: 'running' },
      changes: ['name pending (when the guest is off)'],
    },
    { what: 'stopped', task: { state: 'stopped' }, host: { shape: server, power: 'running' }, changes: ['state now'] },
    { what: 'stopped already', task: { state: 'stopped' }, host: { shape: server, power: 'crashed' }, changes: [] },
    { what: 'paused', task: { state: 'paused' }, host: { shape: server, power: 'running' }, changes: ['state now'] },
    {
      what: 'resumed',
      task: { state: 'running' },
      host: { shape: server, power: 'paused', reason: 'user' },
      changes: ['state now'],
    },
    { what: 'absent', task: { state: 'absent' }, host: { shape: server }, changes: ['state now'] },
    { what: 'autostart', task: { autostart: true }, host: { shape: server }, changes: ['autostart now'] },
  ]
  for (const { what, task, host, changes } of table) {
    it(`tells: ${what}`, async () => {
      expect(await told({ name: host.shape ?? 'v', ...task }, seen(host))).to.deep.equal(changes)
    })
  }

  it('finds nothing to do for any domain of any libvirt, as it was declared', async () => {
    const wrong: string[] = []
    for (const { version, shape, declared, inactive, live, machines } of fixtures) {
      for (const power of live ? (['shut off', 'running'] as const) : (['shut off'] as const)) {
        const host = seen({ xml: formatXml(inactive), power })
        const found = host.found && { ...host.found, live: power === 'running' ? live : undefined }
        const task = { name: shape, xml: formatXml(declared), exact: ['disks', 'interfaces', 'hostdevs', 'channels'] }
        const changes = await told(task, { ...host, found, machines })
        // The balloon of a guest whose memory is declared to be smaller now is not where it is to be.
        const left = changes.filter((c) => !c.startsWith('live.currentMemory pending'))
        if (left.length > 0) wrong.push(`${version} ${shape} ${power}: ${left.join('; ')}`)
      }
    }
    expect(wrong).to.deep.equal([])
  })

  it('refuses what cannot be', async () => {
    const refusals: [Record<string, Json>, Seen, string][] = [
      [{ uuid: '00000000-0000-4000-8000-000000000001' }, { shape: server }, 'another machine'],
      [{ state: 'running' }, { shape: server, power: 'paused', reason: 'ioerror' }, 'paused by'],
      [
        { disks: [{ target: 'vda', source: '/a', size: '1M' }] },
        { shape: server, sizes: { vda: 1 << 30 } },
        'never shrunk',
      ],
      [{ boot: ['vdz'] }, { shape: server }, 'boot names vdz'],
      [{ boot: ['vda', 'hd'] }, { shape: server }, 'beside single devices'],
      [{ memory: 'much' }, { shape: server }, 'not a size'],
      [{ interfaces: [{ mac: '52:54:00:04:63:6', network: 'a' }] }, { shape: server }, 'six pairs'],
      [{ vcpus: 1, current_vcpus: 2 }, { shape: server }, 'more than'],
      [{ disks: [{ target: 'vdb' }] }, { shape: server }, 'needs a source'],
      [{ xml: '<domain><name>other</name></domain>' }, { shape: server }, "is for 'other'"],
    ]
    for (const [task, host, message] of refusals) {
      const outcome = await told({ name: host.shape ?? 'v', ...task }, seen(host)).then(
        () => 'nothing',
        (error: Error) => error.message,
      )
      expect(outcome).to.include(message)
    }
  })

  it('writes one way of booting, no order twice, and what is left open about new devices', async () => {
    const classes = await becomes({ name: 'boot-order', boot: ['cdrom'] }, seen({ shape: 'boot-order' }))
    expect(classes).to.include("<boot dev='cdrom'/>").and.not.include('<boot order')
    const order = await becomes({ name: 'boot-order', boot: ['vda'] }, seen({ shape: 'boot-order' }))
    expect(order.match(/<boot order='1'\/>/g)).to.have.length(1)
    const fresh = await becomes(
      {
        name: server,
        disks: [{ target: 'vdx', source: '/x' }],
        interfaces: [{ mac: '52:54:00:00:00:99', bridge: 'br0' }],
      },
      seen({ shape: server }),
    )
    expect(fresh).to.include("<target dev='vdx' bus='virtio'/>")
    expect(fresh).to.match(/<interface type='bridge'><model type='virtio'\/><mac address='52:54:00:00:00:99'\/>/)
    const devices = await becomes({ name: server, boot: ['52:54:00:AB:00:01', 'vda'] }, seen({ shape: server }))
    expect(devices).to.include("<boot order='2'/>").and.not.include('<boot dev')
  })

  it('drops addresses on buses that another machine does not have', async () => {
    const text = await becomes({ name: server, machine: 'pc', allow: ['machine'] }, seen({ shape: server }))
    expect(text).not.to.include('pcie-root').and.not.include("address type='pci'")
    expect(text).to.include("<mac address='52:54:00:ab:00:02'/>")
  })

  it('shows no password', async () => {
    const graphics = "<graphics type='vnc' port='-1' passwd='hidden99'/>"
    const args = parse({ name: 'vnc', xml: `<domain><name>vnc</name><devices>${graphics}</devices></domain>` })
    const declaration = await declare(nowhere, args)
    for (const shape of ['vnc', server]) {
      const host = seen({ shape, power: 'running' })
      const changes = diffDomain({ declaration, answer: { kind: 'answer', value: host } }, args)
      expect(JSON.stringify(changes)).not.to.include('hidden99').and.not.include('secret12')
    }
    const fresh = diffDomain({ declaration, answer: { kind: 'missing', reason: 'not installed' } }, args)
    expect(JSON.stringify(fresh)).to.include('graphics').and.not.include('hidden99')
  })

  it('does not touch what needs a decision, and does the rest', async () => {
    const text = await becomes({ name: server, machine: 'pc', firmware: 'efi', title: 'x' }, seen({ shape: server }))
    expect(text).to.include('<title>x</title>').and.include('pc-q35').and.not.include('firmware')
  })

  it('keeps what others attached', async () => {
    const text = await becomes({ name: server, title: 'x' }, seen({ shape: server }))
    expect(text).to.include('b.raw').and.include('52:54:00:ab:00:02')
  })

  it('says in arguments what lint has nothing against', async () => {
    const args = parse({
      name: 'v',
      uuid: '5d1b3a52-8f47-4f6e-9d5c-1f2e3d4c5b6a',
      memory: '1GiB',
      vcpus: 2,
      firmware: 'efi-secure',
      tpm: '2.0',
      console: true,
      graphics: 'spice',
      agent: true,
      boot: 'vda',
      disks: [{ target: 'vda', source: '/dev/vg/lv', serial: 's1', cache: 'none' }],
    })
    const declaration = await declare(nowhere, args)
    if (!declaration) throw new Error('nothing declared')
    const text = formatXml(newDefinition(declaration, args))
    expect(lintDomain(parseXml(text))).to.deep.equal([])
    expect(text).to.include("address='127.0.0.1'").and.include("<loader secure='yes'/>").and.include("dev='/dev/vg/lv'")
  })

  it('puts new disks on SCSI behind a controller that guests have a driver of', async () => {
    const made = async (disks: Json[], devices = ''): Promise<string> => {
      const xml = `<domain type='kvm'><name>vm</name><os><type>hvm</type></os><devices>${devices}</devices></domain>`
      const args = parse({ name: 'vm', memory: '1GiB', disks, xml })
      const declaration = await declare(nowhere, args)
      if (!declaration) throw new Error('nothing is declared')
      return formatXml(newDefinition(declaration, args))
    }
    const disk = { target: 'sda', source: '/i/a.qcow2' }
    const own = "<controller type='scsi' index='0' model='lsilogic'/>"
    expect(await made([disk])).to.include("<controller type='scsi' index='0' model='virtio-scsi'/>")
    expect(await made([{ ...disk, target: 'vda' }])).to.not.include('<controller')
    expect(await made([{ ...disk, bus: 'sata' }])).to.not.include('<controller')
    expect(await made([disk], own)).to.not.include('virtio-scsi')
  })
})
