import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { connectionPool } from '../../core/connection/index.ts'
import type { JsonObject } from '../../core/events/json.ts'
import { ModuleFailure, UNKNOWN } from '../../core/module/types.ts'
import { labPrepare } from '../../lab/index.ts'
import { openTestLab, type TestLab } from '../../lab/testing.ts'
import { sha256 } from '../../modules/libvirt/guest/probe.ts'
import guest from '../../modules/libvirt/libvirt_guest.ts'
import { nativeOn, rootEndpoint } from '../contract/libvirt/native.ts'
import { checkState, type DrivenHost, drivenHost, runState } from '../contract/module-driver.ts'

const run = promisify(execFile)
const AT = '/srv/vfdisks'
const DOMAIN = 'vfdebian'
const disk = (file: string, format: string, target: string) =>
  `<disk type='file' device='disk'><driver name='qemu' type='${format}'/><source file='${AT}/${file}'/><target dev='${target}' bus='virtio'/></disk>`
const DEFINITION = `<domain type='qemu'><name>${DOMAIN}</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os><devices>${disk('g.qcow2', 'qcow2', 'vda')}${disk('data.raw', 'raw', 'vdb')}</devices></domain>`

/** Of every Debian that has run for a while; debugfs writes it, so that nothing of libguestfs is in what it finds. */
const IDENTITY: Readonly<Record<string, string>> = {
  '/etc/machine-id': '0123456789abcdef0123456789abcdef',
  '/etc/hostname': 'old',
  '/etc/ssh/ssh_host_ed25519_key': 'the key of another',
  '/root/.bash_history': 'echo secret',
  '/var/log/old.log': 'it was me',
}
const identify = Object.entries(IDENTITY)
  .map(
    ([path, text]) =>
      `echo '${text}' >one; printf '%s\\n' 'rm ${path}' 'write one ${path}' | debugfs -w -f - base.raw >/dev/null 2>&1`,
  )
  .join('\n')

/** A system whose disk stands on another image, and a disk of data. */
const DISKS = `cd ${AT}
qemu-img convert -O raw disk.qcow2 base.raw
${identify}
qemu-img convert -O qcow2 base.raw base.qcow2
rm one base.raw disk.qcow2
qemu-img create -q -f qcow2 -F qcow2 -b base.qcow2 g.qcow2
mke2fs -q -t ext4 -L data data.raw 16M
chown libvirt-qemu:kvm g.qcow2 data.raw
printf '%s' "${DEFINITION}" >d.xml && virsh -q define d.xml && rm d.xml`

/** The least that an emulated kernel can do; pam_env gives it to every session. */
const QUICK =
  'printf \'LIBGUESTFS_APPEND="mitigations=off nokaslr norandmaps init_on_alloc=0 tsc=reliable apparmor=0 audit=0"\\n\' >/etc/environment'
const apt = (what: string) =>
  `export DEBIAN_FRONTEND=noninteractive; apt-get -q update >/dev/null && apt-get -y -q --no-install-recommends install ${what} >/dev/null 2>&1`

