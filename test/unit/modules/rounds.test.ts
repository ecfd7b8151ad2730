import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { z } from 'zod'
import { type ConnectionPool, connectionPool, type Endpoint, type Shell } from '../../../core/connection/index.ts'
import type { Json } from '../../../core/events/json.ts'
import { type Host, ModuleFailure, type StateModule } from '../../../core/module/types.ts'
import { builtinModules } from '../../../modules/index.ts'
import { drivenHost } from '../../contract/module-driver.ts'

/*
 * How many round trips a look takes, and a change. The real modules run against the shell of this machine, which counts its writes:
 * the looks of all modules, but only those changes that stay in a folder of our own. For the others the ticks are counted in which
 * they give something to the host, as all that is given in one tick travels in one write.
 */

// biome-ignore lint/suspicious/noExplicitAny: modules of every type
type AnyState = StateModule<any, any, any>

const folder = mkdtempSync(join(tmpdir(), 'virtfleet-rounds-'))
const at = (name: string): string => join(folder, name)

/** Module and arguments; each look is one round trip. */
const LOOKS: readonly (readonly [string, Json])[] = [
  ['file', { path: at('text'), mode: '0644' }],
  ['file', { path: at('link'), state: 'link', src: at('text') }],
  ['file', { path: at('tree'), state: 'directory', recurse: true, mode: 'u+rw' }],
  ['file', { path: at('none'), state: 'absent' }],
  ['template', { src: 'text', dest: at('text') }],
  ['template', { src: 'text', dest: at('tree') }],
  ['copy', { content: 'x', dest: at('none') }],
  ['copy', { src: 'text', dest: at('tree/') }],
  ['copy', { src: 'tree/', dest: at('tree') }],
  ['copy', { src: at('text'), dest: at('tree'), remote_src: true }],
  ['lineinfile', { path: at('text'), regexp: '^b', line: 'b = 2' }],
  ['stat', { path: at('text') }],
  ['stat', { path: at('link'), follow: true }],
  ['sysctl', { name: 'kernel.hostname', value: 'x', sysctl_file: at('text') }],
  ['modprobe', { name: 'br_netfilter', persistent: 'present' }],
  ['hostname', { name: 'x' }],
  ['group', { name: 'root' }],
  ['user', { name: 'root', password: '!', groups: ['root'] }],
  ['user', { name: 'root', home: '/root' }],
  ['package', { name: 'bash', update_cache: true }],
  ['apt', { name: 'bash', update_cache: true }],
  ['dnf', { name: 'bash' }],
  ['service', { name: 'cron', state: 'started', enabled: true }],
  ['ping', {}],
  ['setup', {}],
  ['setup', { gather_subset: ['!all', '!min', 'network'] }],
  ['mount', { path: '/proc', src: 'proc', fstype: 'proc', state: 'mounted' }],
  ['mount', { path: '/proc', src: '/srv', fstype: 'none', opts: 'bind', state: 'mounted' }],
  ['mount', { path: '/', src: 'LABEL=root', fstype: 'ext4', state: 'mounted' }],
  ['nfs_export', { path: '/srv', clients: ['192.0.2.1'] }],
  ['cloud_init', { dest: at('seed.iso'), hostname: 'x' }],
  ['bridge', { name: 'vfnone0', backend: 'networkd' }],
  ['bridge', { name: 'vfnone0' }],
  ['firewall', { service: 'libvirt-migration' }],
  ['firewalld', { service: 'nfs', permanent: true, state: 'enabled' }],
  ['seboolean', { name: 'virt_use_nfs', state: true, persistent: true }],
  ['sefcontext', { target: '/srv/vf-none(/.*)?', setype: 'virt_image_t', restorecon: true }],
]

/** Looks that take the package manager seconds: the ticks are counted. */
const LONG_LOOKS: readonly (readonly [string, Json])[] = [
  ['package', { name: ['bash', 'no-such-package'], state: 'latest', upgrade: 'full', update_cache: true }],
  ['package', { name: '*', state: 'latest' }],
]

/** Modules whose looks are counted elsewhere: libvirt's tests count what is asked. */
const ELSEWHERE = /^libvirt_/

const CONNECTED = { LoadState: 'loaded', ActiveState: 'inactive', SubState: 'dead', Type: 'simple' }

/** Module, arguments and the state that it found; each change is one round trip. */
const CHANGES: readonly (readonly [string, Json, object])[] = [
  ['sysctl', { name: 'net.ipv4.ip_forward', value: '1' }, { file: '', live: '0\n' }],
  [
    'modprobe',
    { name: 'br_netfilter', params: 'a=1', persistent: 'present' },
    { loaded: false, builtin: false, file: undefined, options: 'old' },
  ],
  ['hostname', { name: 'x' }, { live: 'y', file: 'y' }],
  ['group', { name: 'new' }, { gid: undefined }],
  [
    'user',
    { name: 'new', password: '$6$x', password_lock: true, groups: ['root'] },
    { account: undefined, known: new Map([['root', 'root']]) },
  ],
  ['service', { name: 'cron', state: 'started', enabled: true }, { unit: CONNECTED, enabled: 'disabled' }],
  [
    'mount',
    { path: '/mnt', src: '/dev/x', fstype: 'ext4', state: 'mounted' },
    { fstab: '', mount: undefined, sameSource: false, directory: false },
  ],
  ['nfs_export', { path: '/srv', clients: ['192.0.2.1'] }, { file: undefined, live: [], directory: true }],
]

