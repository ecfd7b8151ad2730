import fc from 'fast-check'
import { RELEASE } from './releases.ts'

/** A disk or drive; its number makes its target and its file. */
export interface DiskSpec {
  readonly n: number
  readonly bus: 'virtio' | 'scsi' | 'sata' | 'usb'
  readonly device: 'disk' | 'cdrom'
  readonly format: 'qcow2' | 'raw'
  readonly cache: 'none' | 'writeback' | undefined
  readonly serial: boolean
}

export interface NicSpec {
  readonly n: number
  readonly kind: 'network' | 'bridge'
  readonly source: 'vfpa' | 'vfpb'
  readonly model: 'virtio' | 'e1000' | 'rtl8139'
  readonly link: 'up' | 'down' | undefined
}

/** A random domain, and how it is spelled. */
export interface DomainSpec {
  readonly memoryMiB: number
  readonly vcpus: number
  readonly current: number | undefined
  readonly machine: 'q35' | 'pc'
  readonly cpu: string | undefined
  readonly features: readonly string[]
  readonly title: string | undefined
  readonly disks: readonly DiskSpec[]
  readonly nics: readonly NicSpec[]
  readonly channels: readonly string[]
  readonly pins: readonly number[]
  readonly others: readonly string[]
  readonly boot: 'none' | 'classes' | 'order'
  readonly shares: number | undefined
  readonly metadata: boolean
  /** Units, letter case and order of what is written. */
  readonly spelling: number
}

const bus = fc.constantFrom('virtio', 'scsi', 'sata', 'usb' as const)

/** Devices that need nothing of the host. */
const OTHERS = [
  "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>",
  "<rng model='virtio'><rate bytes='1024' period='2000'/><backend model='random'>/dev/random</backend></rng>",
  "<watchdog model='i6300esb' action='poweroff'/>",
  "<memballoon model='virtio'><stats period='5'/></memballoon>",
  "<graphics type='vnc' autoport='yes' listen='127.0.0.1'/>",
  "<graphics type='vnc' port='-1'><listen type='address' address='127.0.0.1'/></graphics>",
  "<video><model type='vga' vram='16384' heads='1'/></video>",
  "<input type='tablet' bus='usb'/>",
  "<sound model='ich9'/>",
  "<panic model='isa'/>",
  "<serial type='pty'/>",
  "<serial type='pty'><target port='0'/></serial><console type='pty'><target type='serial' port='0'/></console>",
  "<hostdev mode='subsystem' type='usb' managed='no'><source><vendor id='0x1234'/><product id='0xBEEF'/></source></hostdev>",
  "<filesystem type='mount' accessmode='mapped'><source dir='/var/lib/vfproperty'/><target dir='shared'/></filesystem>",
  "<controller type='scsi' model='virtio-scsi'/>",
  "<vsock model='virtio'><cid auto='yes'/></vsock>",
]

/** libvirt 7.0 does not know the largest that QEMU can make. */
const CPUS = ['host-model', 'maximum', 'Nehalem', 'qemu64'].filter((cpu) => RELEASE !== 'bullseye' || cpu !== 'maximum')

/** One of a kind that libvirt allows one of. */
const kindOf = (xml: string): string => /^<(\w+)/.exec(xml)?.[1] ?? xml

export const domainSpec: fc.Arbitrary<DomainSpec> = fc
  .record({
    memoryMiB: fc.integer({ min: 32, max: 512 }),
    vcpus: fc.integer({ min: 1, max: 8 }),
    current: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
    machine: fc.constantFrom('q35', 'pc' as const),
    cpu: fc.option(fc.constantFrom(...CPUS), { nil: undefined }),
    features: fc.subarray(['acpi', 'apic', 'pae']),
    title: fc.option(fc.stringMatching(/^[a-zé<&>'" ]{0,12}[a-z]$/), { nil: undefined }),
    disks: fc.uniqueArray(
      fc.record({
        n: fc.integer({ min: 0, max: 9 }),
        bus,
        device: fc.constantFrom('disk', 'disk', 'cdrom' as const),
        format: fc.constantFrom('qcow2', 'raw' as const),
        cache: fc.constantFrom('none', 'writeback', undefined),
        serial: fc.boolean(),
      }),
      { selector: (d) => d.n, maxLength: 5 },
    ),
    nics: fc.uniqueArray(
      fc.record({
        n: fc.integer({ min: 0, max: 200 }),
        kind: fc.constantFrom('network', 'bridge' as const),
        source: fc.constantFrom('vfpa', 'vfpb' as const),
        model: fc.constantFrom('virtio', 'e1000', 'rtl8139' as const),
        link: fc.constantFrom('up', 'down', undefined),
      }),
      { selector: (n) => n.n, maxLength: 4 },
    ),
    channels: fc.uniqueArray(fc.stringMatching(/^org\.[a-z]{1,6}$/), { maxLength: 3 }),
    pins: fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { maxLength: 3 }),
    others: fc.uniqueArray(fc.constantFrom(...OTHERS), { selector: kindOf, maxLength: 8 }),
    boot: fc.constantFrom('none', 'classes', 'order' as const),
    shares: fc.option(fc.integer({ min: 2, max: 4096 }), { nil: undefined }),
    metadata: fc.boolean(),
    spelling: fc.nat(),
  })
  .map(({ disks, ...spec }) => ({
    ...spec,
    // Neither a CD-ROM on virtio nor a hot-swapped one on USB is what libvirt takes everywhere.
    disks: disks.map((d) =>
      d.device === 'cdrom' ? { ...d, bus: 'sata' as const, cache: undefined, serial: false } : d,
    ),
    current: spec.current === undefined ? undefined : Math.min(spec.current, spec.vcpus),
    pins: spec.pins.filter((pin) => pin < spec.vcpus),
  }))