describe('the disks of a real Debian, by libguestfs', function () {
  this.timeout(30 * 60_000)
  const work = mkdtempSync(join(tmpdir(), 'virtfleet-guest-'))
  const bytes = randomBytes(100_000)
  const pool = connectionPool()
  let lab: TestLab
  let host: DrivenHost
  let checking: DrivenHost

  before(async () => {
    const [image = ''] = await labPrepare(['cloud'], () => undefined)
    lab = await openTestLab({ containers: 1, variant: 'libvirt' })
    const { address, port } = lab.machines[0]!
    await native(`${clean}; mkdir -p ${AT}; ${QUICK}`)
    const endpoint = rootEndpoint(lab, 0)
    host = await drivenHost(pool, endpoint, { templates: work })
    checking = await drivenHost(pool, endpoint, { templates: work, check: true })
    const known = `UserKnownHostsFile=${lab.files.knownHosts}`
    const login = ['ssh', '-i', lab.files.privateKey, '-o', known, '-o', 'BatchMode=yes', '-p', `${port}`]
    const copy = `${[...login, `root@${address}`].join(' ')} 'cat >${AT}/disk.qcow2' <"$1"`
    await run('sh', ['-euc', copy, 'sh', join(image, 'disk.qcow2')])
    await native(DISKS)
    writeFileSync(join(work, 'bytes'), bytes)
  })
  after(async () => {
    if (lab) await native(clean)
    await pool.closeAll()
    await lab?.close()
    rmSync(work, { recursive: true })
  })

  const clean = `{ virsh destroy ${DOMAIN}; virsh managedsave-remove ${DOMAIN}; virsh undefine ${DOMAIN}; rm -rf ${AT} /root/vf-*; } >/dev/null 2>&1; true`
  const native = (command: string) => nativeOn(lab, 0, command)
  const on = (more: JsonObject) => runState(guest, host, { domain: DOMAIN, ...more })
  const failure = (input: JsonObject): Promise<ModuleFailure> =>
    runState(guest, host, input).then(
      () => expect.fail('done'),
      (error: ModuleFailure) => {
        expect(error).to.be.instanceOf(ModuleFailure)
        return error
      },
    )
  /** What debugfs says of the guest's own file system, which no appliance has opened. */
  const inside = (...requests: string[]) =>
    native(
      `cd ${AT} && qemu-img convert -O raw g.qcow2 now.raw && printf '%s\\n' ${requests.map((one) => `'${one}'`).join(' ')} | debugfs -f - now.raw 2>&1; rm now.raw`,
    )
  const leftovers = () => native('ls -d /var/tmp/virtfleet.* /root/*.part 2>/dev/null | wc -l')

  const task: JsonObject = {
    sysprep: true,
    customize: {
      hostname: 'web9',
      timezone: 'Europe/Berlin',
      run: ['useradd -m alice; mkdir /srv/data', 'dpkg-query -W -f \'${Status}\\n\' coreutils >"/root/ran, here"'],
      firstboot: 'touch /root/booted',
      passwords: { root: 'hunter2 hunter2' },
      ssh_keys: { root: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJz8mA1e9n0c3cHkqzZ8v1m0k1m0k1m0k1m0k1m0k1m0 me@here' },
    },
    copy_in: [
      { dest: '/etc/vf/a "b".conf', content: 'x\n', mode: '0600' },
      { dest: '/etc/fstab', content: 'LABEL=root / ext4 defaults 0 1\nLABEL=data /srv/data ext4 defaults 0 2\n' },
      { dest: '/usr/local/bin/bytes', src: 'bytes', mode: '0755' },
    ],
  }

  it('need libguestfs, and a kernel of which it makes its appliance', async function () {
    // Somebody's own lab may have it; a new one has not.
    if ((await native('command -v guestfish || true')) !== '') this.skip()
    expect((await failure({ domain: DOMAIN, inspect: true })).message).to.include('libguestfs is not on the host')
    expect((await checkState(guest, checking, { domain: DOMAIN, ...task }))[0]?.after).to.equal(UNKNOWN)
    await native(apt('libguestfs-tools'))
    const { message, hint } = await failure({ domain: DOMAIN, inspect: true })
    expect(message).to.match(/cannot be looked into: libguestfs: error: \S*supermin exited with error status 1\.$/)
    expect(hint).to.include('kernel')
    await native(apt('linux-image-cloud-amd64'))
  })

  it('are looked into: what it is, how full, and its folders', async () => {
    const { result, changes } = await on({ inspect: true, list: ['/etc', '/nowhere'] })
    expect(changes).to.deep.equal([])
    const { filesystems, ...inspection } = result.inspection as JsonObject
    expect(inspection).to.deep.include({
      type: 'linux',
      distro: 'debian',
      version: (await native('cat /etc/debian_version')).trim(),
      hostname: 'old',
      arch: 'x86_64',
      osinfo: 'debian12',
      package_format: 'deb',
      package_management: 'apt',
      root: '/dev/sda',
      mountpoints: { '/': '/dev/sda' },
    })
    const labels = (filesystems as JsonObject[]).map(({ device, type, label }) => [device, type, label])
    expect(labels).to.deep.include(['/dev/sda', 'ext4', 'root'])
    const [free] = result.free_space as [JsonObject]
    expect(free).to.include({ device: '/dev/sda', mountpoint: '/' })
    expect(free.size).to.be.within(2.5 * 2 ** 30, 3 * 2 ** 30)
    const listing = result.listing as Record<string, JsonObject[] | null>
    expect(listing['/nowhere']).to.equal(null)
    expect(listing['/etc']).to.deep.include({ name: 'hostname', type: 'file' })
    expect(listing['/etc']).to.deep.include({ name: 'os-release', type: 'link' })
    expect(listing['/etc']).to.deep.include({ name: 'apt', type: 'directory' })
  })

  it('have their identity taken out, are customized, and get files', async () => {
    const round = await on(task)
    expect(round.changes.map(({ path }) => path)).to.deep.equal([
      ...(task.copy_in as JsonObject[]).map(({ dest }) => `in:${dest}`),
      'sysprep',
      'customize',
    ])
    expect(round.left).to.deep.equal([])
    expect(round.result.done).to.have.length(2)
    const gone = ['/etc/ssh/ssh_host_ed25519_key', '/root/.bash_history', '/var/log/old.log']
    for (const path of gone) expect(await inside(`stat ${path}`), path).to.include('File not found')
    const said = await inside(
      ...['/etc/hostname', '/root/ran, here', '/etc/vf/a ""b"".conf', '/root/.ssh/authorized_keys'].map(
        (path) => `cat "${path}"`,
      ),
      'cat /etc/passwd',
      'cat /etc/shadow',
      'stat /etc/localtime',
      'ls -l /usr/lib/virt-sysprep/scripts',
      'cat /etc/machine-id',
    )
    expect(said).to.match(/^web9$/m)
    expect(said).to.match(/^install ok installed$/m)
    expect(said).to.match(/^x$/m)
    expect(said).to.match(/^ssh-ed25519 \S+ me@here$/m)
    expect(said).to.match(/^alice:x:/m)
    expect(said).to.match(/^root:\$/m)
    expect(said).to.include('Europe/Berlin')
    expect(said).to.match(/touch-+root-booted/)
    expect(said).not.to.include(IDENTITY['/etc/machine-id'])
    expect(await inside('stat "/etc/vf/a ""b"".conf"')).to.match(/Mode:\s+0600/)
    await native(`cd ${AT} && qemu-img check -q g.qcow2 && qemu-img info g.qcow2 | grep -q 'backing file: base.qcow2'`)
    expect(await native(`cd ${AT} && stat -c %U g.qcow2 data.raw`)).to.equal('libvirt-qemu\nlibvirt-qemu')
    expect(await leftovers()).to.equal('0')
  })

  it('are left alone the second time, and show what the guest mounts', async () => {
    const writes = host.writes()
    const { changes, result } = await on({ ...task, inspect: true })
    expect(changes).to.deep.equal([])
    expect(host.writes()).to.equal(writes)
    expect(result.inspection).to.deep.include({
      hostname: 'web9',
      mountpoints: { '/': '/dev/sda', '/srv/data': '/dev/sdb' },
    })
    const mounted = (result.free_space as JsonObject[]).map(({ device, mountpoint }) => [device, mountpoint])
    expect(mounted).to.deep.equal([
      ['/dev/sda', '/'],
      ['/dev/sdb', '/srv/data'],
    ])
  })

  it('are written on both, and read, in one task', async () => {
    const copies = {
      copy_in: [{ dest: '/srv/data/new', content: 'on the raw disk\n' }],
      copy_out: [
        { src: '/usr/local/bin/bytes', dest: '/root/vf-bytes' },
        { src: '/etc/hostname', dest: '/root/vf name' },
      ],
    }
    const round = await on({ ...copies, sysprep: true, sysprep_operations: ['bash-history'] })
    expect(round.changes.map(({ path }) => path)).to.deep.equal([
      'in:/srv/data/new',
      'out:/root/vf-bytes',
      'out:/root/vf name',
      'sysprep',
    ])
    expect(round.left).to.deep.equal([])
    expect(await native(`debugfs -R 'cat /new' ${AT}/data.raw 2>/dev/null`)).to.equal('on the raw disk')
    expect(await native("cat '/root/vf name'; rm '/root/vf name'")).to.equal('web9')
    expect(await native('sha256sum </root/vf-bytes')).to.equal(`${sha256(bytes)}  -`)
    expect(await leftovers()).to.equal('0')
  })

  it('are left as they were where something fails, which is told', async () => {
    const before = await native(`sha256sum ${AT}/g.qcow2 ${AT}/data.raw`)
    const { message } = await failure({ domain: DOMAIN, customize: { hostname: 'other', run: 'echo no >&2; exit 7' } })
    expect(message).to.match(/left as it was: .*no; virt-customize: error: .*exit 7: command exited with an error$/)
    expect(await native(`sha256sum ${AT}/g.qcow2 ${AT}/data.raw`)).to.equal(before)
    expect(await leftovers()).to.equal('0')
  })

  it('without a system on them are no failure, where that is the question', async () => {
    const { result } = await runState(guest, host, { image: `${AT}/data.raw`, format: 'raw', inspect: true })
    expect(result).to.deep.include({ inspection: null, free_space: [] })
    const { message } = await failure({ image: `${AT}/data.raw`, format: 'raw', list: ['/'] })
    expect(message).to.match(/cannot be looked into: guestfish: no operating system was found on this disk$/)
  })

  it('are listed in the VMDK that VMware would have', async () => {
    await native(`qemu-img convert -O vmdk ${AT}/g.qcow2 ${AT}/g.vmdk`)
    const { result } = await runState(guest, host, { image: `${AT}/g.vmdk`, format: 'vmdk', list: ['/'] })
    expect((result.listing as Record<string, JsonObject[]>)['/']).to.deep.include({ name: 'etc', type: 'directory' })
  })

  it('are not touched while they run, nor written to while they sleep', async () => {
    await native(`virsh -q start --paused ${DOMAIN}; ln -s data.raw ${AT}/link`)
    const images = [{ domain: DOMAIN }, { image: `${AT}/link`, format: 'raw' }, { image: `${AT}/g.qcow2` }]
    for (const image of images)
      expect((await failure({ ...image, inspect: true })).message).to.include(`domain '${DOMAIN}' runs`)
    await native(`virsh -q managedsave ${DOMAIN}`)
    for (const image of images)
      expect((await failure({ ...image, sysprep: true })).message).to.include(`domain '${DOMAIN}' was saved`)
    expect((await failure({ image: `${AT}/base.qcow2`, sysprep: true })).message).to.match(/on top of it|was saved/)
  })
})
