import { expect } from 'chai'
import type { Json } from '../../../core/events/json.ts'
import pool from '../../../modules/libvirt/libvirt_pool.ts'
import volume from '../../../modules/libvirt/libvirt_volume.ts'
import { type DrivenHost, type Round, runState, settledState } from '../module-driver.ts'
import { type LibvirtLab, openLibvirtLab } from './lab.ts'
import { RELEASE } from './releases.ts'

const AT = '/var/lib/vfpools'
const MIB = 1024 * 1024

/*
 * Disks are loop devices of this machine's kernel. A container has no udev: what libvirt and we wait for it with makes the nodes of
 * their partitions instead. A program holds each disk: it goes with the container, and the device with it.
 */
const DISK = `set -e
mkdir -p ${AT}
[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
cat >/run/vf-udev <<'END'
#!/bin/sh
for d in $(cat /run/vf-disks); do
  rm -f "$d"p*
  for s in /sys/class/block/"\${d#/dev/}"p*/dev; do
    [ -e "$s" ] || continue
    p=\${s%/dev}; mknod "/dev/\${p##*/}" b "$(cut -d: -f1 <"$s")" "$(cut -d: -f2 <"$s")"
  done
done
END
chmod 755 /run/vf-udev
u=$(readlink -f "$(command -v udevadm)"); mountpoint -q $u || mount --bind /run/vf-udev $u
disk() {
  truncate -s "$2" ${AT}/$1.img
  for try in 1 2 3 4 5 6 7 8 9 10; do
    d=$(losetup -f | cut -d' ' -f1); [ -e $d ] || mknod $d b 7 \${d#/dev/loop}
    ! losetup $d ${AT}/$1.img 2>/dev/null || break
  done
  echo $d >>/run/vf-disks
  partx -d $d 2>/dev/null || true
  systemd-run --quiet --collect --unit=vf-hold-$1 sh -c "exec 3<$d; losetup -d $d; exec sleep 100000"
  for i in $(seq 50); do losetup -nO AUTOCLEAR $d | grep -q 1 && break; sleep 0.1; done
  echo $d
}
`

