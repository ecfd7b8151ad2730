import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { fittedLines, listDocument, listLines, noteLines, viewOf } from '../../../../core/cli/vm/list-view.ts'
import type { FleetVm, HostAnswer } from '../../../../core/fleet/vms.ts'
import { vmOf } from '../../fleet/vm-of.ts'

const GOLDEN = join(import.meta.dirname, '../../../golden/vm')

const vms: readonly (readonly [string, FleetVm[]])[] = [
  [
    'kvm1',
    [
      vmOf('kvm1', 'web1', { state: 'running', reason: 'booted', memoryKiB: 2 * 1024 * 1024, autostart: true }),
      vmOf('kvm1', 'db1', { state: 'paused', reason: 'ioerror', memoryKiB: 1536 * 1024, vcpus: 16 }),
      vmOf('kvm1', 'evil\u001b[2J\nname', { reason: 'crashed', memoryKiB: undefined, vcpus: undefined }),
    ],
  ],
  [
    'kvm2',
    [
      vmOf('kvm2', 'web1', { reason: 'migrated', memoryKiB: 512 * 1024 }),
      vmOf('kvm2', '名前', { state: 'running', reason: 'migrated' }),
    ],
  ],
]
const answers: HostAnswer[] = [
  ...vms.map(([host, all]) => ({ host, vms: all, libvirt: true })),
  { host: 'kvm3', silent: 'connect to 10.0.0.3 port 22: timed out', hint: 'is it up?' },
  { host: 'nfs1', vms: [], libvirt: false },
]
const addresses = new Map<FleetVm, readonly string[]>([[vms[0]![1][0]!, ['192.0.2.7', '2001:db8::7']]])

/** Compares with a golden file, or writes it with UPDATE=1. */
function golden(name: string, text: string): void {
  const file = join(GOLDEN, name)
  if (process.env.UPDATE) writeFileSync(file, text)
  expect(text).to.equal(readFileSync(file, 'utf8'))
}

describe('vm list', () => {
  const text = (view: Parameters<typeof listLines>[0]): string =>
    `${[...listLines(view), '---', ...noteLines(view)].join('\n')}\n`

  it('is a table', () => golden('list.txt', text(viewOf(answers))))
  it('is a table with addresses', () => golden('list-ip.txt', text(viewOf(answers, () => true, addresses))))
  it('is a JSON document', () =>
    golden('list.json', `${JSON.stringify(listDocument(viewOf(answers, () => true, addresses)), null, 2)}\n`))

  it('marks a duplicate though the other one is not shown', () => {
    const { vms: shown } = viewOf(answers, (name) => name === 'web1')
    expect(shown.map((vm) => [vm.host, vm.duplicate])).to.deep.equal([
      ['kvm1', true],
      ['kvm2', true],
    ])
    const one = viewOf([answers[0]!, { host: 'kvm2', silent: 'x' }], (name) => name === 'web1')
    expect(one.vms.map((vm) => vm.duplicate)).to.deep.equal([false])
  })

  it('is cut to the height of a terminal, and says so; what is silent stays', () => {
    const view = viewOf(answers)
    expect(fittedLines(view, 9)).to.deep.equal([...listLines(view), ...noteLines(view)])
    const cut = fittedLines(view, 7)
    expect(cut).to.deep.equal([...listLines(view).slice(0, 3), '… and 3 more', ...noteLines(view)])
    expect(fittedLines(view, 1)).to.have.length(5)
  })

  it('tells every silent host even where no VM is wanted', () => {
    const view = viewOf(answers, () => false)
    expect(view.vms).to.deep.equal([])
    expect(view.silent.map((one) => one.host)).to.deep.equal(['kvm3'])
  })
})
