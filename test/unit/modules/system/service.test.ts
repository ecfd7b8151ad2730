import { expect } from 'chai'
import service, { disturbsGuests, unitName } from '../../../../modules/system/service.ts'

describe('service', () => {
  const unit = (active: string, more: Record<string, string> = {}) => ({
    LoadState: 'loaded',
    ActiveState: active,
    SubState: 'x',
    Type: 'simple',
    RemainAfterExit: 'no',
    ...more,
  })
  const table: [string, object, { unit: Record<string, string>; enabled: string }, string[]][] = [
    ['runs and is enabled', { state: 'started', enabled: true }, { unit: unit('active'), enabled: 'enabled' }, []],
    [
      'stopped',
      { state: 'started', enabled: true },
      { unit: unit('inactive'), enabled: 'disabled' },
      ['enabled now', 'state now'],
    ],
    ['failed counts as stopped', { state: 'stopped' }, { unit: unit('failed'), enabled: '' }, []],
    ['failed is started', { state: 'started' }, { unit: unit('failed'), enabled: '' }, ['state now']],
    [
      'dies again and again',
      { state: 'started' },
      { unit: unit('activating', { SubState: 'auto-restart' }), enabled: '' },
      ['state now'],
    ],
    ['still starts', { state: 'started' }, { unit: unit('activating', { SubState: 'start' }), enabled: '' }, []],
    ['restart', { state: 'restarted' }, { unit: unit('active'), enabled: '' }, ['state action']],
    ['restart of a stopped one', { state: 'restarted' }, { unit: unit('inactive'), enabled: '' }, ['state now']],
    [
      'oneshot that does not stay',
      { state: 'started' },
      { unit: unit('inactive', { Type: 'oneshot' }), enabled: '' },
      ['state action'],
    ],
    [
      'oneshot that stays',
      { state: 'started' },
      { unit: unit('inactive', { Type: 'oneshot', RemainAfterExit: 'yes' }), enabled: '' },
      ['state now'],
    ],
    ['static cannot be enabled', { enabled: true }, { unit: unit('inactive'), enabled: 'static' }, []],
    ['masked', { masked: false }, { unit: unit('inactive'), enabled: 'masked' }, ['masked now']],
    [
      'not there, to be stopped',
      { state: 'stopped', enabled: false },
      { unit: { LoadState: 'not-found' }, enabled: '' },
      [],
    ],
    ['not there, to be masked', { masked: true }, { unit: { LoadState: 'not-found' }, enabled: '' }, ['masked now']],
    [
      'reload of systemd first',
      { daemon_reload: true, state: 'started' },
      { unit: unit('inactive'), enabled: '' },
      ['systemd action', 'state now'],
    ],
  ]
  for (const [what, input, state, expected] of table) {
    it(what, () => {
      const args = service.args.parse({ name: 'x', ...input }) as never
      expect(service.diff(state, args).map((one) => `${one.path} ${one.effect}`)).to.deep.equal(expected)
    })
  }
  it('fails for a unit that is not there', () => {
    const args = service.args.parse({ name: 'x', state: 'started' }) as never
    expect(() => service.diff({ unit: { LoadState: 'not-found' }, enabled: '' }, args)).to.throw(
      'could not find the unit x.service',
    )
  })
  it('completes names as systemctl does', () => {
    expect(['a', 'a.socket', 'a@b', 'a.b'].map(unitName)).to.deep.equal([
      'a.service',
      'a.socket',
      'a@b.service',
      'a.b.service',
    ])
  })
  it('knows what disturbs guests', () => {
    expect(disturbsGuests('networking.service', 'restarted')).to.equal(true)
    expect(disturbsGuests('libvirtd.service', 'restarted')).to.equal(false)
    expect(disturbsGuests('libvirtd.service', 'stopped')).to.equal(true)
    expect(disturbsGuests('libvirt-guests.service', 'stopped')).to.equal(true)
    expect(disturbsGuests('networking.service', 'started')).to.equal(false)
  })
})
