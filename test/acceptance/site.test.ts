import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openTestLab, type TestLab } from '../../lab/index.ts'
import { finished, readEvents, resultsByTask } from './events.ts'
import { difference, onMachine, snapshot } from './snapshot.ts'
import { ROOT, virtfleet } from './virtfleet.ts'

const HOSTS = ['hv1', 'hv2', 'nfs1']
const HYPERVISORS = ['hv1', 'hv2']

/** The main job on emulated machines with kernels of their own. The tests build on one another. */
describe('site.yml on bare machines', function () {
  this.bail(true)
  let lab: TestLab
  let folder: string

  const play = (name: string, ...more: string[]) =>
    virtfleet(folder, [
      'run',
      '-i',
      lab.files.inventory,
      '-e',
      'vm_timeout=1500',
      ...more,
      name.includes('/') ? name : `${ROOT}playbooks/${name}`,
    ])
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const guests = async (): Promise<Map<string, string>> => {
    const found = new Map<string, string>()
    for (const host of HYPERVISORS) {
      for (const name of (await onMachine(lab, host, 'virsh list --name')).split('\n').filter((line) => line !== '')) {
        expect(found.has(name), `${name} runs twice`).to.equal(false)
        found.set(name, host)
      }
    }
    return found
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'virtfleet-acceptance-'))
    lab = await openTestLab({ hypervisors: 2, nfsServers: 1 })
  })
  after(async () => {
    await lab?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('check mode leaves untouched hosts byte for byte alone', async () => {
    const before = await Promise.all(HOSTS.map((host) => snapshot(lab, host)))
    const run = await play('site.yml', '--check', '--diff', '--events', 'check.ndjson')
    expect(run.status).to.equal(0)
    const after = await Promise.all(HOSTS.map((host) => snapshot(lab, host)))
    for (const [i, host] of HOSTS.entries()) expect(difference(before[i]!, after[i]!), host).to.deep.equal([])
  })

  it('the real run makes the fleet, and every change was announced', async () => {
    const run = await play('site.yml', '--events', 'real.ndjson')
    expect(run.status).to.equal(0)
    const announced = resultsByTask(readEvents(join(folder, 'check.ndjson')))
    const unannounced = [...resultsByTask(readEvents(join(folder, 'real.ndjson')))]
      .filter(([, result]) => result.status === 'changed')
      .filter(([task]) => !['changed', 'undecided'].includes(announced.get(task)?.status ?? ''))
      .map(([task]) => `${task}: ${announced.get(task)?.status}`)
    expect(unannounced).to.deep.equal([])
  })

  it('six machines run on two hosts, and the migrated one on its destination', async () => {
    const found = await guests()
    expect([...found.keys()].sort()).to.deep.equal(['vm01', 'vm02', 'vm03', 'vm04', 'vm05', 'vm06'])
    expect(new Set(found.values()).size).to.equal(2)
    expect(found.get('vm01')).to.equal('hv2')
    const ids = await Promise.all(HYPERVISORS.map((host) => onMachine(lab, host, 'id -u libvirt-qemu')))
    expect(new Set(ids).size).to.equal(1)
  })

  it('the second run changes nothing', async () => {
    const run = await play('site.yml', '--events', 'second.ndjson')
    expect(run.status).to.equal(0)
    const { stats } = finished(readEvents(join(folder, 'second.ndjson')))
    expect(Object.keys(stats).sort()).to.deep.equal(HOSTS)
    for (const host of HOSTS) expect(stats[host], host).to.include({ changed: 0, failed: 0, unreachable: 0 })
  })

  it('a machine whose host is cut off is not made again elsewhere', async () => {
    const before = await guests()
    const cut = write('cut.yml', 'all: {hosts: {hv1: {ansible_port: 1, ansible_ssh_retries: 0}}}\n')
    const run = await play('vms.yml', '-i', cut, '--limit', 'hv2')
    expect(run.status).to.not.equal(0)
    expect(run.output).to.match(/hv1/)
    expect(await guests()).to.deep.equal(before)
    expect(await onMachine(lab, 'hv2', 'virsh list --all --name')).to.not.match(/vm03[\s\S]*vm03/)
  })

  it('a migration whose preflight fails leaves the machine where it was', async () => {
    await onMachine(lab, 'hv1', 'virsh net-destroy default')
    const run = await play('migrate.yml', '-e', 'migrate_to=hv1')
    expect(run.status).to.equal(2)
    expect(run.output).to.match(/default/)
    expect((await guests()).get('vm01')).to.equal('hv2')
    await onMachine(lab, 'hv1', 'virsh net-start default')
  })

  it('moves it back', async () => {
    const run = await play('migrate.yml', '-e', 'migrate_to=hv1')
    expect(run.status).to.equal(0)
    expect((await guests()).get('vm01')).to.equal('hv1')
    expect(await onMachine(lab, 'hv2', 'virsh list --all --name')).to.not.match(/vm01/)
  })

  it('a missing base image and a refused definition are clear errors, and nothing is left', async () => {
    const tasks = `- hosts: hypervisors
  gather_facts: false
  tasks:
    - libvirt_vms: {names: [lost1], base: /var/lib/libvirt/images/fleet/nowhere.qcow2, path: /var/lib/libvirt/images/fleet, memory: 64MiB}
      ignore_errors: true
    - libvirt_domain:
        name: odd1
        xml: "<domain type='qemu'><name>odd1</name><memory unit='MiB'>64</memory><os><type>hvm</type></os><devices><disk type='nonsense'/></devices></domain>"
      ignore_errors: true
`
    const run = await play(write('errors.yml', tasks))
    expect(run.output).to.match(/nowhere\.qcow2/)
    expect(run.output).to.match(/nonsense|disk/)
    for (const host of HYPERVISORS) {
      expect(await onMachine(lab, host, 'virsh list --all --name')).to.not.match(/lost1|odd1/)
      expect(await onMachine(lab, host, 'ls /var/lib/libvirt/images/fleet')).to.not.match(/lost1|odd1/)
    }
  })
})
