import { createInterface } from 'node:readline/promises'
import { attempt } from '../lab/command.ts'
import { ensureInstalled } from '../lab/packages.ts'

/** Installs the Debian packages that are missing, after asking unless `yes`. Throws LabError when they cannot be had. */
export async function ensureBenchPackages(packages: readonly string[], yes: boolean): Promise<void> {
  const report = ({ detail }: { detail: string }): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kpackages: ${detail}`.slice(0, 100))
  }
  await ensureInstalled(packages, 'the benchmarks need', { yes, ...(process.stdin.isTTY && { confirm: ask }) }, report)
}

async function ask(packages: readonly string[]): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test(await prompt.question(`install ${packages.join(' ')} with apt-get? [y/N] `))
  } finally {
    prompt.close()
  }
}

/** `name version` of those packages that are installed. */
export async function installedVersions(packages: readonly string[]): Promise<string[]> {
  const { stdout } = await attempt('dpkg-query', [
    '-W',
    '-f',
    '${Package} ${Version} ${db:Status-Status}\n',
    ...packages,
  ])
  return stdout.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.replace(/ installed$/, '')] : []))
}
