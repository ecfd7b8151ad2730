import { expect } from 'chai'
import { ModuleFailure } from '../../../core/module/types.ts'
import apt from '../../../modules/system/apt.ts'
import group from '../../../modules/system/group.ts'
import hostname from '../../../modules/system/hostname.ts'
import modprobe from '../../../modules/system/modprobe.ts'
import pkg from '../../../modules/system/package.ts'
import ping from '../../../modules/system/ping.ts'
import reboot from '../../../modules/system/reboot.ts'
import service from '../../../modules/system/service.ts'
import setup from '../../../modules/system/setup.ts'
import sysctl from '../../../modules/system/sysctl.ts'
import user from '../../../modules/system/user.ts'
import waitFor from '../../../modules/system/wait_for.ts'
import waitForConnection from '../../../modules/system/wait_for_connection.ts'
import { checkState, runState } from '../module-driver.ts'
import { type ModuleLab, openModuleLab } from './lab.ts'

async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof ModuleFailure) return error.message
    throw error
  }
  throw new Error('it did not fail')
}

describe('system modules on a real host', function () {
  this.timeout(300_000)
  let lab: ModuleLab

  before(async () => {
    lab = await openModuleLab()
  })
  after(() => lab?.close())

  it('ping answers', async () => {
    const round = await runState(ping, lab.host, { data: "it's; me" })
    expect(round.result).to.deep.equal({ ping: "it's; me" })
    expect(round.changes).to.deep.equal([])
  })

  describe('sysctl', () => {
    const confirm = 'cat /proc/sys/net/ipv4/ip_forward; grep ^net /etc/sysctl.d/99-virtfleet.conf'
    const name = 'net.ipv4.ip_forward'
    const file = '/etc/sysctl.d/99-virtfleet.conf'
    before(() => lab.native('sysctl -qw net.ipv4.ip_forward=0'))

    it('sets from absent', () =>
      lab.proves(
        sysctl,
        { name, value: 'yes' },
        { changes: [`${file} ${name}`, name], confirm, answer: `1\n${name} = 1` },
      ))

    it('sets from a drifted file and kernel, and leaves other lines alone', async () => {
      await lab.native(
        `printf '# mine\\nvm.swappiness=1\\nnet/ipv4/ip_forward=0\\n; end\\n' > ${file}; sysctl -qw ${name}=0`,
      )
      await lab.proves(
        sysctl,
        { name: 'net/ipv4/ip_forward', value: 1 },
        { confirm: `cat ${file}; sysctl -n ${name}`, answer: `# mine\nvm.swappiness=1\n${name} = 1\n; end\n1` },
      )
    })

    it('compares lists of numbers by meaning', () =>
      lab.proves(
        sysctl,
        { name: 'net.ipv4.ip_local_port_range', value: '20000 50000' },
        { confirm: 'sysctl -n net.ipv4.ip_local_port_range', answer: '20000\t50000' },
      ))

    it('takes a key out of the file', () =>
      lab.proves(
        sysctl,
        { name, state: 'absent' },
        { changes: [`${file} ${name}`], confirm: `grep -c ip_forward ${file} || :`, answer: '0' },
      ))

    it('refuses what the kernel does not know', async () => {
      expect(await failure(checkState(sysctl, lab.host, { name: 'net.nothing', value: 1 }))).to.match(
        /no parameter net.nothing/,
      )
      expect(await failure(checkState(sysctl, lab.host, { name: 'net/../../etc/passwd', value: 1 }))).to.match(
        /not a kernel parameter/,
      )
    })
  })

  describe('hostname', () => {
    it('sets the name', () =>
      lab.proves(
        hostname,
        { name: 'hv7.example.org' },
        {
          changes: ['hostname', '/etc/hostname'],
          confirm: 'uname -n; cat /etc/hostname',
          answer: 'hv7.example.org\nhv7.example.org',
        },
      ))
    it('repairs a drifted file', async () => {
      await lab.native('echo other > /etc/hostname')
      await lab.proves(
        hostname,
        { name: 'hv7.example.org' },
        { changes: ['/etc/hostname'], confirm: 'cat /etc/hostname', answer: 'hv7.example.org' },
      )
    })
  })

  describe('group and user', () => {
    const hash = '$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/'
    const row = 'getent passwd oper; id -nG oper'

    it('makes a group with its number, then changes it', async () => {
      await lab.proves(
        group,
        { name: 'vmadmins', gid: 7001 },
        { changes: ['group'], confirm: 'getent group vmadmins', answer: 'vmadmins:x:7001:' },
      )
      await lab.proves(
        group,
        { name: 'vmadmins', gid: 7002 },
        { changes: ['gid'], confirm: 'getent group vmadmins', answer: 'vmadmins:x:7002:' },
      )
    })

    it('makes a user, though a group of that name is there', async () => {
      await lab.native('groupadd oper')
      const args = {
        name: 'oper',
        uid: 7100,
        groups: 'vmadmins,audio',
        shell: '/bin/bash',
        comment: 'An Operator',
        password: hash,
      }
      await lab.proves(user, args, {
        changes: ['user'],
        confirm: `${row}; grep ^oper: /etc/shadow | cut -d: -f2; stat -c %U /home/oper`,
        answer: `oper:x:7100:100:An Operator:/home/oper:/bin/bash\nusers audio vmadmins\n${hash}\noper`,
      })
    })

    it('repairs what drifted, and keeps a lock that was not asked about', async () => {
      await lab.native('usermod -s /bin/sh -G audio,video -L oper')
      await lab.proves(
        user,
        { name: 'oper', groups: '7002', shell: '/bin/bash', append: true },
        {
          changes: ['shell', 'groups'],
          confirm: `${row}; passwd -S oper | cut -d' ' -f2`,
          answer: 'oper:x:7100:100:An Operator:/home/oper:/bin/bash\nusers audio video vmadmins\nL',
        },
      )
      await lab.proves(
        user,
        { name: 'oper', groups: 'vmadmins', comment: 'x', password: hash },
        {
          changes: ['comment', 'groups'],
          confirm: `${row}; passwd -S oper | cut -d' ' -f2`,
          answer: 'oper:x:7100:100:x:/home/oper:/bin/bash\nusers vmadmins\nL',
        },
      )
      await lab.proves(
        user,
        { name: 'oper', password_lock: false, expires: 1893456000 },
        {
          changes: ['expires', 'password_lock'],
          confirm: `passwd -S oper | cut -d' ' -f2; grep ^oper: /etc/shadow | cut -d: -f8`,
          answer: 'P\n21915',
        },
      )
      await lab.proves(
        user,
        { name: 'oper', expires: -1 },
        { changes: ['expires'], confirm: `grep ^oper: /etc/shadow | cut -d: -f8`, answer: '' },
      )
    })

    it('makes a home folder that is missing', async () => {
      await lab.native('rm -r /home/oper')
      await lab.proves(
        user,
        { name: 'oper' },
        {
          changes: ['home folder'],
          confirm: 'ls -A /home/oper; stat -c "%U %a" /home/oper',
          answer: /\.bashrc[\s\S]*\noper 7/,
        },
      )
    })

    it('says which group is missing, and what no hash is', async () => {
      expect(await failure(checkState(user, lab.host, { name: 'oper', groups: 'nobodies' }))).to.equal(
        'group nobodies does not exist',
      )
      expect(await failure(checkState(user, lab.host, { name: 'oper', password: 'secret' }))).to.match(/must be a hash/)
      expect(await failure(checkState(user, lab.host, { name: 'oper', password: '$6$x\nroot:y' }))).to.match(/no hash/)
    })

    it('removes them', async () => {
      await lab.proves(
        user,
        { name: 'oper', state: 'absent', remove: true },
        { changes: ['user'], confirm: 'getent passwd oper || ls /home', answer: 'admin\nops' },
      )
      await lab.proves(
        group,
        { name: 'vmadmins', state: 'absent' },
        { changes: ['group'], confirm: 'getent group vmadmins || echo gone', answer: 'gone' },
      )
    })
  })

  describe('service', () => {
    const unit = 'vf-test.service'
    const status = `systemctl is-active ${unit}; systemctl is-enabled ${unit}`
    before(() =>
      lab.native(`printf '[Unit]\\nDescription=test\\n[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/${unit}
printf '[Service]\\nType=oneshot\\nExecStart=/bin/true\\n' > /etc/systemd/system/vf-once.service
printf '[Service]\\nExecStart=/bin/false\\n' > /etc/systemd/system/vf-bad.service
printf '[Service]\\nExecStart=/bin/false\\nRestart=always\\nRestartSec=100\\n' > /etc/systemd/system/vf-loop.service; systemctl daemon-reload; systemctl start --no-block vf-loop`),
    )

    it('starts and enables, and stops and disables', async () => {
      await lab.proves(
        service,
        { name: 'vf-test', state: 'started', enabled: true },
        { changes: ['enabled', 'state'], confirm: status, answer: 'active\nenabled' },
      )
      await lab.proves(
        service,
        { name: unit, state: 'stopped', enabled: 'no' },
        { changes: ['enabled', 'state'], confirm: `${status}; :`, answer: 'inactive\ndisabled' },
      )
    })

    it('masks and unmasks', async () => {
      await lab.native(`mv /etc/systemd/system/${unit} /lib/systemd/system/; systemctl daemon-reload`)
      await lab.proves(
        service,
        { name: unit, masked: true },
        { changes: ['masked'], confirm: `${status}; :`, answer: 'inactive\nmasked' },
      )
      await lab.proves(
        service,
        { name: unit, masked: false, state: 'started' },
        { changes: ['masked', 'state'], confirm: `${status}; :`, answer: 'active\ndisabled' },
      )
      await lab.proves(
        service,
        { name: 'vf-none', masked: true },
        { changes: ['masked'], confirm: 'readlink /etc/systemd/system/vf-none.service', answer: '/dev/null' },
      )
    })

    it('restarts each time, and starts what does not run', async () => {
      const pid = await lab.native(`systemctl show -p MainPID --value ${unit}`)
      const round = await runState(service, lab.host, { name: unit, state: 'restarted' })
      expect(round.changes.map((one) => one.effect)).to.deep.equal(['action'])
      expect(await lab.native(`systemctl show -p MainPID --value ${unit}`)).not.to.equal(pid)
      expect((await runState(service, lab.host, { name: 'vf-once', state: 'started' })).changes[0]?.effect).to.equal(
        'action',
      )
    })

    it('says why a service does not start, and that one is not there', async () => {
      expect(await failure(checkState(service, lab.host, { name: 'no-such', state: 'started' }))).to.match(
        /could not find the unit no-such.service/,
      )
      expect(await checkState(service, lab.host, { name: 'no-such', state: 'stopped', enabled: false })).to.deep.equal(
        [],
      )
      const round = await runState(service, lab.host, { name: 'vf-bad', state: 'started' })
      expect(round.left, 'it died at once: nothing converged').to.have.length(1)
      expect(
        await checkState(service, lab.host, { name: 'vf-loop', state: 'started' }),
        'it dies again and again',
      ).to.have.length(1)
    })
  })

  describe('packages', () => {
    const version = `dpkg-query -W -f '\${db:Status-Status}' hello 2>/dev/null; command -v hello || echo none`

    it('installs, removes and purges', async () => {
      await lab.native('apt-get update -q >/dev/null')
      await lab.proves(
        apt,
        { name: 'hello' },
        { changes: ['packages.hello'], confirm: version, answer: 'installed/usr/bin/hello' },
      )
      await lab.proves(
        pkg,
        { name: ['hello'], state: 'absent' },
        { changes: ['packages.hello'], confirm: version, answer: 'none' },
      )
    })

    it('tells what stays after a removal, and purges it', async () => {
      await lab.native(
        `d=/tmp/vf-conf; mkdir -p $d/DEBIAN $d/etc; printf 'Package: vf-conf\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: x <x@example.org>\\nProvides: vf-virtual\\nDescription: x\\n' > $d/DEBIAN/control; echo /etc/vf.conf > $d/DEBIAN/conffiles; echo a=b > $d/etc/vf.conf; dpkg-deb -b $d /tmp/vf-conf.deb >/dev/null; dpkg -i /tmp/vf-conf.deb >/dev/null`,
      )
      expect(await checkState(apt, lab.host, { name: 'vf-virtual' }), 'provided').to.deep.equal([])
      expect(await checkState(apt, lab.host, { name: 'vf-virtual', state: 'absent' }), 'only provided').to.deep.equal(
        [],
      )
      await lab.proves(
        apt,
        { name: 'vf-conf', state: 'absent' },
        { changes: ['packages.vf-conf'], confirm: 'ls /etc/vf.conf', answer: '/etc/vf.conf' },
      )
      await lab.proves(
        apt,
        { name: 'vf-conf', state: 'absent', purge: true },
        { changes: ['packages.vf-conf'], confirm: 'ls /etc/vf.conf 2>/dev/null || echo gone', answer: 'gone' },
      )
    })

    it('says that a package is not there', async () => {
      const [change] = await checkState(apt, lab.host, { name: 'no-such-package' })
      expect(change?.note).to.match(/do not tell of it/)
      expect(await failure(runState(apt, lab.host, { name: 'no-such-package' }))).to.match(
        /Unable to locate package no-such-package/,
      )
      expect(await failure(checkState(apt, lab.host, { name: '-o=x' }))).to.match(/not the name/)
    })

    it('writes no cache when it looks, whatever is newer than the cache', async () => {
      const caches = (): Promise<string> => lab.native('cd /var/cache/apt; stat -c "%n %i %y" *.bin')
      const file = '/etc/apt/sources.list.d/vf.list'
      for (const newer of [file, '/etc/apt/apt.conf.d/99vf', '/var/lib/dpkg/status', '/var/lib/apt/lists']) {
        await lab.native(`rm -f ${file}; apt-cache policy hello >/dev/null; sleep 1; touch ${newer}`)
        const before = await caches()
        expect(before).to.match(/^pkgcache.bin .*\nsrcpkgcache.bin /)
        await checkState(apt, lab.host, { name: 'no-such-package' })
        await checkState(apt, lab.host, { upgrade: 'yes' })
        expect(await caches(), newer).to.equal(before)
      }
      await lab.native(`rm -f ${file} /etc/apt/apt.conf.d/99vf`)
    })

    it('tells what an upgrade of everything would do', async () => {
      expect(await checkState(apt, lab.frozen, { name: '*', state: 'latest' })).to.deep.equal(
        await checkState(apt, lab.host, { upgrade: 'yes' }),
      )
    })
  })

  describe('modprobe', () => {
    it('keeps a module for the next boot', () =>
      lab.proves(
        modprobe,
        { name: 'br_netfilter', state: 'absent', persistent: 'present', params: 'a=1' },
        {
          changes: ['/etc/modules-load.d/br_netfilter.conf', '/etc/modprobe.d/br_netfilter.conf'],
          confirm: 'cat /etc/modules-load.d/br_netfilter.conf /etc/modprobe.d/br_netfilter.conf',
          answer: 'br_netfilter\noptions br_netfilter a=1',
        },
      ))
    it('forgets it', () =>
      lab.proves(
        modprobe,
        { name: 'br_netfilter', state: 'absent', persistent: 'absent' },
        { confirm: 'ls /etc/modules-load.d/br_netfilter.conf 2>/dev/null || echo gone', answer: 'gone' },
      ))
    it('says why one cannot be loaded', async () => {
      expect(await failure(runState(modprobe, lab.host, { name: 'no_such_module' }))).to.match(
        /^modprobe no_such_module: /,
      )
    })
  })

  describe('setup', () => {
    it('reads facts', async () => {
      const { result } = await runState(setup, lab.frozen, {})
      const facts = result.ansible_facts as Record<string, unknown>
      expect(facts.ansible_distribution).to.equal('Debian')
      expect(facts.ansible_default_ipv4).to.include({ address: lab.address, interface: 'host0' })
      expect(facts.ansible_kernel).to.equal(await lab.native('uname -r'))
      expect(facts.ansible_memtotal_mb).to.be.greaterThan(100)
      expect(facts.ansible_virtualization_type).to.equal('systemd-nspawn')
    })
  })

  describe('wait_for', () => {
    it('sees ports and files', async () => {
      expect(await waitFor.run(lab.host, waitFor.args.parse({ port: 22, timeout: 5 }) as never)).to.include({
        changed: false,
        port: 22,
      })
      await lab.native('(sleep 1; echo ready > /tmp/vf-ready) >/dev/null 2>&1 &')
      expect(
        await waitFor.run(
          lab.host,
          waitFor.args.parse({ path: '/tmp/vf-ready', search_regex: 'rea.y', timeout: 10 }) as never,
        ),
      ).to.include({ state: 'started' })
      expect(
        await waitFor.run(lab.host, waitFor.args.parse({ port: 1, state: 'drained', timeout: 5 }) as never),
      ).to.include({ elapsed: 0 })
      expect(
        await failure(waitFor.run(lab.host, waitFor.args.parse({ port: 22, state: 'drained', timeout: 1 }) as never)),
      ).to.match(/timeout when waiting/)
      expect(
        await failure(waitFor.run(lab.host, waitFor.args.parse({ port: 1, timeout: 1, msg: 'no such port' }) as never)),
      ).to.equal('no such port')
    })
  })

  describe('reboot and wait_for_connection', () => {
    it('reboots and comes back', async () => {
      const before = await lab.native('cat /proc/sys/kernel/random/boot_id')
      const done = await reboot.run(lab.host, reboot.args.parse({ reboot_timeout: 60 }) as never)
      expect(done).to.include({ changed: true, rebooted: true })
      expect(await lab.native('cat /proc/sys/kernel/random/boot_id')).not.to.equal(before)
      expect(await waitForConnection.run(lab.host, waitForConnection.args.parse({ timeout: 20 }) as never)).to.include({
        changed: false,
      })
    })
  })
})
