import { closeSync, openSync, writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { config as zod } from 'zod'
import { builtinModules } from '../../modules/index.ts'
import { connectionPool } from '../connection/index.ts'
import { type RunRequest, run } from '../engine/index.ts'
import type { EventListener, EventOf } from '../events/index.ts'
import { type Inventory, loadInventory } from '../inventory/index.ts'
import { type Diagnostic, DiagnosticError, renderDiagnostic } from '../language/index.ts'
import { loadInclude, loadPlaybook, type Playbook, type PlaybookOptions, validatePlaybook } from '../playbook/index.ts'
import { consoleReport, ndjsonReport } from '../report/index.ts'
import { createRedactor, createVault, type Redactor } from '../secrets/index.ts'
import { printDiagnostics, readForExcerpt } from './diagnostics.ts'
import { CliError, EXIT } from './exit.ts'
import { extraVariables } from './extra-vars.ts'
import { listenForInterrupts } from './interrupts.ts'
import { inventorySources, sourceOf } from './inventory.ts'
import { listPlaybooks } from './listing.ts'
import { openLog } from './log.ts'
import { growSparingly } from './memory.ts'
import { askPromptedVars } from './prompted-vars.ts'
import type { RunFlags } from './run-flags.ts'
import { reportMistakes } from './run-mistakes.ts'
import { readPasswords } from './run-secrets.ts'
import { vaultAccess, vaultPasswords } from './sources.ts'
import { type Streams, terminalOf, wantsColour } from './streams.ts'
import { VERSION } from './version.ts'

/** Loads everything, reports every mistake at once, and only then touches a host. Answers with the exit code. */
export async function runPlaybooks(files: readonly string[], flags: RunFlags, streams: Streams): Promise<number> {
  // A run checks too few arguments for zod's making of code to pay.
  zod({ jitless: true })
  const redactor = createRedactor()
  const vault = createVault(await vaultPasswords(flags, streams, redactor))
  const access = vaultAccess(vault, redactor)
  const folders = [...new Set(files.map((file) => dirname(resolve(file))))]
  const sources = inventorySources(flags.inventory)
  const options: PlaybookOptions = { registry: builtinModules, ...access }
  const diagnostics: Diagnostic[] = []

  const loaded = await loadInventory(sources, { playbookFolders: folders, ...access })
  diagnostics.push(...loaded.diagnostics)
  const extraVars = await mistakesInto(diagnostics, () => extraVariables(flags.extraVars ?? [], access))
  const playbooks: Playbook[] = []
  for (const file of files) {
    const { playbook, diagnostics: found } = await loadPlaybook(file, options)
    diagnostics.push(...found)
    if (!playbook) continue
    playbooks.push(playbook)
    diagnostics.push(
      ...(await validatePlaybook(playbook, {
        ...options,
        inventory: loaded.inventory,
        extraVariables: [...(extraVars?.keys() ?? [])],
      })),
    )
  }
  if (diagnostics.some((one) => one.severity === 'error'))
    return reportMistakes(diagnostics, files, flags, streams, redactor)
  printDiagnostics(diagnostics, streams, { notes: flags.verbose > 0, redact: (text) => redactor.text(text) })
  if (flags.syntaxCheck) return EXIT.ok
  demandHosts(loaded.inventory, flags.limit)
  if (flags.listHosts || flags.listTasks || flags.listTags) {
    for (const line of listPlaybooks(playbooks, loaded.inventory, flags)) streams.out.write(`${line}\n`)
    return EXIT.ok
  }

  growSparingly(loaded.inventory.match('all', flags.limit).hosts.length)
  const passwords = await readPasswords(flags, streams, redactor)
  const prompted = await askPromptedVars(playbooks, extraVars, streams, redactor)
  const log = openLog({
    verbosity: flags.verbose,
    stderr: streams.err,
    redact: (text) => redactor.text(text),
    ...(flags.logFile !== undefined && { file: flags.logFile }),
  })
  const pool = connectionPool()
  const interrupts = listenForInterrupts()
  const view = viewOf(flags, streams, redactor)
  const record = flags.events === undefined ? undefined : recordEvents(flags.events)
  const request: RunRequest = {
    playbooks,
    inventory: loaded.inventory,
    registry: builtinModules,
    pool,
    redactor,
    listeners: [view.listener, ...(record ? [record.listener] : [])],
    loadInclude: (include, target, rendered) => loadInclude(include, target, options, rendered),
    check: flags.check ?? false,
    diff: flags.diff ?? false,
    forks: flags.forks,
    ...(flags.factCache !== undefined && { facts: { folder: flags.factCache, age: flags.factCacheAge } }),
    ...(!flags.speculation && { speculation: { window: 0 } }),
    verbosity: flags.verbose,
    showsResults: flags.verbose > 0 || flags.output !== 'console' || record !== undefined,
    leaseWait: flags.leaseWait * 1000,
    forceHandlers: flags.forceHandlers ?? false,
    decrypt: access.decrypt,
    interrupts: interrupts.controller,
    inventorySource: sourceOf(sources),
    version: VERSION,
    log: (level, message, details) => log.write(level, message, details),
    promptedVars: (play) => prompted.get(play),
    become: {
      ...(flags.become !== undefined && { enabled: flags.become }),
      ...(flags.becomeMethod !== undefined && { method: flags.becomeMethod }),
      ...(flags.becomeUser !== undefined && { user: flags.becomeUser }),
      ...(passwords.become !== undefined && { password: passwords.become }),
    },
    connection: {
      ...(flags.user !== undefined && { user: flags.user }),
      ...(passwords.connection !== undefined && { password: passwords.connection }),
      ...(flags.privateKey !== undefined && { privateKeyFile: flags.privateKey }),
      ...(flags.connection !== undefined && { transport: flags.connection }),
      ...(flags.timeout !== undefined && { timeoutMs: flags.timeout * 1000 }),
      ...(flags.sshCommonArgs !== undefined && {
        sshArgs: flags.sshCommonArgs.split(/\s+/).filter((one) => one !== ''),
      }),
      ...(flags.hostKeyChecking !== undefined && { hostKeyPolicy: flags.hostKeyChecking }),
    },
    ...(extraVars && { extraVars }),
    ...(flags.limit !== undefined && { limit: flags.limit }),
    ...(flags.tags && { tags: flags.tags }),
    ...(flags.skipTags && { skipTags: flags.skipTags }),
    ...(flags.startAtTask !== undefined && { startAtTask: flags.startAtTask }),
  }
  try {
    return (await run(request)).exitCode
  } finally {
    view.close()
    record?.close()
    interrupts.close()
    await pool.closeAll()
    await log.close()
  }
}

/** A limit that fits no host at all is a mistake: nothing done is not what was asked for. */
function demandHosts(inventory: Inventory, limit: string | undefined): void {
  if (limit === undefined) return
  const { hosts, diagnostics } = inventory.match('all', limit)
  if (hosts.length > 0) return
  const hint = diagnostics.find((one) => one.hint !== undefined)?.hint ?? 'see virtfleet inventory --list'
  throw new CliError(`no host matches --limit '${limit}'`, { exitCode: EXIT.error, hint })
}

async function mistakesInto<T>(diagnostics: Diagnostic[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    diagnostics.push(...error.diagnostics)
    return undefined
  }
}

/** Events in a file, written as they come. */
function recordEvents(path: string): { listener: EventListener; close: () => void } {
  const file = openForEvents(path)
  return { listener: ndjsonReport((text) => void writeSync(file, text)), close: () => closeSync(file) }
}

function openForEvents(path: string): number {
  try {
    return openSync(path, 'w', 0o600)
  } catch (error) {
    throw new CliError(`cannot write the events to ${path}: ${(error as NodeJS.ErrnoException).code}`)
  }
}

function viewOf(flags: RunFlags, streams: Streams, redactor: Redactor): { listener: EventListener; close: () => void } {
  if (flags.output === 'ndjson')
    return { listener: ndjsonReport((text) => streams.out.write(text)), close: () => undefined }
  if (flags.output !== 'console') throw new CliError(`there is no output '${String(flags.output)}'`)
  return consoleReport({
    terminal: terminalOf(streams.out),
    live: streams.out.isTTY === true && process.env.TERM !== 'dumb',
    colour: wantsColour(streams.out),
    verbosity: flags.verbose,
    excerpt: (event: EventOf<'diagnostic'>) => {
      const { severity, code, message, at, hint } = event
      const diagnostic = { severity, code, message, ...(at && { at }), ...(hint !== undefined && { hint }) }
      return redactor.text(renderDiagnostic(diagnostic, readForExcerpt))
    },
  })
}
