import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import { lineage, type StageName, type Surroundings, stageKey, stages } from '../../../lab/image/recipe.ts'

const here: Surroundings = {
  suite: 'bookworm',
  mirror: 'http://mirror.example/debian',
  securityMirror: 'http://mirror.example/debian-security',
  aptConf: '',
  certificates: {},
}
const names = Object.keys(stages) as StageName[]

describe('lab image recipe', () => {
  it('stands every stage on the base', () => {
    for (const name of names) expect(lineage(name)[0]).to.match(/^base/)
    expect(lineage('libvirt')).to.deep.equal(['base', 'plain', 'libvirt'])
  })

  it('keys a stage by all that makes it', () => {
    for (const name of names) {
      const key = stageKey(name, here)
      expect(key).to.match(new RegExp(`^${name}-[0-9a-f]{12}$`))
      expect(stageKey(name, { ...here })).to.equal(key)
      expect(stageKey(name, { ...here, mirror: 'http://elsewhere/debian' })).to.not.equal(key)
      expect(stageKey(name, { ...here, certificates: { 'a.crt': 'PEM' } })).to.not.equal(key)
    }
    expect(new Set(names.map((name) => stageKey(name, here).slice(-12))).size).to.equal(names.length)
  })

  for (const name of names) {
    const scripts = [stages[name].script, ...Object.values(stages[name].env ?? {})]
    it(`has shell that parses: ${name}`, () => {
      for (const script of scripts) execFileSync('/bin/sh', ['-n'], { input: script })
    })
  }
})
