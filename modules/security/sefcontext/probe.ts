import { type ShellText, sh } from '../../../core/connection/quote.ts'
import { arg } from '../../../core/module/arg.ts'
import type { Reader } from '../../../core/module/types.ts'
import { pathOf } from '../contexts.ts'
import { parseSelinux, type Selinux, selinuxStart } from '../selinux.ts'

const name = () => arg.name().refine((text) => /^[\w.:,-]+$/.test(text), 'must be a name of the policy')

export const sefcontextArgs = arg
  .object(
    {
      target: arg
        .name()
        .refine((text) => text.startsWith('/') && !/\s/.test(text), 'must be a path or an expression for paths')
        .describe('path, or regular expression of whole paths, as /srv/images(/.*)?'),
      setype: arg
        .name()
        .refine((text) => /^(\w+|<<none>>)$/.test(text), 'must be a type')
        .optional()
        .describe('type; <<none>>: such files get no label'),
      substitute: arg.path().optional().describe('treat the target as this path instead'),
      ftype: arg
        .choice('a', 'b', 'c', 'd', 'f', 'l', 'p', 's')
        .default('a')
        .describe('kind of files: all, block, character, directory, file, link, pipe, socket'),
      seuser: name().optional().describe("SELinux's user; system_u unless it is there"),
      selevel: name().optional().describe('level or range; s0 unless it is there'),
      state: arg
        .choice('present', 'absent')
        .default('present')
        .describe('absent removes what was added, never what the policy says'),
      reload: arg.bool().default(true).describe('load the policy after it'),
      restorecon: arg
        .bool()
        .default(false)
        .describe('give the files that are there their labels; for a target of the form /path or /path(/.*)?'),
      ignore_selinux_state: arg
        .bool()
        .default(false)
        .describe('where SELinux is disabled: change the stored policy all the same'),
    },
    { aliases: { path: 'target', serange: 'selevel', equal: 'substitute' } },
  )
  .refine((a) => a.state === 'absent' || (a.setype === undefined) !== (a.substitute === undefined), {
    message: 'give either setype or substitute',
  })
  .refine((a) => !a.restorecon || (pathOf(a.target) ?? '') !== '', {
    message: 'restorecon needs a target of the form /path or /path(/.*)?',
  })

export type SefcontextSpec = ReturnType<typeof sefcontextArgs.parse>

export interface SefcontextState {
  readonly selinux: Selinux
  /** Lines with the target: what was added on this host, what the policy has, and what is treated as another path. */
  readonly local: string
  readonly policy: string
  readonly substitutions: string
  /** Files whose labels differ, the first hundred. */
  readonly wrong: readonly { readonly path: string; readonly from: string; readonly to: string }[]
}

const SHOWN = 101

export async function probeContexts(host: Reader, a: SefcontextSpec): Promise<SefcontextState> {
  const look = host.read(sh`${selinuxStart}
[ -n "$t" ] || exit 0
d=/etc/selinux/$t/contexts/files
for f in file_contexts.local file_contexts file_contexts.subs; do echo "@$f"; grep -F -- ${a.target} "$d/$f" 2>/dev/null; done
exit 0`)
  const shown = a.restorecon ? host.read(sh`${selinuxStart}\n${relabel(undefined, a, 'look')}`) : undefined
  const [answer, labels] = await Promise.all([look, shown])
  const [head = '', ...lines] = answer.stdout.toString().split('\n')
  const part = (file: string): string => {
    const from = lines.indexOf(`@${file}`)
    const to = lines.findIndex((line, i) => i > from && line.startsWith('@'))
    return from < 0 ? '' : lines.slice(from + 1, to < 0 ? undefined : to).join('\n')
  }
  return {
    selinux: parseSelinux(answer.status, head),
    local: part('file_contexts.local'),
    policy: part('file_contexts'),
    substitutions: part('file_contexts.subs'),
    wrong: (labels?.stdout.toString() ?? '').split('\n').flatMap((line) => {
      const [, path, from, to] = /^Would relabel (.+) from (\S+|\(null\)) to (\S+)$/.exec(line) ?? []
      return path === undefined ? [] : [{ path, from: from!, to: to! }]
    }),
  }
}

/** Looks for files with other labels than the policy's, or gives them theirs. Where the kernel has no SELinux, by the stored policy. */
export function relabel(selinux: Selinux | undefined, a: SefcontextSpec, act: 'look' | 'now'): ShellText {
  const path = pathOf(a.target)!
  const flags = act === 'look' ? ['-n', '-v'] : []
  const bound = act === 'look' ? sh`2>/dev/null | head -n ${SHOWN}` : sh``
  const live = sh`restorecon -R ${flags} -- ${path} ${bound}`
  const stored = (policy: ShellText): ShellText =>
    sh`setfiles ${flags} ${sh.join([sh`/etc/selinux/`, policy, sh`/contexts/files/file_contexts`], '')} ${path} ${bound}`
  const there = sh`[ -e ${path} ] || exit 0`
  if (!selinux) return sh`${there}\nif [ "$on" = on ]; then ${live}; else ${stored(sh.raw('"$t"'))}; fi`
  return sh`${there}\n${selinux.enabled ? live : stored(sh`${selinux.policy ?? ''}`)}`
}
