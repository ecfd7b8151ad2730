import { expect } from 'chai'
import type { Libvirt } from '../../../../core/libvirt/types.ts'
import { type ApiLab, domainXml, refusal } from './lab.ts'

const NOTE = 'urn:virtfleet:test'

/** Domains: what there is, and what becomes of it. */
export function domainTests(lab: () => ApiLab, libvirt: () => Libvirt): void {
  const find = async (name: string) => (await libvirt().domains()).find((d) => d.name === name)

  it('defines, starts, stops and forgets', async () => {
    await libvirt().defineDomain(domainXml('vfa'))
    const summary = await find('vfa')
    expect(summary).to.deep.include({ state: 'shut off', persistent: true, autostart: false, managedSave: false })
    expect(summary?.uuid).to.equal(await lab().native('virsh domuuid vfa'))
    await libvirt().setAutostart('domain', 'vfa', true)
    await libvirt().startDomain('vfa', { paused: true })
    expect(await find('vfa')).to.deep.include({ state: 'paused', autostart: true })
    await libvirt().resumeDomain('vfa')
    expect(await libvirt().domainState('vfa')).to.deep.equal({ state: 'running', reason: 'unpaused' })
    await libvirt().suspendDomain(summary?.uuid ?? '')
    expect(await libvirt().domainState(summary?.uuid ?? '')).to.deep.equal({ state: 'paused', reason: 'user' })
    await libvirt().resumeDomain('vfa')
    await libvirt().resetDomain('vfa')
    await libvirt().shutdownDomain('vfa', { mode: 'acpi' })
    await libvirt().destroyDomain('vfa', { graceful: true })
    expect(await libvirt().domainState('vfa')).to.deep.equal({ state: 'shut off', reason: 'destroyed' })
    await libvirt().renameDomain('vfa', 'vf b')
    await libvirt().undefineDomain('vf b', [])
    expect(await libvirt().domains()).to.deep.equal([])
    expect(await lab().native('virsh -q list --all --name')).to.equal('')
  })

  it('says what is not there, and what is wrong, with codes', async () => {
    expect(await libvirt().domainXml('nobody')).to.equal(undefined)
    expect(await libvirt().domainState('nobody')).to.equal(undefined)
    const uuid = '6695eb01-f6a4-8304-79aa-97f2502e193f'
    expect(await libvirt().domainXml(uuid)).to.equal(undefined)
    expect(await refusal(libvirt().startDomain('nobody'))).to.include({ code: 42 })
    expect(await refusal(libvirt().startDomain(uuid))).to.include({ code: 42 })
    // The schema is asked first, or the parser.
    expect((await refusal(libvirt().defineDomain('<domain/>'))).code).to.be.oneOf([21, 92])
    expect((await refusal(libvirt().defineDomain('<domain'))).code).to.be.oneOf([27, 35, 92, undefined])
    await libvirt().defineDomain(domainXml('vfc'))
    expect(await refusal(libvirt().destroyDomain('vfc'))).to.include({ code: 55 })
    expect(await refusal(libvirt().undefineDomain('vfc', ['--bogus'])))
    await libvirt().undefineDomain('vfc', [])
  })

  it('takes any name for a name', async () => {
    const names = ['7', 'a b', "o'n", 'dollar $HOME', 'ünïcode', '--all', 'semi;colon']
    for (const name of names) await libvirt().defineDomain(domainXml(name.replaceAll("'", '&apos;')))
    expect((await libvirt().domains()).map((d) => d.name).sort()).to.deep.equal([...names].sort())
    const texts = await Promise.all(names.map((name) => libvirt().domainXml(name)))
    for (const text of texts) expect(text).to.include('<domain')
    for (const name of names) await libvirt().undefineDomain(name, [])
    expect(await libvirt().domains()).to.deep.equal([])
  })

  it('takes a name for the domain that has it now', async () => {
    await libvirt().defineDomain(domainXml('vfd'))
    const before = await find('vfd')
    expect(await libvirt().domainXml('vfd')).to.include(before?.uuid)
    await lab().native(
      `virsh domrename vfd vfother && sed s/vfx/vfd/ <<< "${domainXml('vfx')}" | virsh define /dev/stdin`,
    )
    const text = await libvirt().domainXml('vfd')
    expect(text).to.include('<name>vfd</name>').and.not.to.include(before?.uuid)
    await libvirt().undefineDomain('vfd', [])
    await libvirt().undefineDomain('vfother', [])
  })

  it('does what is given in one tick as if one after the other', async () => {
    await libvirt().defineDomain(domainXml('vfe'))
    const [before, , , after] = await Promise.all([
      libvirt().domainState('vfe'),
      libvirt().startDomain('vfe', { paused: true }),
      libvirt().setAutostart('domain', 'vfe', true),
      libvirt().domainState('vfe'),
      libvirt().destroyDomain('vfe'),
    ])
    expect([before?.state, after?.state]).to.deep.equal(['shut off', 'paused'])
    expect(await libvirt().domainState('vfe')).to.deep.include({ state: 'shut off' })
    await libvirt().undefineDomain('vfe', [])
  })

  it('changes definitions and devices', async () => {
    await libvirt().defineDomain(domainXml('vff'))
    const config = { config: true }
    await libvirt().setVcpus('vff', 3, { ...config, maximum: true })
    await libvirt().setVcpus('vff', 2, config)
    await libvirt().setMemory('vff', 131072, { ...config, maximum: true })
    await libvirt().setMemory('vff', 98304, config)
    const nic = (link: string) =>
      `<interface type='user'><mac address='52:54:00:77:00:09'/><model type='e1000'/>\n<link state='${link}'/></interface>`
    await libvirt().attachDevice('vff', nic('up'), config)
    await libvirt().updateDevice('vff', nic('down'), config)
    const xml = await libvirt().domainXml('vff', { inactive: true })
    expect(xml).to.include("<vcpu placement='static' current='2'>3</vcpu>")
    expect(xml).to.include("<memory unit='KiB'>131072</memory>").and.to.include('>98304</currentMemory>')
    expect(xml).to.include("<link state='down'/>")
    await libvirt().detachDevice('vff', nic('down'), config)
    expect(await libvirt().domainXml('vff')).not.to.include('52:54:00:77:00:09')
    expect(await refusal(libvirt().attachDevice('vff', nic('up'), { live: true }))).to.include({ code: 55 })
    const note = { uri: NOTE, key: 'vf', xml: "<note a='1'>\n<text>one &amp; two</text></note>" }
    expect(await libvirt().domainMetadata('vff', NOTE)).to.equal(undefined)
    await libvirt().setDomainMetadata('vff', note, config)
    expect(await libvirt().domainMetadata('vff', NOTE, { inactive: true })).to.include('<text>one &amp; two</text>')
    await libvirt().setDomainMetadata('vff', { ...note, xml: undefined }, config)
    expect(await libvirt().domainMetadata('vff', NOTE, { inactive: true })).to.equal(undefined)
    await libvirt().undefineDomain('vff', [])
  })

  it('tells of jobs, statistics, addresses and the agent', async () => {
    await libvirt().defineDomain(domainXml('vfg'))
    await libvirt().startDomain('vfg', { paused: true })
    expect(await libvirt().domainJob('vfg')).to.deep.include({ type: 'none' })
    expect(await refusal(libvirt().abortJob('vfg'))).to.include({ code: 55 })
    const [stats] = await libvirt().domainStats({ domains: ['vfg'], groups: ['state', 'balloon', 'vcpu'] })
    expect(stats?.name).to.equal('vfg')
    expect(stats?.values).to.include({ 'state.state': '3', 'vcpu.current': '1', 'balloon.maximum': '65536' })
    expect((await libvirt().domainStats()).map((s) => s.name)).to.deep.equal(['vfg'])
    expect(await libvirt().domainAddresses('vfg')).to.deep.equal([])
    await libvirt().resumeDomain('vfg')
    expect((await refusal(libvirt().agentCommand('vfg', '{"execute":"guest-ping"}'))).message).to.match(/agent/i)
    await libvirt().managedSave('vfg', { running: true })
    expect(await find('vfg')).to.deep.include({ state: 'shut off', reason: 'saved', managedSave: true })
    await libvirt().removeManagedSave('vfg')
    expect(await find('vfg')).to.deep.include({ managedSave: false })
    await libvirt().undefineDomain('vfg', [])
  })

  it('waits for a state, and no longer than told', async () => {
    await libvirt().defineDomain(domainXml('vfh'))
    const running = (c: { state: string } | undefined): boolean => c?.state === 'running'
    const began = Date.now()
    expect(await libvirt().awaitDomain('vfh', running, { timeoutMs: 300 })).to.include({ state: 'shut off' })
    expect(Date.now() - began).to.be.within(290, 10_000)
    const seen = libvirt().awaitDomain('vfh', running, { timeoutMs: 60_000 })
    await lab().native('virsh start vfh')
    expect(await seen).to.include({ state: 'running' })
    const gone = libvirt().awaitDomain('vfh', (c) => c === undefined, { timeoutMs: 60_000 })
    await lab().native('virsh destroy vfh && virsh undefine vfh')
    expect(await gone).to.equal(undefined)
    const stop = AbortSignal.timeout(200)
    const given = libvirt().awaitDomain('nobody', running, { timeoutMs: 60_000, signal: stop })
    expect((await refusal(given)).name).to.equal('TimeoutError')
  })
}
