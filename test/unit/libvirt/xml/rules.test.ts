import { expect } from 'chai'
import { diffXml } from '../../../../core/libvirt/xml/diff.ts'
import { parseXml } from '../../../../core/libvirt/xml/element.ts'
import { rules } from '../../../../core/libvirt/xml/rules/index.ts'
import { type Case, cases } from './cases.ts'
import { fixtures, reversed } from './fixtures.ts'

const paths = (one: Case, without?: ReadonlySet<string>): string[] =>
  diffXml(parseXml(one.declared), parseXml(one.actual), undefined, {
    ...(without && { without }),
    ...(one.running && { running: true }),
  }).map((d) => d.path)

/** Whether any dump of a real domain is judged otherwise without the rule. */
function dumpsDiffer(without: ReadonlySet<string>): boolean {
  return fixtures.some(({ declared, inactive, live, machines }) => {
    const differs = (one: typeof declared): boolean =>
      diffXml(one, inactive, machines, { without }).length > 0 ||
      (live !== undefined && diffXml(one, live, machines, { running: true, without }).length > 0)
    const asDump = (): boolean =>
      live !== undefined &&
      diffXml(live, inactive, machines, { without }).length !== diffXml(live, inactive, machines).length
    return differs(declared) || differs(reversed(declared)) || asDump()
  })
}

describe('rules of comparing definitions', () => {
  it('have names of their own', () => {
    expect(new Set(rules.map((r) => r.name)).size).to.equal(rules.length)
  })

  it('judge these cases', () => {
    for (const one of cases) expect(paths(one), `${one.rule}: ${one.declared}`).to.deep.equal(one.paths)
    const known = new Set(['', ...rules.map((r) => r.name)])
    expect(cases.filter((c) => !known.has(c.rule))).to.deep.equal([])
  })

  for (const { name } of rules) {
    it(`are not the same without: ${name}`, () => {
      const without = new Set([name])
      const own = cases.filter((c) => c.rule === name)
      for (const one of own) expect(paths(one, without), one.declared).not.to.deep.equal(one.paths)
      if (own.length === 0) expect(dumpsDiffer(without), 'neither a dump nor a case needs it').to.equal(true)
    })
  }
})
