import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { accessOf } from '../../../core/fleet/access.ts'
import { loadInventory } from '../../../core/inventory/index.ts'

const INVENTORY = `
all:
  vars:
    domain: example.org
    ansible_host: "{{ inventory_hostname }}.{{ domain }}"
    broken: "{{ nowhere }}"
    ansible_python_interpreter: "{{ nowhere_either }}"
  children:
    plain: { hosts: { kvm1: {}, kvm2: { ansible_user: anne, libvirt_uri: "qemu:///session" } } }
    secret:
      hosts:
        kvm3: { ansible_password: hunter2-login, ansible_become: true, ansible_become_password: hunter2-root, ansible_ssh_retries: 7 }
        kvm4: { ansible_port: nine }
`

describe('how a host of the fleet is reached', () => {
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-access-'))
  after(() => rmSync(folder, { recursive: true }))
  const access = async (host: string, login = {}, become = {}, extra?: Map<string, string>) => {
    const file = join(folder, 'hosts.yml')
    writeFileSync(file, INVENTORY)
    const { inventory, diagnostics } = await loadInventory([file])
    expect(diagnostics).to.deep.equal([])
    const secrets: string[] = []
    const defaults = { login, become, ...(extra && { extraVars: extra }) }
    return { ...(await accessOf(inventory, host, defaults, (secret) => secrets.push(secret))), secrets }
  }

  it('is by its variables, templates resolved; others may be broken', async () => {
    const { endpoint, become, uri } = await access('kvm1')
    expect(endpoint).to.include({ name: 'kvm1', address: 'kvm1.example.org', retries: 1 })
    expect([become, uri]).to.deep.equal([undefined, 'qemu:///system'])
  })

  it('is by the command line where the inventory says nothing', async () => {
    const line = { ansible_user: 'bob' }
    expect((await access('kvm1', line)).endpoint.user).to.equal('bob')
    const { endpoint, uri } = await access('kvm2', line)
    expect([endpoint.user, uri]).to.deep.equal(['anne', 'qemu:///session'])
  })

  it('is by extra variables before all', async () => {
    const extra = new Map([
      ['ansible_user', 'eve'],
      ['domain', 'test'],
    ])
    expect((await access('kvm2', {}, {}, extra)).endpoint).to.include({ user: 'eve', address: 'kvm2.test' })
  })

  it('becomes whom it is told, and its passwords are secrets', async () => {
    expect((await access('kvm1', {}, { become: true, method: 'doas' })).become).to.deep.equal({
      method: 'doas',
      user: 'root',
    })
    const { endpoint, become, secrets } = await access('kvm3')
    expect(become).to.include({ method: 'sudo', user: 'root', password: 'hunter2-root' })
    expect(endpoint.retries).to.equal(7)
    expect(secrets).to.deep.equal(['hunter2-login', 'hunter2-root'])
  })

  it('is refused where the variables are wrong', async () => {
    const error = await access('kvm4').catch((refused: Error) => refused)
    expect(error)
      .to.be.instanceOf(Error)
      .with.property('message')
      .match(/kvm4: ansible_port must be a number/)
  })
})