describe('libvirt_pool on block devices', function () {
  this.timeout(120_000)
  let lab: LibvirtLab
  let host: DrivenHost
  /** Empty, with a volume group, with a file system. */
  let disks: readonly [string, string, string]

  const native = (command: string): Promise<string> => lab.native(0, command)
  /** Runs it, and again: the second run finds nothing, and writes nothing. */
  const settle = (module: typeof pool | typeof volume, input: Json): Promise<Round> =>
    module === pool ? settledState(pool, host, input) : settledState(volume, host, input)
  const refused = (module: typeof pool | typeof volume, input: Json, message: RegExp): Promise<unknown> =>
    (module === pool ? runState(pool, host, input) : runState(volume, host, input)).then(
      () => expect.fail('done'),
      (error: Error) => expect(error.message).to.match(message),
    )
  const info = (name: string): Promise<string> =>
    native(`virsh pool-info ${name} | sed -n 's/^\\(State\\|Persistent\\|Autostart\\): *//p' | tr '\\n' ' '`)
  const names = (): Promise<string> => native('virsh -q pool-list --all --name')

  before(async () => {
    lab = await openLibvirtLab(1)
    host = lab.hosts[0] as DrivenHost
    await clean()
    const made = await native(`${DISK}disk one 128M; disk two 128M; disk three 128M; mke2fs -q -t ext4 $d`)
    disks = made.split('\n') as unknown as typeof disks
    expect(disks.length).to.equal(3)
  })
  after(async () => {
    await clean()
    await lab?.close()
  })

  async function clean(): Promise<void> {
    await native(`for p in vfdisk vfgroup vfother; do virsh pool-destroy $p; virsh pool-undefine $p; done >/dev/null 2>&1
vgremove -fy vfgroup >/dev/null 2>&1
for f in ${AT}/*.img; do for d in $(losetup -nO NAME -j $f); do partx -d $d; done; done >/dev/null 2>&1
systemctl stop vf-hold-one vf-hold-two vf-hold-three >/dev/null 2>&1
umount "$(readlink -f "$(command -v udevadm)")" 2>/dev/null; rm -rf ${AT} /dev/loop* /run/vf-*; true`)
  }

  describe('a disk with partitions', () => {
    const task = (more: Record<string, Json> = {}): Json => ({
      name: 'vfdisk',
      type: 'disk',
      devices: [disks[0]],
      ...more,
    })
    const part = (n: number): string => `${disks[0].slice('/dev/'.length)}p${n}`

    before(function () {
      // Upstream's daemon was built without its driver.
      if (RELEASE === 'trixie-modular') this.skip()
    })

    it('is made of an empty disk, started, started with the host; the second run says nothing', async () => {
      const { result } = await settle(pool, task())
      expect(result).to.include({ state: 'active', autostart: true, path: '/dev' })
      expect(await info('vfdisk')).to.equal('running yes yes')
      expect(await native(`parted -sm ${disks[0]} print | sed -n 2p`)).to.include(':gpt:')
    })

    it('gets volumes, empty or filled, and loses them', async () => {
      const one = { pool: 'vfdisk', name: part(1), capacity: '32M' }
      await settle(volume, one)
      await native(`yes virtfleet | head -c ${8 * MIB} >${AT}/content.raw`)
      await settle(volume, { pool: 'vfdisk', name: part(2), from: `${AT}/content.raw` })
      expect(await native(`cmp -n ${8 * MIB} ${AT}/content.raw /dev/${part(2)} && echo same`)).to.equal('same')
      expect(await native(`parted -sm ${disks[0]} print | tail -n +3 | wc -l`)).to.equal('2')
      await refused(volume, { ...one, capacity: '64M' }, /volumes of a pool of type disk keep their size/)
      for (const n of [1, 2]) await settle(volume, { pool: 'vfdisk', name: part(n), state: 'absent' })
      expect(await native(`parted -sm ${disks[0]} print | tail -n +3 | wc -l`)).to.equal('0')
    })

    it('is stopped, removed and made again, and its content stays', async () => {
      await settle(volume, { pool: 'vfdisk', name: part(1), capacity: '32M' })
      await settle(pool, task({ state: 'inactive', autostart: false }))
      expect(await info('vfdisk')).to.equal('inactive yes no')
      await settle(pool, { name: 'vfdisk', state: 'absent' })
      expect(await names()).to.equal('')
      await settle(pool, task())
      expect(await native('virsh -q vol-list vfdisk')).to.include(part(1))
      await settle(volume, { pool: 'vfdisk', name: part(1), state: 'absent' })
      await settle(pool, { name: 'vfdisk', state: 'absent' })
    })

    it('is not made of a disk that holds something, and nothing is left', async () => {
      await refused(pool, task({ devices: [disks[2]] }), /holds a ext4, and is not written over/)
      expect(await names()).to.equal('')
    })
  })

  describe('a volume group', () => {
    const task = (more: Record<string, Json> = {}): Json => ({
      name: 'vfgroup',
      type: 'logical',
      devices: [disks[1]],
      ...more,
    })

    before(function () {
      // The same: it was built without the driver of volume groups.
      if (RELEASE === 'trixie-modular') this.skip()
    })

    it('is made of an empty disk, started, started with the host; the second run says nothing', async () => {
      const { result } = await settle(pool, task())
      expect(result).to.include({ state: 'active', autostart: true, path: '/dev/vfgroup' })
      expect(await info('vfgroup')).to.equal('running yes yes')
      expect(await native('vgs --noheadings -o vg_name,pv_name 2>/dev/null')).to.match(
        new RegExp(`^vfgroup\\s+${disks[1]}$`),
      )
    })

    it('gets volumes, grows them, and loses them', async () => {
      const one = { pool: 'vfgroup', name: 'one', capacity: '16M' }
      if ((await native('grep -c device-mapper /proc/misc || true')) === '0') {
        // A kernel without device-mapper has no logical volumes; the acceptance tests have one with it.
        await refused(volume, one, /lvcreate .*device-mapper driver/s)
        expect(await native('virsh -q vol-list vfgroup; lvs --noheadings 2>/dev/null')).to.equal('')
        return
      }
      await settle(volume, one)
      await settle(volume, { ...one, capacity: '32M' })
      await settle(volume, { ...one, state: 'absent' })
    })

    it('is stopped, removed and made again, and the group stays', async () => {
      await settle(pool, task({ state: 'inactive' }))
      await settle(pool, { name: 'vfgroup', state: 'absent' })
      expect(await names()).to.equal('')
      await settle(pool, { name: 'vfgroup', type: 'logical' })
      await settle(pool, { name: 'vfgroup', state: 'absent' })
      expect(await native('vgs --noheadings -o vg_name 2>/dev/null')).to.equal('vfgroup')
    })

    it('is not made of a disk that holds something, or of none, and nothing is left', async () => {
      const other = { name: 'vfother', type: 'logical' }
      await refused(pool, { ...other, devices: [disks[2]] }, /holds a ext4, and is not written over/)
      await refused(pool, { ...other, devices: [disks[1]] }, /holds a LVM2_member, and is not written over/)
      await refused(pool, other, /there is no volume group 'vfother'/)
      expect(await names()).to.equal('')
    })
  })
})
