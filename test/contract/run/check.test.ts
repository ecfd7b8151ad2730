import { expect } from 'chai'
import type { RunEvent } from '../../../core/events/types.ts'
import { finished, resultsOf } from './cli.ts'
import { openRunLab, type RunLab, slowPackages } from './lab.ts'

/*
 * Check mode against the run that follows: the host is left alone byte for byte, and whatever then changes was announced, or
 * said to be undecided because of a named task. No false ok.
 */

const PLAY = `
- hosts: all
  vars: {folder: /srv/checked}
  handlers:
    - {name: reload, shell: "systemctl daemon-reload"}
    - {name: told, copy: {content: told, dest: /srv/checked-told}}
  tasks:
    - {name: never, command: "touch /srv/never", args: {creates: /etc/passwd}}
    - {name: group, group: name=checked}
    - {name: user, user: {name: checked, group: checked, shell: /bin/bash}}
    - {name: folder, file: {path: "{{ folder }}", state: directory, owner: checked, mode: "0750"}}
    - {name: copy, copy: {content: "a\\n", dest: "{{ folder }}/a"}, register: copied, notify: told}
    - {name: template, template: {src: check.j2, dest: "{{ folder }}/t"}}
    - {name: line, lineinfile: {path: "{{ folder }}/a", line: b}}
    - {name: link, file: {src: "{{ folder }}/a", path: "{{ folder }}/link", state: link}}
    - {name: package, package: name=virtfleet-checked, register: installed}
    - {name: after package, file: {path: /run/virtfleet-checked.ended, state: absent}}
    - name: unit
      copy:
        content: "[Service]\\nExecStart=/bin/sleep 4441\\n[Install]\\nWantedBy=multi-user.target\\n"
        dest: /etc/systemd/system/checked.service
      notify: reload
    - {meta: flush_handlers}
    - {name: service, service: {name: checked, state: started, enabled: true}}
    - {name: sysctl, sysctl: {name: net.ipv4.conf.lo.forwarding, value: "0", sysctl_file: /etc/sysctl.d/checked.conf}}
    - {name: mount, mount: {src: none, path: /mnt/checked, fstype: tmpfs, state: mounted}}
    - {name: in the mount, copy: {content: m, dest: /mnt/checked/m}}
    - {name: command, command: "touch /srv/checked/c", register: ran}
    - {name: once, command: "touch /srv/checked/once", args: {creates: /srv/checked/once}}
    - {name: read, command: "cat /srv/checked/a", changed_when: false, register: content}
    - {name: after read, copy: {content: "{{ content.stdout }}", dest: /srv/checked/copy}}
    - {name: if read, file: {path: /srv/checked/read, state: touch}, when: "'a' in content.stdout"}
    - {name: if changed, file: {path: /srv/checked/changed, state: touch}, when: copied is changed}
    - {name: if unchanged, file: {path: /srv/checked/unchanged, state: touch}, when: copied is not changed}
    - {name: if installed, file: {path: /srv/checked/installed, state: touch}, when: installed.rc | default(0) == 0}
    - {name: look, stat: path=/srv/checked/a, register: seen}
    - {name: if there, file: {path: /srv/checked/there, state: touch}, when: seen.stat.exists}
    - {name: looped, copy: {content: "{{ item }}", dest: "/srv/checked/loop-{{ item }}"}, loop: "{{ content.stdout_lines }}"}
    - {name: fact, set_fact: {kept: "{{ content.stdout }}"}}
    - {name: if fact, file: {path: /srv/checked/fact, state: touch}, when: kept is search('a')}
    - {name: shell, shell: "echo x >/srv/checked/shell; echo done"}
    - {name: script, script: check.sh}
    - {name: raw, raw: touch /srv/checked/raw}
    - {name: wait, wait_for: {path: /srv/checked/c, timeout: 5}}
    - {name: included, include_tasks: included.yml, when: content.rc == 0}
    - name: rescued
      block:
        - {name: failing, command: "test -e /nowhere"}
      rescue:
        - {name: in rescue, copy: {content: r, dest: /srv/checked/rescue}}
      always:
        - {name: in always, copy: {content: r, dest: /srv/checked/always}}
    - {name: facts, setup: }
    - {name: if mounted, file: {path: /srv/checked/mounted, state: touch}, when: "ansible_mounts | selectattr('mount', 'eq', '/mnt/checked') | list"}
`

const SNAPSHOT = `find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /dev -o -path /var/log -o -path /var/lib/systemd -o -path /var/tmp \\) -prune -o -printf '%p %i %m %u %g %s %C@ %l\\n' | sort
grep -v ' /run/user\\|/tmp' /proc/mounts; sysctl -a 2>/dev/null | grep '^net.ipv4.conf.lo'
systemctl list-units --all --plain --no-legend -t service,mount | grep -v 'user@\\|user-runtime\\|systemd-tmpfiles\\|apt-\\|e2scrub\\|dpkg-db\\|ssh@\\|fstrim\\|logrotate\\|man-db'`

