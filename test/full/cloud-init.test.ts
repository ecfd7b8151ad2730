import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { connectionPool } from '../../core/connection/index.ts'
import type { JsonObject } from '../../core/events/json.ts'
import { cloudCommandLine } from '../../lab/image/cloud.ts'
import { labPrepare } from '../../lab/index.ts'
import { openTestLab, type TestLab } from '../../lab/testing.ts'
import vms from '../../modules/libvirt/libvirt_vms.ts'
import { nativeOn, rootEndpoint } from '../contract/libvirt/native.ts'
import { type RpcHost, rpcHost } from '../contract/libvirt/rpc-host.ts'
import { type DrivenHost, drivenHost, runFleet } from '../contract/module-driver.ts'

const run = promisify(execFile)
const FOLDER = '/srv/cloud'
/** Seconds; an emulated guest takes one to five minutes. */
const PATIENCE = 900

describe('guests with cloud-init, from a cloud image to a login', function () {
  this.timeout(30 * 60_000)
  const work = mkdtempSync(join(tmpdir(), 'virtfleet-cloud-'))
  const key = join(work, 'key')
  const pool = connectionPool()
  let lab: TestLab
  let host: DrivenHost
  let rpc: RpcHost
  let task: JsonObject

  before(async () => {
    const [image = ''] = await labPrepare(['cloud'], () => undefined)
    lab = await openTestLab({ containers: 1, variant: 'libvirt' })
    host = await drivenHost(pool, rootEndpoint(lab, 0))
    rpc = await rpcHost(host)
    await nativeOn(lab, 0, `mkdir -p ${FOLDER}/vms; virsh -q net-start default 2>/dev/null; true`)
    const copy = 'tar -C "$1" -c disk.qcow2 kernel initrd | $2 "tar -C $3 -x"'
    await run('sh', ['-euc', copy, 'sh', image, jump().join(' '), FOLDER])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'alice@example.org', '-f', key])
    task = {
      names: ['vfcloud1', 'vfcloud2'],
      fleet: 'cloud',
      base: `${FOLDER}/disk.qcow2`,
      path: `${FOLDER}/vms`,
      disk_size: '5G',
      memory: '512MiB',
      network: 'default',
      variables: {
        kernel: `${FOLDER}/kernel`,
        initrd: `${FOLDER}/initrd`,
        cmdline: cloudCommandLine,
        console_log: true,
      },
      // One has a guest agent that tells the end, the other one only its console.
      overrides: [{ name: 'vfcloud2', variables: { agent: false } }],
      cloud_init: seed({ write_files: [{ path: '/etc/made-by-seed', content: 'yes\n' }] }),
      wait_for: 'cloud_init',
      wait_timeout: PATIENCE,
    }
  })

  after(async () => {
    const clean = `for d in vfcloud1 vfcloud2; do virsh destroy $d; virsh undefine $d; done >/dev/null 2>&1; rm -rf ${FOLDER} /var/lib/virtfleet/vms/cloud`
    if (lab) await nativeOn(lab, 0, clean)
    await rpc?.close()
    await pool.closeAll()
    await lab?.close()
    rmSync(work, { recursive: true })
  })

  const seed = (userData: JsonObject): JsonObject => ({
    users: [
      {
        name: 'alice',
        groups: ['adm'],
        sudo: 'ALL=(ALL) NOPASSWD:ALL',
        ssh_authorized_keys: [readFileSync(`${key}.pub`, 'utf8').trim()],
      },
    ],
    user_data: userData,
  })

  function jump(): string[] {
    const { address, port } = lab.machines[0]!
    const known = `UserKnownHostsFile=${lab.files.knownHosts}`
    return ['ssh', '-i', lab.files.privateKey, '-o', known, '-o', 'BatchMode=yes', '-p', `${port}`, `root@${address}`]
  }

  /** What a command in the guest says, to somebody who logs in there with her own key. */
  async function asAlice(address: string, command: string): Promise<string> {
    const [program = '', ...args] = [...jump().slice(0, -1), '-W', '%h:%p', jump().at(-1)!]
    const way = [
      '-o',
      `ProxyCommand=${[program, ...args].join(' ')}`,
      '-o',
      'BatchMode=yes',
      '-o',
      'IdentitiesOnly=yes',
    ]
    const trust = ['-o', 'StrictHostKeyChecking=accept-new', '-o', `UserKnownHostsFile=${join(work, 'known_hosts')}`]
    const { stdout } = await run('ssh', ['-i', key, ...way, ...trust, `alice@${address}`, command])
    return stdout.trim()
  }

  it('boot with our seed, tell when they are done, and have their name, user and key', async () => {
    const done = await runFleet(vms, [rpc], task)
    expect(done.failures).to.deep.equal([])
    expect(done.left).to.deep.equal([])
    const made = done.result.vms as { name: string; addresses: string[] }[]
    expect(made.map((one) => one.name)).to.deep.equal(['vfcloud1', 'vfcloud2'])
    for (const { name, addresses } of made) {
      const say = (command: string): Promise<string> => asAlice(addresses[0]!, command)
      expect(await say('hostname; whoami; cat /etc/made-by-seed'), name).to.equal(`${name}\nalice\nyes`)
      expect(await say('cloud-init status')).to.equal('status: done')
      expect(await say('cat ~/.ssh/authorized_keys')).to.equal(readFileSync(`${key}.pub`, 'utf8').trim())
      expect(await say('sudo -n id -u; id -nG')).to.equal('0\nalice adm')
      expect(await say('cat /var/lib/cloud/data/instance-id; sudo cloud-init query v1.platform')).to.match(
        /^iid-[0-9a-f]{16}\nnocloud$/,
      )
      expect(
        Number(await say("df --output=size -BG / | tail -n 1 | tr -dc '0-9'")),
        'the file system has grown',
      ).to.be.within(4, 5)
    }
  })

  it('are left alone the second time, by RPC and by virsh', async () => {
    for (const one of [rpc, host]) expect((await runFleet(vms, [one], task)).items).to.deep.equal([])
  })

  it('run it anew at the boot after a new seed, and what goes wrong then is told', async () => {
    const bad = { ...task, names: ['vfcloud1'], overrides: [], cloud_init: seed({ runcmd: ['exit 3'] }) }
    const renewed = await runFleet(vms, [rpc], bad)
    expect(renewed.items.length).to.equal(1)
    expect(renewed.failures).to.deep.equal([])
    await nativeOn(lab, 0, 'virsh -q destroy vfcloud1')
    const again = await runFleet(vms, [rpc], bad)
    expect(again.failures.join()).to.match(/cloud-init ended with 'error': .*scripts-user/)
    expect(await nativeOn(lab, 0, 'virsh domstate vfcloud1')).to.equal('running')
  })

  it('answer SSH, when that is waited for, and go with their disks and seeds', async () => {
    await nativeOn(lab, 0, 'virsh -q destroy vfcloud2')
    const there = { ...task, names: ['vfcloud2'], wait_for: 'ssh' }
    expect((await runFleet(vms, [host], there)).failures).to.deep.equal([])
    const gone = { ...task, state: 'absent', shutdown_timeout: 0, shutdown_policy: 'destroy' }
    expect((await runFleet(vms, [rpc], gone)).failures).to.deep.equal([])
    expect(await nativeOn(lab, 0, `ls ${FOLDER}/vms /var/lib/virtfleet/vms/cloud`)).to.not.include('vfcloud')
  })
})