/** Changes in the folder, with the looks behind them. */
const CHANGES_HERE: readonly (readonly [string, Json])[] = [
  ['file', { path: at('new/folder'), state: 'directory', mode: '0750' }],
  ['file', { path: at('new-link'), state: 'link', src: at('text') }],
  ['template', { src: 'text', dest: at('from-template'), mode: '0600' }],
  ['copy', { content: 'x\n', dest: at('from-content') }],
  ['copy', { src: 'text', dest: at('into/') }],
  ['copy', { src: 'tree/', dest: at('copied') }],
  ['lineinfile', { path: at('from-content'), line: 'y' }],
  ['lineinfile', { path: at('text'), line: 'a = 1', mode: '0640' }],
]

describe('round trips of modules', function () {
  this.timeout(60_000)
  const pool: ConnectionPool = connectionPool()
  const endpoint: Endpoint = {
    name: 'here',
    transport: 'local',
    address: '',
    hostKeys: { policy: 'strict' },
    useSshConfig: false,
  }
  let host: Host
  let shell: Shell

  before(async () => {
    writeFileSync(at('text'), 'a = 1\nb = 1\n')
    symlinkSync(at('text'), at('link'))
    mkdirSync(at('tree/sub'), { recursive: true })
    for (const name of ['one', 'two', 'sub/three']) writeFileSync(at(`tree/${name}`), name)
    host = { ...(await drivenHost(pool, endpoint)), files: controllerFiles() }
    shell = await (await host.connection()).shell()
  })
  after(async () => {
    await pool.closeAll()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Files of the controller that are there at once: what is counted is the host. */
  const controllerFiles = (): Host['files'] => ({
    ...host?.files,
    find: async (_kind, path) => at(path.replace(/\/$/, '')),
    read: async (path) => readFileSync(path),
    list: async () => ['one', 'sub/', 'sub/three', 'two'],
    stat: async (path) => {
      const { size, mode, mtimeMs } = statSync(path)
      return { kind: statSync(path).isDirectory() ? 'directory' : 'file', size, mode, mtimeMs }
    },
  })

  async function load(name: string, input: Json): Promise<{ module: AnyState; args: unknown }> {
    const module = (await builtinModules.load(name)) as AnyState
    return { module, args: (module.args as z.ZodType).parse(input) }
  }

  it('are known of every module that has a state', async () => {
    const states: string[] = []
    for (const alias of builtinModules.names()) {
      const module = await builtinModules.load(alias)
      if (module?.kind === 'state' && module.name === alias && !ELSEWHERE.test(alias)) states.push(alias)
    }
    expect(states.filter((name) => !LOOKS.some(([one]) => one === name))).to.deep.equal([])
  })

  for (const [name, input] of LOOKS)
    it(`one for a look: ${name} ${JSON.stringify(input).replaceAll(folder, '')}`, async () => {
      const { module, args } = await load(name, input)
      const before = shell.writes
      // What this machine lacks is no matter here.
      await module.probe(host, args).catch((error: unknown) => {
        if (!(error instanceof ModuleFailure)) throw error
      })
      expect(shell.writes - before).to.equal(1)
    })

  for (const [name, input] of LONG_LOOKS)
    it(`one for a long look: ${name} ${JSON.stringify(input)}`, async () => {
      const { module, args } = await load(name, input)
      const { ticking, ticks, scripts } = tickingHost(host, 'apt\n')
      await module.probe(ticking, args)
      expect(scripts()).to.be.greaterThan(0)
      expect(ticks()).to.equal(1)
    })

  for (const [name, input, state] of CHANGES)
    it(`one for a change: ${name}`, async () => {
      const { module, args } = await load(name, input)
      const { ticking, ticks, scripts } = tickingHost(host, '\n\n\n')
      await module.apply(ticking, args, state, module.diff(state, args))
      expect(scripts()).to.be.greaterThan(0)
      expect(ticks()).to.equal(1)
    })

  for (const [name, input] of CHANGES_HERE)
    it(`one for a change and the look behind it: ${name} ${JSON.stringify(input).replaceAll(folder, '')}`, async () => {
      const { module, args } = await load(name, input)
      const state = await module.probe(host, args)
      const changes = module.diff(state, args)
      expect(changes).not.to.deep.equal([])
      const before = shell.writes
      const applied = module.apply(host, args, state, changes)
      // As the engine does: once the change was handed over, in the same write.
      await new Promise((resolve) => process.nextTick(resolve))
      const [after] = await Promise.all([module.probe(host, args), applied])
      expect(shell.writes - before).to.equal(1)
      expect(module.diff(after, args)).to.deep.equal([])
    })
})

/** A host that changes nothing, and says that all went well: `said`, which is a line for each file that was written. */
function tickingHost(host: Host, said: string): { ticking: Host; ticks: () => number; scripts: () => number } {
  let [ticks, scripts, open] = [0, 0, false]
  const given = async (): Promise<void> => {
    scripts++
    if (!open) {
      ticks++
      open = true
      setImmediate(() => {
        open = false
      })
    }
    // The answer takes its time.
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const answer = { status: 0, stdout: Buffer.from(said), stderr: Buffer.alloc(0), merged: false, durationMs: 0 }
  const ticking: Host = {
    ...host,
    read: async () => given().then(() => answer),
    run: async () => given().then(() => answer),
    writeFile: async () => given().then(() => ({})),
  }
  return { ticking, ticks: () => ticks, scripts: () => scripts }
}
