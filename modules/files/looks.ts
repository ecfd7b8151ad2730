import type { JointRead } from '../../core/connection/joint.ts'
import type { Reader } from '../../core/module/types.ts'
import type { Entry } from './entry.ts'
import { parseLooks } from './looks-answer.ts'
import type { WantedDetails } from './looks-details.ts'
import { looksScript } from './looks-script.ts'

/*
 * What is at paths of a host: for all that is asked in one tick, by however many tasks, one script with one process for all of stat
 * and one for all digests.
 */

/** A path to look at. */
export interface Look {
  readonly path: string
  /** Name in `path` to look at instead, where `path` is a folder. */
  readonly into?: string | undefined
  /**
   * What is wanted of the content of a file that may be read. `declared`: its SHA-256, beside that of what is declared (lower-case
   * hexadecimal; without it any content differs). `text`: the content.
   */
  readonly content?: { readonly declared: string | undefined } | 'text'
  /** A link at the path itself is looked at too; `only`: instead of what it leads to (not with `into`). */
  readonly link?: boolean | 'only'
  readonly details?: WantedDetails
}

/** The same with whether --diff was asked: then a content that differs from the declared one is brought along. */
export interface WantedLook extends Look {
  readonly diff: boolean
}

/** More of what is there. */
export interface Details {
  /** What the user may do with it: some of r, w, x. */
  readonly access: string
  /** Where a link leads in the end. */
  readonly source: string | undefined
  /** Of a file that may be read. */
  readonly digest: string | undefined
  /** `text/plain; charset=us-ascii`; undefined where there is no content to guess from, and where the host has no file(1). */
  readonly mime: string | undefined
}

export interface Seen {
  /** The path with `into`, where that counted. */
  readonly path: string
  /** What a link at the path leads to, unless `only` the link was asked, or the thing itself; with its `digest` where that was asked and it may be read. */
  readonly entry: Entry | undefined
  /** The link itself with its `target`, where that was asked. */
  readonly link: Entry | undefined
  /** A text; or a content that differs from what is declared, is at most DIFF_LIMIT bytes, and --diff was asked. */
  readonly content: Buffer | undefined
  /** Where they were asked, and something is there. */
  readonly details?: Details | undefined
  /** Number of the file system: of the entry, or of the nearest folder above a path that is not there. */
  readonly device: number
}

const looks: JointRead<WantedLook, Seen> = {
  key: ({ path, into, content, link, details, diff }) => {
    const wanted = typeof content === 'object' ? (content.declared ?? 'none') : content
    return [path, into, wanted, link, details?.follow, details?.digest, details?.mime, diff].join('\0')
  },
  script: looksScript,
  parse: parseLooks,
  // A shell takes quadratic time to gather them.
  most: 100,
}

/** Looks at all of them in one round trip, through links. Raises ModuleFailure where a path cannot be looked at. */
export function look(host: Reader, wanted: readonly Look[]): Promise<Seen[]> {
  return Promise.all(wanted.map((one) => host.readJointly(looks, { ...one, diff: host.wantsDiff })))
}
