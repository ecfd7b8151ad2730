import type { Command } from '../../../../core/connection/shell/command.ts'

/** A script that was sent to a shell, without what is drawn by lot in it. */
export type Script = string

export interface ScriptWatch {
  readonly scripts: Script[]
  /** Batches sent: a round trip each. */
  readonly writes: number
  end(): void
}

/** Writes down what all sessions send until it is ended. */
export async function watchScripts(): Promise<ScriptWatch> {
  const { Session } = await import('../../../../core/connection/shell/session.ts')
  const { prototype } = Session
  const { run } = prototype
  const scripts: Script[] = []
  let writes = 0
  prototype.run = function (commands: readonly Command[]) {
    writes++
    for (const { script, stdin } of commands)
      scripts.push(...apart(withoutLots(`${script.text}\n${stdin?.toString() ?? ''}`)))
    return run.call(this, commands)
  }
  return {
    scripts,
    get writes() {
      return writes
    },
    end: () => {
      prototype.run = run
    },
  }
}

/** A script that looks at several paths for several tasks, as one for each path; others as they are. */
function apart(text: string): Script[] {
  const looks = text.split(/^set -- ?; O=@@LOT\$L\n/m)[1]
  if (looks === undefined) return [text]
  const paths = looks.split(/see; set -- "\$@" "\$p"(?:; fi)?\n/).slice(0, -1)
  const links = looks.split('\n').filter((line) => line.includes('if [ -h "$p" ]; then K='))
  return [...paths, ...links].map((one) => `look at ${one}`)
}

const withoutLots = (text: string): string => text.replace(/\b[0-9a-f]{24}\b/g, 'LOT')
