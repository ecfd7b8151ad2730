import { expect } from 'chai'
import { openTestLab, type TestLab } from '../../../lab/testing.ts'
import { Workplace } from '../run/cli.ts'
import { nativeOn } from './native.ts'
import { HYPERVISOR } from './releases.ts'

const MACHINES = 20
/** How often the controller is killed, each time at another moment; 20 takes some minutes. */
const KILLS = Number(process.env.VIRTFLEET_KILLS ?? 3)
const SEED = Number(process.env.VIRTFLEET_SEED ?? Date.now() % 100_000)
/** A whole run takes about so long here, in milliseconds. */
const LONGEST = 6000

const PLAYBOOK = `- hosts: all
  gather_facts: false
  tasks:
    - libvirt_vms:
        count: ${MACHINES}
        pattern: k%02d
        fleet: killed
        base: /var/lib/libvirt/images/killed-base.qcow2
        memory: 32MiB
        disks: [{}, {size: 1MiB}]
        reserve: '0'
        cloud_init:
          user_data: {packages: [nginx]}
`

describe('a controller that is killed while it makes machines', function () {
  this.timeout(KILLS * 120_000 + 60_000)
  let lab: TestLab
  let inventory: string
  const place = new Workplace()
  const native = (command: string): Promise<string> => nativeOn(lab, 0, command)

  before(async () => {
    lab = await openTestLab({ containers: 1, variant: HYPERVISOR })
    const { address, port, hostKey } = lab.machines[0]!
    const known = await place.file('known_hosts', `${address},[${address}]:${port} ${hostKey}\n`)
    const ssh = `ansible_ssh_common_args='-o UserKnownHostsFile=${known}' ansible_ssh_private_key_file=${lab.files.privateKey}`
    inventory = await place.file(
      'hosts.ini',
      `kvm ansible_host=${address} ansible_port=${port} ansible_user=root ${ssh}\n`,
    )
    await place.file('site.yml', PLAYBOOK)
    await native(
      'virsh -q net-start default 2>/dev/null; qemu-img create -q -f qcow2 /var/lib/libvirt/images/killed-base.qcow2 64M',
    )
  })

  after(async () => {
    place.remove()
    await lab.close()
  })

  it(`leaves ${MACHINES} machines and nothing else when it is run again (${KILLS} times, seed ${SEED})`, async () => {
    let random = SEED
    for (let round = 0; round < KILLS; round++) {
      await native(`for n in $(virsh list --all --name); do virsh -q destroy $n 2>/dev/null; virsh -q undefine $n; done
cd /var/lib/libvirt/images && rm -rf k[0-9]* /var/lib/virtfleet/vms/killed`)
      random = (random * 48_271) % 2_147_483_647
      const moment = 300 + ((random % 1000) / 1000) * LONGEST
      const first = place.start(['run', '-i', inventory, 'site.yml'])
      const timer = setTimeout(() => first.child.kill('SIGKILL'), moment)
      await first.done.catch(() => undefined)
      clearTimeout(timer)
      const again = await place.start(['run', '-i', inventory, '--lease-wait', '60', 'site.yml']).done
      const about = `killed after ${Math.round(moment)} ms: ${again.stdout}${again.stderr}`
      expect(again.code, about).to.equal(0)
      expect(await native('virsh -q list --name | grep -c ^k'), about).to.equal(String(MACHINES))
      expect(await native('virsh -q list --all --name | grep -c .'), about).to.equal(String(MACHINES))
      const files = await native(
        'cd /var/lib/libvirt/images && ls -A | grep -v base | sed "s/k[0-9]*//" | sort | uniq -c | xargs',
      )
      expect(files, about).to.equal(`${MACHINES} -seed.iso ${MACHINES} -vdb.qcow2 ${MACHINES} .qcow2`)
      expect(await native('ls -A /var/lib/virtfleet/vms/killed | wc -l'), about).to.equal(String(MACHINES))
    }
  })
})
