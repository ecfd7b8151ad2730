import { replaceScript } from '../../../../core/connection/files/replace.ts'
import { type ShellText, sh } from '../../../../core/connection/quote.ts'
import type { Change } from '../../../../core/module/types.ts'
import { KEPT_FILE, setInclude } from './include.ts'
import type { NftState } from './nftables.ts'
import { OUR_CHAIN, type Place } from './rules.ts'

/** What is to be done on a host. */
export interface NftPlan {
  readonly told: readonly Change[]
  /** Commands of one transaction of nft's. */
  readonly live: readonly string[]
  /** Jumps of ours that it removes by their numbers, which others' rules may have got meanwhile. */
  readonly jumps: readonly (Place & { readonly handle: number })[]
  /** Texts of our file and of the one that includes it; an empty one of ours is no file. */
  readonly kept: string
  readonly main: string | undefined
}

const FOLDER = '/etc/virtfleet'
const CHECKED = `${FOLDER}/check.nft`

/**
 * What will be loaded at boot is checked by nft before anything counts; then the files, then the running ruleset in one transaction. Where
 * one of these fails, the files are as before. The ruleset is never loaded from its file: that would lose the tables of others.
 */
export function nftScript(state: NftState, plan: NftPlan): ShellText {
  const { main } = state
  const put = (path: string, text: string): ShellText =>
    text === '' ? sh`rm -f -- ${path}` : sh`( ${replaceScript(path, text, { mode: '0644' })}\n) >/dev/null`
  const steps: [ShellText, ShellText][] = []
  const keptChanges = plan.kept !== state.kept
  // The file must be there as long as it is included: without it nothing would be loaded at boot.
  const first = plan.kept === ''
  const kept: [ShellText, ShellText] = [put(KEPT_FILE, plan.kept), put(KEPT_FILE, state.kept)]
  if (keptChanges && !first) steps.push(kept)
  if (main && plan.main !== undefined && plan.main !== main.text)
    steps.push([replaceMain(main.path, plan.main), replaceMain(main.path, main.text)])
  if (keptChanges && first) steps.push(kept)
  const live = plan.live.length === 0 ? [] : [sh`printf '%s\n' ${plan.live} | nft -f -`]
  const all = [...steps, ...live.map((one) => [one, sh`:`] as const)]
  return sh.join([
    sh`mkdir -p ${FOLDER} || exit 1`,
    main && plan.kept !== '' ? check(setInclude(main.text, false), plan.kept) : sh`:`,
    ...plan.jumps.map(
      ({ family, table, name, handle }) =>
        sh`nft -a list chain ${family} ${table} ${name} | grep -q ${`jump ${OUR_CHAIN} .*# handle ${handle}$`} || { echo 'the ruleset changed meanwhile' >&2; exit 1; }`,
    ),
    ...all.map(([act], i) => {
      const back = all
        .slice(0, i + 1)
        .reverse()
        .map(([, undo]) => undo)
      return sh`${act} || { ${sh.join([...back, sh`exit 1`])}\n}`
    }),
    sh`rmdir ${FOLDER} 2>/dev/null || :`,
  ])
}

const replaceMain = (path: string, text: string): ShellText => sh`( ${replaceScript(path, text)}\n) >/dev/null`

const check = (main: string, kept: string): ShellText => sh`trap 'rm -f ${CHECKED}' EXIT
(umask 077; printf '%s\n' ${main} ${kept} > ${CHECKED}) || exit 1
nft -c -f ${CHECKED}; c=$?; rm -f ${CHECKED}
[ $c = 0 ] || { echo 'nft refuses what would be loaded at boot' >&2; exit 1; }`
