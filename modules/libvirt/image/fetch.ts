import { type ShellText, sh } from '../../../core/connection/quote.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'

/** No list of checksums is longer. */
const LIST_LIMIT = 1024 * 1024
const LIST_SECONDS = 60
/** The script's status where the host has nothing to fetch with. */
export const NO_FETCHER = 97

export const noFetcher = (): ModuleFailure =>
  new ModuleFailure('the host has neither curl nor wget', { hint: 'install one with the module package' })

/** A list of checksums, fetched by the host. */
export async function fetchList(host: Reader, url: string): Promise<string> {
  const answer = await host.read(
    sh`if command -v curl >/dev/null 2>&1; then curl -fsSL --proto =http,https,ftp --max-time ${LIST_SECONDS} -- ${url}
elif command -v wget >/dev/null 2>&1; then wget -q -T ${LIST_SECONDS} -O - -- ${url}
elif busybox wget --help >/dev/null 2>&1; then busybox wget -q -O - -- ${url}
else exit ${NO_FETCHER}; fi`,
    { timeoutMs: 2 * LIST_SECONDS * 1000 },
  )
  if (answer.status === NO_FETCHER) throw noFetcher()
  const said = answer.stderr.toString().trim().split('\n').at(-1) ?? ''
  if (answer.status !== 0) throw new ModuleFailure(`${url} cannot be fetched: ${said || `status ${answer.status}`}`)
  if (answer.stdout.length > LIST_LIMIT) throw new ModuleFailure(`${url} is no list of checksums: it is too long`)
  return answer.stdout.toString('latin1')
}

/**
 * Script that gets `url` into the file `$f`, going on with what is in it. A server that cannot go on, and a file that is whole already,
 * are no failure of the first try: the caller looks at the checksum, and begins anew where it is another.
 */
export const fetchScript = (url: string): ShellText => sh`fetch() {
  if command -v curl >/dev/null 2>&1; then curl -fsSL --retry 3 --proto =http,https,ftp -C - -o "$f" -- ${url}
  elif command -v wget >/dev/null 2>&1; then wget -q -c -O "$f" -- ${url}
  elif busybox wget --help >/dev/null 2>&1; then busybox wget -q -c -O "$f" -- ${url}
  else exit ${NO_FETCHER}; fi
}`
