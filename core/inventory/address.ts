import { BadRange, expandRange } from './range.ts'

export interface HostNames {
  readonly names: string[]
  readonly port: number | undefined
}

/**
 * Host names of an entry of an inventory: `host`, `host:2222`, `[fe80::1]:2222`, a bare IPv6 address, with ranges. BadRange for
 * what is none.
 */
export function hostNames(entry: string): HostNames {
  const bracketed = /^\[([0-9a-fA-F:.]+(?:%\w+)?)\](?::(\d+))?$/.exec(entry)
  if (bracketed?.[1]?.includes('::') || (bracketed && bracketed[1]!.split(':').length > 3)) {
    return { names: [bracketed[1]!], port: portOf(bracketed[2]) }
  }
  if (/^[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:%\w+)?$/.test(entry)) return { names: [entry], port: undefined }
  if (/[[\]]/.test(entry.replace(/\[[^[\]]*\]/g, ''))) throw new BadRange(`the brackets of '${entry}' do not match`)
  if (entry.endsWith(':'))
    throw new BadRange(`'${entry}' is not a host name`, 'the colon belongs to YAML, or a port is missing')
  const withPort = /^((?:[^:[\]]|\[[^\]]*\])+):(\d+)$/.exec(entry)
  const pattern = withPort?.[1] ?? entry
  return { names: expandRange(pattern), port: portOf(withPort?.[2]) }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (port < 1 || port > 65535) throw new BadRange(`${text} is not a port`, 'ports go from 1 to 65535')
  return port
}
