import { expect } from 'chai'
import { connectionPool } from '../../core/connection/index.ts'
import type { Json } from '../../core/events/json.ts'
import { openTestLab, type TestLab } from '../../lab/testing.ts'
import pool from '../../modules/libvirt/libvirt_pool.ts'
import volume from '../../modules/libvirt/libvirt_volume.ts'
import { nativeOn, rootEndpoint } from '../contract/libvirt/native.ts'
import { type DrivenHost, drivenHost, type Round, settledState } from '../contract/module-driver.ts'

const AT = '/srv/vfpools'
const TARGET = 'iqn.2024-01.org.example:vms'
const PACKAGES =
  'libvirt-daemon-system libvirt-clients qemu-utils lvm2 parted open-iscsi tgt nfs-common nfs-kernel-server'

/** Loop devices, an NFS export and a target of iSCSI of the machine's own kernel. */
const PREPARE = `set -e
if ! dpkg-query -W ${PACKAGES} >/dev/null 2>&1; then
  apt-get -q update; DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install ${PACKAGES}
fi >&2
modprobe loop; mkdir -p ${AT}/export; cd ${AT}; truncate -s 128M disk.img group.img; truncate -s 64M lun.img
yes virtfleet | head -c 8388608 >content.raw
echo '${AT}/export *(rw,no_root_squash,no_subtree_check,fsid=7,insecure)' >/etc/exports; exportfs -ra
tgt() { tgtadm --lld iscsi --op "$@"; }
tgt new --mode target --tid 1 -T ${TARGET}; tgt new --mode logicalunit --tid 1 --lun 1 -b ${AT}/lun.img
tgt bind --mode target --tid 1 -I ALL
losetup -f --show disk.img; losetup -f --show group.img`

const CLEAN = `for p in vfdisk vfgroup vfshare vfsan; do virsh pool-destroy $p; virsh pool-undefine $p; done >/dev/null 2>&1
vgremove -fy vfgroup >/dev/null 2>&1; tgtadm --lld iscsi --op delete --force --mode target --tid 1 2>/dev/null
rm -f /etc/exports; exportfs -ra 2>/dev/null; losetup -D 2>/dev/null; rm -rf ${AT} /var/lib/libvirt/vfshare; true`

/** What containers cannot have: device-mapper, NFS and iSCSI are of the kernel. */
describe('pools on an emulated machine with a kernel of its own', function () {
  this.timeout(30 * 60_000)
  const connections = connectionPool()
  let lab: TestLab
  let host: DrivenHost
  let disk: string
  let group: string

  const native = (command: string): Promise<string> => nativeOn(lab, 0, command)
  const settle = (module: typeof pool | typeof volume, input: Json): Promise<Round> =>
    module === pool ? settledState(pool, host, input) : settledState(volume, host, input)
  /** Made, started, started with the host; removed again at the end of the test, with these volumes. */
  const withPool = async (input: { name: string; [key: string]: Json }, work: () => Promise<void>): Promise<void> => {
    const { result } = await settle(pool, input)
    expect(result).to.include({ state: 'active', autostart: true })
    await work()
    await settle(pool, { name: input.name, state: 'absent' })
    expect(await native('virsh -q pool-list --all --name')).to.equal('')
  }
  const withVolume = async (input: { pool: string; name: string; [key: string]: Json }, more?: () => Promise<void>) => {
    await settle(volume, input)
    await more?.()
    await settle(volume, { pool: input.pool, name: input.name, state: 'absent' })
    expect(await native(`virsh -q vol-list ${input.pool}`)).not.to.include(input.name)
  }

  before(async () => {
    lab = await openTestLab({ hypervisors: 1 })
    host = await drivenHost(connections, rootEndpoint(lab, 0))
    await native(CLEAN)
    const [first = '', second = ''] = (await native(PREPARE)).split('\n').slice(-2)
    ;[disk, group] = [first, second]
  })
  after(async () => {
    if (lab) await native(CLEAN)
    await connections.closeAll()
    await lab?.close()
  })

  it('logical: volumes are made, filled, grown and removed', async () => {
    await withPool({ name: 'vfgroup', type: 'logical', devices: [group] }, async () => {
      const one = { pool: 'vfgroup', name: 'one', capacity: '16M' }
      await withVolume(one, async () => {
        await settle(volume, { ...one, capacity: '32M' })
        expect(await native('lvs --noheadings --units m -o lv_size vfgroup/one')).to.equal('32.00m')
      })
      await withVolume({ pool: 'vfgroup', name: 'two', from: `${AT}/content.raw` }, async () => {
        expect(await native(`cmp -n 8388608 ${AT}/content.raw /dev/vfgroup/two && echo same`)).to.equal('same')
      })
    })
    expect(await native('vgs --noheadings -o vg_name,lv_count')).to.match(/^vfgroup\s+0$/)
  })

  it('disk: volumes are made and removed', async () => {
    await withPool({ name: 'vfdisk', type: 'disk', devices: [disk] }, async () => {
      const name = `${disk.slice('/dev/'.length)}p1`
      await withVolume({ pool: 'vfdisk', name, capacity: '16M' }, async () => {
        expect(await native(`parted -sm ${disk} print | tail -n 1`)).to.match(/^1:/)
      })
      expect(await native(`parted -sm ${disk} print | tail -n +3; ls ${disk}*`)).to.equal(disk)
    })
  })

  it('netfs: the share is mounted, and volumes are made and removed', async () => {
    const path = '/var/lib/libvirt/vfshare'
    const share = { name: 'vfshare', type: 'netfs', host: '127.0.0.1', export: `${AT}/export`, path }
    await withPool(share, async () => {
      expect(await native(`findmnt -no FSTYPE,OPTIONS ${path}`)).to.match(/^nfs4 .*vers=4\.2/)
      await withVolume({ pool: 'vfshare', name: 'one.qcow2', capacity: '16M' }, async () => {
        expect(await native(`ls ${AT}/export`)).to.equal('one.qcow2')
      })
    })
    expect(await native(`findmnt ${path} || echo none`)).to.equal('none')
  })

  it('iscsi: the units of a target are its volumes', async () => {
    await withPool({ name: 'vfsan', type: 'iscsi', host: '127.0.0.1', target: TARGET }, async () => {
      expect(await native('virsh -q vol-list vfsan')).to.match(
        new RegExp(`^unit:0:0:1\\s+/dev/disk/by-path/ip-127\\.0\\.0\\.1:3260-iscsi-${TARGET}-lun-1$`),
      )
    })
    expect(await native('iscsiadm -m session 2>&1 || true')).to.include('No active sessions')
  })
})
