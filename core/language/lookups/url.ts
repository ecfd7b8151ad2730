import { PythonError, str } from '../python/index.ts'
import type { CallContext, LookupFunction } from '../types.ts'
import type { Value } from '../values.ts'
import { isOn, type Options, option } from './table.ts'

const maxBody = 16 * 1024 * 1024

function headersOf(kwargs: Options): Record<string, string> {
  const headers: Record<string, string> = {}
  const given = kwargs.get('headers')
  if (given instanceof Map) for (const [name, value] of given) headers[str(name)] = str(value)
  const user = option(kwargs, 'username')
  if (user !== undefined) {
    headers.authorization = `Basic ${Buffer.from(`${user}:${option(kwargs, 'password') ?? ''}`).toString('base64')}`
  }
  return headers
}

async function fetchText(url: string, kwargs: Options, context: CallContext): Promise<string> {
  const { protocol } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new PythonError('FilterError', `the lookup 'url' reads http and https, not ${protocol}`)
  if (!isOn(kwargs, 'validate_certs', true))
    throw new PythonError('FilterError', "the lookup 'url' always validates certificates")
  const limit = AbortSignal.timeout(Number(option(kwargs, 'timeout') ?? 10) * 1000)
  const { signal } = context.scope.environment
  try {
    const response = await fetch(url, {
      headers: headersOf(kwargs),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
    if (!response.ok) throw new PythonError('FilterError', `${url} answered ${response.status} ${response.statusText}`)
    return await bodyOf(response, url)
  } catch (error) {
    if (error instanceof PythonError || signal?.aborted) throw error
    throw new PythonError(
      'FilterError',
      `${url} could not be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

async function bodyOf(response: Response, url: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > maxBody) throw new PythonError('FilterError', `${url} gave more than ${maxBody} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The text behind URLs, as lines, or whole with `split_lines=false`. */
export const url: LookupFunction = async (terms, kwargs, context): Promise<Value[]> => {
  const texts = await Promise.all(terms.map((t) => fetchText(str(t), kwargs, context)))
  return isOn(kwargs, 'split_lines', true) ? texts.flatMap((t) => t.replace(/\n$/, '').split(/\r?\n/)) : texts
}
