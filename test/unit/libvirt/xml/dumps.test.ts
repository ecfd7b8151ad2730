import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { diffXml } from '../../../../core/libvirt/xml/diff.ts'
import { type Element, formatXml, parseXml } from '../../../../core/libvirt/xml/element.ts'
import { EXACT_KINDS, type ExactKind, surplus } from '../../../../core/libvirt/xml/exact.ts'
import { mergeXml } from '../../../../core/libvirt/xml/merge.ts'
import { edits } from './edits.ts'
import { type Fixture, fixtures, reversed, versions } from './fixtures.ts'
import { renderShipped, shipped } from './shipped.ts'

const told = (differences: ReturnType<typeof diffXml>): string[] =>
  differences.map((d) => `${d.path}: ${d.before} → ${d.after}`)

const each = (check: (fixture: Fixture) => void): void => {
  const wrong: string[] = []
  for (const fixture of fixtures) {
    try {
      check(fixture)
    } catch (error) {
      wrong.push(`libvirt ${fixture.version}, ${fixture.shape}: ${error instanceof Error ? error.message : error}`)
    }
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
}

describe('domains as real libvirts keep them', () => {
  it('are of three versions and many shapes', () => {
    expect(versions).to.have.members(['7.0.0', '9.0.0', '11.3.0'])
    for (const version of versions) {
      const own = fixtures.filter((f) => f.version === version)
      expect(own.length, version).to.be.greaterThan(45)
      expect(own.filter((f) => f.live).length, version).to.be.greaterThan(38)
    }
  })

  it('do not differ from what was declared, defined or running', () => {
    each(({ declared, inactive, live, machines }) => {
      expect(told(diffXml(declared, inactive, machines))).to.deep.equal([])
      if (live) expect(told(diffXml(declared, live, machines, { running: true })), 'running').to.deep.equal([])
    })
  })

  it('do not differ in another order', () => {
    each(({ declared, inactive, live, machines }) => {
      expect(told(diffXml(reversed(declared), inactive, machines))).to.deep.equal([])
      if (live) expect(told(diffXml(reversed(declared), live, machines, { running: true }))).to.deep.equal([])
    })
  })

  it('do not differ from themselves, and merging keeps them', () => {
    each(({ declared, inactive, machines }) => {
      expect(told(diffXml(inactive, inactive, machines))).to.deep.equal([])
      const merged = mergeXml(declared, inactive, machines)
      expect(told(diffXml(inactive, merged, machines))).to.deep.equal([])
      expect(told(diffXml(merged, inactive, machines))).to.deep.equal([])
    })
  })

  it('do not differ where the dump of the running guest is declared, but for what libvirt resolved for it', () => {
    each(({ inactive, live, machines }) => {
      if (!live) return
      const left = diffXml(live, inactive, machines).filter((d) => !RESOLVED.test(d.path))
      expect(told(left)).to.deep.equal([])
    })
  })

  it('have no device that was not declared, but what libvirt makes by itself', () => {
    const kinds = Object.keys(EXACT_KINDS) as ExactKind[]
    each(({ declared, inactive, live }) => {
      for (const domain of live ? [inactive, live] : [inactive])
        expect(surplus(declared, domain, kinds).map((s) => s.path)).to.deep.equal([])
    })
  })

  it('have a device too many where the declaration has one less', () => {
    const kinds = Object.keys(EXACT_KINDS) as ExactKind[]
    let count = 0
    each(({ declared, inactive }) => {
      const devices = declared.children.find((c) => c.name === 'devices')
      for (const device of devices?.children ?? []) {
        if (!Object.values<string>(EXACT_KINDS).includes(device.name) || comesBack(device, declared)) continue
        const children = devices?.children.filter((d) => d !== device) ?? []
        const less = { ...declared, children: declared.children.map((c) => (c === devices ? { ...c, children } : c)) }
        const found = surplus(less, inactive, kinds).map((s) => s.path)
        expect(found, device.name).to.have.length(1)
        expect(found[0]).to.match(new RegExp(`^devices\\.${device.name}\\b`))
        count++
      }
    })
    expect(count).to.be.greaterThan(200)
  })

  it('differ in exactly what is edited', () => {
    let count = 0
    each(({ declared, inactive, machines }) => {
      for (const edit of edits(declared)) {
        const differences = diffXml(edit.edited, inactive, machines)
        expect(differences.length, `${edit.what}: ${told(differences).join('; ')}`).to.equal(
          edit.identity ? differences.length || 1 : 1,
        )
        for (const difference of differences) expect(difference.path, edit.what).to.match(edit.path)
        count++
      }
    })
    expect(count).to.be.greaterThan(1500)
  })

  it('have after a merge what was edited, and all else as it was', () => {
    each(({ declared, inactive, machines }) => {
      for (const edit of edits(declared).filter((e) => !e.identity)) {
        const merged = parseXml(formatXml(mergeXml(edit.edited, inactive, machines)))
        expect(told(diffXml(edit.edited, merged, machines)), edit.what).to.deep.equal([])
      }
    })
  })

  it('are of the shipped template as it is', async () => {
    for (const [shape, variables] of Object.entries(shipped)) {
      const kept = readFileSync(new URL(`dumps/declared/${shape}.xml`, import.meta.url), 'utf8')
      expect(await renderShipped({ ...variables, name: shape }), `${shape}: run dumps/make.sh again`).to.equal(kept)
    }
  })
})

/** Without them in a declaration they are libvirt's: the console of a serial port, the video card of a screen, PS/2. */
function comesBack(device: Element, declared: Element): boolean {
  const has = (name: string): boolean =>
    declared.children.some((c) => c.name === 'devices' && c.children.some((d) => d !== device && d.name === name))
  if (device.name === 'console') return true
  if (device.name === 'video') return true
  if (device.name === 'serial') return has('console')
  return device.name === 'input' && device.attributes.bus === 'ps2'
}

/** A CPU model for the host's, firmware files, memory in whole MiB, where memory devices are, a cache mode that is safe. */
const RESOLVED =
  /^(?:cpu\b|os\.(?:loader|nvram)|features\.smm|memory$|currentMemory$|devices\.memory\[\w+\]\.address\.base|devices\.disk\[sdb\]\.driver\.cache|devices\.graphics\[vnc\]\.listen\.address)/
