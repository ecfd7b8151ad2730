import { type ShellText, sh } from '../../../connection/quote.ts'

/*
 * One script that joins its standard input and output with the daemon's socket, by what the host has: virt-ssh-helper
 * (libvirt 6.8 and later; knows where the socket is), nc with -U, socat. It says on stderr why it cannot.
 */

/** The script's exit statuses; virt-ssh-helper, nc and socat have none of these. */
export const ENDED = { notInstalled: 91, notRunning: 92, noRelay: 93 } as const

/** What stands before the path of the socket on stderr where no program can relay it. */
export const SOCKET_MARK = 'virtfleet-socket '

/** A URI of a daemon on its own host: the driver, and whose daemon it is. */
export interface LocalUri {
  readonly driver: string
  readonly session: boolean
}

/** Undefined for a URI that is not of a daemon on this host, which only virsh knows how to follow. */
export function localUri(uri: string): LocalUri | undefined {
  const match = /^([a-z]+):\/\/\/(system|session)?$/.exec(uri)
  return match?.[1] === undefined ? undefined : { driver: match[1], session: match[2] === 'session' }
}

/** Where the system's daemons listen, the modular one first; none for a URI of another kind, whose socket only the host knows. */
export function systemSockets(uri: string): string[] {
  const local = localUri(uri)
  if (!local || local.session) return []
  return [`/run/libvirt/virt${local.driver}d-sock`, '/run/libvirt/libvirt-sock']
}

/** Modular daemons first (virtqemud), as libvirt looks for them; it opens networks and storage by itself. */
export function relayScript(uri: string, { driver, session }: LocalUri): ShellText {
  const folders = session
    ? sh.raw('"${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/libvirt"')
    : sh`/run/libvirt /var/run/libvirt`
  return sh`LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin
command -v virt-ssh-helper >/dev/null 2>&1 && exec virt-ssh-helper ${uri}
s=
for d in ${folders}; do for n in ${`virt${driver}d-sock`} libvirt-sock; do
[ -z "$s" ] && [ -S "$d/$n" ] && s=$d/$n
done; done
if [ -z "$s" ]; then
for p in ${`virt${driver}d`} libvirtd; do command -v "$p" >/dev/null 2>&1 && { echo "no socket of $p" >&2; exit ${ENDED.notRunning}; }; done
echo 'libvirt is not installed' >&2; exit ${ENDED.notInstalled}
fi
h=$(nc -h 2>&1)
case $h in
*-U*) case $h in *'-q '*) exec nc -q 0 -U "$s";; *) exec nc -U "$s";; esac;;
esac
command -v socat >/dev/null 2>&1 && exec socat - "UNIX-CONNECT:$s"
echo ${SOCKET_MARK}"$s" >&2; exit ${ENDED.noRelay}`
}
