import type { labPrepare } from '../lab/index.ts'
import { API_RELEASES, RELEASES, type Release } from './contract/libvirt/releases.ts'

/** What npm test is made of. */
export interface Stage {
  readonly name: string
  /** A command whose success is one passed test, or files of mocha's. */
  readonly command?: readonly string[]
  readonly mocha?: {
    /** Each of them is run by a process of its own, at the same time. */
    readonly lanes: readonly Lane[]
    readonly timeout: number
  }
  /** Images of labs that its tests start; made before, as no test's limit is meant for that. */
  readonly images?: Parameters<typeof labPrepare>[0]
  /** Run only by npm run test:full, or by name: it takes long. */
  readonly full?: true
}

/** Files of mocha's, and the environment that makes of them what is wanted. */
export interface Lane {
  readonly files: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export const bin = (name: string): string => `node_modules/.bin/${name}`

/** Files of test/contract by the process that runs them, about equally long. Much of it is waiting for hosts. */
const CONTRACT: readonly Lane[] = [
  ['connection/**/*', 'engine/**/*', 'run/**/*'],
  ['libvirt/[a-f]*', 'modules/security/**/*'],
  ['lab/**/*', 'modules/*', 'libvirt/[s-z]*'],
  ['modules/network/**/*', 'libvirt/[g-r]*'],
].map((lane) => ({ files: lane.map((files) => `test/contract/${files}.test.ts`) }))

/** Every suite for libvirt once more, on each of the other libvirts. */
const OTHER_RELEASES = (Object.keys(RELEASES) as Release[]).filter((release) => release !== 'bookworm')
const BY_RELEASE = OTHER_RELEASES.map((release) => ({
  files: ['test/contract/libvirt/**/*.test.ts'],
  env: { VIRTFLEET_RELEASE: release },
}))

/** What is short in the ordinary run (more kills, more random domains, more random playbooks), and what is not in it at all. */
const LONG: readonly Lane[] = [
  { files: ['test/full/**/*.test.ts'] },
  { files: ['test/contract/libvirt/killed.test.ts'], env: { VIRTFLEET_KILLS: '20' } },
  { files: ['test/contract/libvirt/domain-property.test.ts'], env: { VIRTFLEET_DOMAIN_RUNS: '100' } },
  { files: ['test/contract/engine/speculation/property.test.ts'], env: { VIRTFLEET_SPECULATION_RUNS: '300' } },
]

export const STAGES: readonly Stage[] = [
  { name: 'lint', command: [bin('biome'), 'check', '--error-on-warnings', '.'] },
  { name: 'types', command: [bin('tsc'), '-p', 'tsconfig.json', '--noEmit'] },
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
  { name: 'unit', mocha: { lanes: [{ files: ['test/unit/**/*.test.ts'] }], timeout: 60_000 } },
  {
    name: 'contract',
    mocha: { lanes: CONTRACT, timeout: 300_000 },
    images: ['plain', 'network', 'security', ...API_RELEASES.map((release) => RELEASES[release])],
  },
  {
    name: 'acceptance',
    mocha: { lanes: [{ files: ['test/acceptance/**/*.test.ts'] }], timeout: 60 * 60_000 },
    images: ['vm'],
  },
  {
    name: 'releases',
    full: true,
    mocha: { lanes: BY_RELEASE, timeout: 300_000 },
    images: OTHER_RELEASES.map((release) => RELEASES[release]),
  },
  { name: 'long', full: true, mocha: { lanes: LONG, timeout: 300_000 }, images: ['plain', 'libvirt', 'cloud', 'vm'] },
]
