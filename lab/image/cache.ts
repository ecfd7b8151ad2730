import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { run } from '../command.ts'
import { LabError } from '../errors.ts'
import { withLock } from '../lock.ts'
import { ownMounts } from '../namespace.ts'
import { labMark } from '../process.ts'
import type { Report } from '../progress.ts'
import { lineage, type StageName, type Surroundings, stageKey, stages } from './recipe.ts'

/** Where images are kept: $VIRTFLEET_LAB_CACHE, else /var/cache/virtfleet-lab for root, else $XDG_CACHE_HOME/virtfleet/lab. */
export function cacheFolder(): string {
  const set = process.env['VIRTFLEET_LAB_CACHE']
  if (set) return set
  if (process.getuid?.() === 0) return '/var/cache/virtfleet-lab'
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'virtfleet', 'lab')
}

/** What building needs beside the recipe. */
export interface BuildOptions {
  cache: string
  labId: string
  surroundings: Surroundings
  report: Report
  signal?: AbortSignal | undefined
}

/** The folder of a finished stage, making it and what it stands on first where they are missing. */
export async function ensureImage(wanted: StageName, options: BuildOptions): Promise<string> {
  await mkdir(options.cache, { recursive: true })
  for (const name of lineage(wanted)) {
    if (await exists(pathOf(name, options))) continue
    const onWait = (pid: number) =>
      options.report({ step: stages[name].title, detail: `waiting for the build of process ${pid}`, done: 0, total: 0 })
    await withLock(join(options.cache, 'build.lock'), { signal: options.signal, onWait }, async () => {
      if (!(await exists(pathOf(name, options)))) await build(name, options)
    })
  }
  return pathOf(wanted, options)
}

function pathOf(name: StageName, options: BuildOptions): string {
  return join(options.cache, stageKey(name, options.surroundings))
}

async function build(name: StageName, options: BuildOptions): Promise<void> {
  const stage = stages[name]
  const { surroundings, report } = options
  for (const left of await readdir(options.cache)) {
    if (left.endsWith('.building')) await rm(join(options.cache, left), { recursive: true, force: true })
  }
  const target = pathOf(name, options)
  const out = `${target}.building`
  await mkdir(join(out, 'certificates'), { recursive: true })
  for (const [file, pem] of Object.entries(surroundings.certificates)) {
    await writeFile(join(out, 'certificates', file), pem)
  }
  let done = 0
  const onLine = (line: string) => {
    done = Math.min(done + 1, stage.lines)
    report({ step: stage.title, detail: line.replace(/^[IW]: /, '').slice(0, 100), done, total: stage.lines })
  }
  try {
    // A pid and mount namespace of its own: whatever ends the builder takes every child and mount along.
    await run(
      'unshare',
      [...(await ownMounts()), '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-euc', stage.script],
      {
        env: {
          ...stage.env,
          [labMark]: options.labId,
          OUT: out,
          ROOT: join(out, 'root'),
          PARENT: stage.parent ? pathOf(stage.parent, options) : '',
          CERTIFICATES: join(out, 'certificates'),
          SUITE: stage.suite ?? surroundings.suite,
          MIRROR: surroundings.mirror,
          SECURITY_MIRROR: surroundings.securityMirror,
          APT_CONF: surroundings.aptConf,
        },
        signal: options.signal,
        timeout: 1_800_000,
        onLine,
      },
    )
    await rm(join(out, 'certificates'), { recursive: true })
    await rename(out, target)
    report({ step: stage.title, detail: 'done', done: stage.lines, total: stage.lines })
  } catch (error) {
    await rm(out, { recursive: true, force: true })
    throw error instanceof LabError ? explain(error, stage.title, surroundings.mirror) : error
  }
}

function explain(error: LabError, title: string, mirror: string): LabError {
  if (error.code !== 'command-failed') return error
  const unreached =
    /Failed getting release file|Temporary failure resolving|Could not resolve|Could not connect|Unable to fetch/
  if (unreached.test(error.hint)) {
    return new LabError('no-network', `cannot fetch Debian packages from ${mirror}`, error.hint)
  }
  return new LabError('image-failed', `cannot build the ${title}`, error.hint)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