const CLEAN = `systemctl disable -q --now checked 2>/dev/null; rm -f /etc/systemd/system/checked.service; systemctl daemon-reload
umount /mnt/checked 2>/dev/null; sed -i '/mnt.checked/d' /etc/fstab; rm -rf /mnt/checked /srv/checked* /etc/sysctl.d/checked.conf /srv/never
dpkg --purge virtfleet-checked 2>/dev/null >&2; rm -f /run/virtfleet-checked.*; userdel checked 2>/dev/null; groupdel checked 2>/dev/null; sysctl -qw net.ipv4.conf.lo.forwarding=1`

describe('check mode', () => {
  let lab: RunLab
  let host: string
  let before_: string
  let after_: string
  let announced: RunEvent[]
  let real: RunEvent[]

  before(async () => {
    lab = await openRunLab()
    const [machine] = lab.machines
    host = machine.name
    await lab.native(machine, CLEAN)
    await lab.native(machine, slowPackages(lab.work.folder, { 'virtfleet-checked': 0 }))
    await lab.work.file('check.j2', '{{ inventory_hostname }} {{ folder }}\n')
    await lab.work.file('check.sh', '#!/bin/sh\necho script >/srv/checked/script\n')
    await lab.work.file('included.yml', '- {name: in include, copy: {content: i, dest: /srv/checked/included}}\n')
    const inventory = await lab.inventoryOf('one.yml', { [host]: {} })
    // apt's cache is complete, and the overlay has told the times of its folders, which it only does when they are first read.
    await lab.native(machine, `systemctl is-system-running --wait; apt-cache policy apt >/dev/null; ${SNAPSHOT}`)
    before_ = await lab.native(machine, SNAPSHOT)
    const check = await lab.work.events(inventory, PLAY, '--check', '--diff')
    after_ = await lab.native(machine, SNAPSHOT)
    announced = check.events
    expect(check.code, JSON.stringify(announced.slice(-5))).to.equal(0)
    const run = await lab.work.events(inventory, PLAY)
    real = run.events
    const failed = real.filter(
      (one) => one.event === 'diagnostic' || (one.event === 'host_result' && one.status === 'failed' && !one.rescued),
    )
    expect(run.code, JSON.stringify(failed)).to.equal(0)
  })
  after(async () => {
    await lab.native(lab.machines[0], CLEAN)
    await lab.close()
  })

  it('leaves the host as it is', () => {
    expect(before_.split('\n').length).to.be.above(1000)
    const old = new Set(before_.split('\n'))
    expect(after_.split('\n').filter((line) => !old.has(line))).to.deep.equal([])
    expect(after_.length).to.equal(before_.length)
  })

  it('announces every change of the real run, or says what it depends on', () => {
    const told = resultsOf(announced)
    const changed = [...resultsOf(real)].filter(([, result]) => result.status === 'changed').map(([name]) => name)
    expect(changed.length).to.be.above(25)
    const silent = changed.filter((name) => !['changed', 'undecided'].includes(told.get(name)?.status ?? 'not run'))
    // What is included under an undecided condition is announced by the include.
    expect(told.get(`${host} included`)?.status).to.equal('undecided')
    expect(silent).to.deep.equal([`${host} in include`])
  })

  it('names the task that an undecided one waits for', () => {
    const told = resultsOf(announced)
    const names = new Set(announced.flatMap((one) => (one.event === 'task_started' ? [one.name] : [])))
    for (const [name, { status, message = '' }] of told) {
      if (status !== 'undecided' || message.startsWith('not run:')) continue
      const named = /task '([^']+)'/.exec(message)?.[1]
      expect(names.has(named ?? ''), `${name}: ${message}`).to.equal(true)
    }
    expect(told.get(`${host} if read`)?.message).to.include("task 'read'")
    expect(told.get(`${host} in rescue`)?.message).to.include("only if task 'failing' fails")
  })

  it('decides what can be decided', () => {
    const told = resultsOf(announced)
    for (const name of ['group', 'folder', 'copy', 'template', 'package', 'unit', 'sysctl', 'mount'])
      expect(told.get(`${host} ${name}`)?.status, name).to.equal('changed')
    expect(told.get(`${host} if changed`)?.status).to.equal('changed')
    expect(told.get(`${host} if unchanged`)?.status).to.equal('skipped')
    expect(told.get(`${host} never`)?.status).to.equal('ok')
    expect(told.get(`${host} fact`)?.status).to.be.oneOf(['ok', 'undecided'])
  })

  it('announces handlers', () => {
    const told = resultsOf(announced)
    expect(told.get(`${host} told`)?.status).to.equal('changed')
    expect(told.get(`${host} reload`)?.status).to.equal('undecided')
  })

  it('counts what is undecided', () => {
    const count = announced.filter((one) => one.event === 'host_result' && one.status === 'undecided').length
    expect(finished(announced).undecided[host]).to.equal(count)
  })
})
