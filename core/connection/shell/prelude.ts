import { quote } from '../quote.ts'
import { ending } from './prelude/ending.ts'
import { jobs } from './prelude/jobs.ts'
import { ANSWER, mark, PRINT } from './prelude/marks.ts'
import type { PreludeOptions } from './prelude/options.ts'
import { outputs } from './prelude/outputs.ts'

/*
 * The two shells of a session. The listening shell reads our lines and is never busy; each batch runs in a job: a shell of
 * its own session and process group, which gets its script through a pipe or a FIFO (argv and environment are open to other
 * users). A job whose commands have left nothing behind waits for the next batch; after any other one the next batch gets a new
 * job, so that ending it cannot reach what an earlier command left running.
 *
 * A mark is RS, the batch's nonce, a space, a word with arguments, and a newline. Each is a packet, so stderr has none but those that tell how
 * far it has come: what stands there before the first one's end is taken for its own. Marks of a job: `B` (what follows belongs to the next
 * command; none before a batch that can leave nothing behind, which has begun when it is sent; behind one of ours that may have left something, on
 * each stream), `E seq status` (ended; the next one begins), `X seq` (its time is over, and nothing is begun any
 * more), `F seq` (no FIFO could be made), `J` (the batch is over, and the job; with `w` it waits for another). Marks of the listening shell: `H` (hello), `K` (the
 * job was ended), `A` (it is alive), `S` (survivors of the last job: the batch was not begun), `L` (an answer of what is kept
 * beside the batches: Connection.aside). Descriptor 9 is for what is kept there; no job and no reader has it.
 *
 * A user's command writes into a pair of FIFOs of its own, `o1` and `e1`, `o2` and `e2` …: made many at once, and read by
 * one `cat o1 o2 …` for each stream, so that a command costs no process but its own. The reader goes on to the next FIFO when
 * nobody has the last one open any more; where somebody keeps it (what a command left behind), the reader is replaced
 * by one that begins behind it. A job that can open the pair behind its command's knows that all was passed on. What
 * is shielded has readers of its own instead, which outlive the connection.
 *
 * On a terminal a shell would give each of its jobs a group of its own, and setsid(1) would fork: so `set +m` comes first.
 *
 * The listening shell has no locale: each tool that it starts would open a dozen files for it. A job has C.UTF-8.
 */

const STANDARD_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Stands for the nonce in texts that are kept. */
const NONCE = '@nonce@'
const texts = new Map<string, string>()

/** What the listening shell is told first; its last act is the hello mark. `user`: whose shell it is, where that is known. */
export function prelude({ nonce, ...options }: PreludeOptions, user = ''): string {
  const key = JSON.stringify(options)
  let text = texts.get(key)
  if (text === undefined) {
    text = withoutComments(listener({ ...options, nonce: NONCE }))
    texts.set(key, text)
  }
  return `vf_who=${quote(user)}\n${text.replaceAll(NONCE, nonce)}`
}

/** It is sent for each shell of each host. */
const withoutComments = (text: string): string => text.replace(/^ *(?:#.*\n)?/gm, '')

const listener = (options: PreludeOptions): string => `set +m
unset ENV BASH_ENV CDPATH LANGUAGE GREP_OPTIONS POSIXLY_CORRECT
[ -z "\${BASH_VERSION-}" ] || unset SSH_CLIENT SSH2_CLIENT
PATH=${STANDARD_PATH}\${PATH:+:$PATH} LC_ALL=C vf_l10n=C
if [ -d /usr/lib/locale/C.utf8 ] || [ -d /usr/lib/locale/C.UTF-8 ]; then vf_l10n=C.UTF-8
elif command -v locale >/dev/null 2>&1; then case $(locale -a 2>/dev/null) in *C.utf8* | *C.UTF-8*) vf_l10n=C.UTF-8 ;; esac
else for vf_s in /lib/ld-musl-*; do [ ! -e "$vf_s" ] || vf_l10n=C.UTF-8; done; fi
export PATH LC_ALL
cd . 2>/dev/null || cd "\${HOME:-/}" 2>/dev/null || cd /
${PRINT}
${mark(options.merged)}
${ANSWER}
N=${options.nonce} D= vf_mixed= vf_sets=0 vf_held= vf_pid= vf_e= vf_g= vf_made=0 vf_next=1 vf_ro= vf_re= vf_fed= vf_f=0
if command -v setsid >/dev/null 2>&1; then vf_x=setsid
elif command -v busybox >/dev/null 2>&1; then vf_x='busybox setsid'
else vf_x=; trap : TERM; fi
if command -v base64 >/dev/null 2>&1; then vf_s=base64
elif command -v openssl >/dev/null 2>&1; then vf_s=openssl
elif command -v busybox >/dev/null 2>&1; then vf_s=busybox
else vf_s=octal; fi
# The user of the login, and root, are known without a process.
vf_id= vf_uid=
{ while read -r vf_n vf_c vf_uid vf_l && [ "$vf_n" != Uid: ]; do vf_uid=; done </proc/self/status
[ "$vf_uid" = 0 ] && IFS=: read -r vf_c vf_n vf_uid vf_l </etc/passwd && [ "$vf_uid" = 0 ] && vf_id="uid=0($vf_c)"
} 2>/dev/null
[ -n "$vf_id" ] || [ -z "$vf_uid" ] || [ -z "$vf_who" ] || vf_id="uid=$vf_uid($vf_who)"
[ -n "$vf_id" ] || vf_id=$(id 2>/dev/null)
vf_uid=\${vf_id#uid=} vf_uid=\${vf_uid%%[!0-9]*}
${ending(options)}${outputs(options)}${jobs(options)}trap vf_exit EXIT
# A signal that comes just when the end has begun would otherwise cut it off.
trap 'vf_exit; exit' HUP PIPE
[ -z "$vf_x" ] || trap 'vf_exit; exit' TERM
vf_m H "$vf_s|$vf_x|$vf_id"
`
