import { type ShellText, sh } from '../../core/connection/quote.ts'
import { ModuleFailure } from '../../core/module/types.ts'

/** Exit status of `selinuxStart` where the user may not look. */
export const NOT_ROOT = 77

/**
 * Begins a script that looks: $on is `on` where the kernel runs SELinux, enforcing or not; $t is the policy's name, empty where the host
 * has none. Both are the first line of its output.
 */
export const selinuxStart: ShellText = sh`[ "$(id -u)" = 0 ] || exit ${NOT_ROOT}
LC_ALL=C; export LC_ALL
on=off; [ -e /sys/fs/selinux/enforce ] && on=on
t=; [ -r /etc/selinux/config ] && while IFS= read -r l; do
  case $l in SELINUXTYPE=*[!A-Za-z0-9_=-]*) ;; SELINUXTYPE=*) t=\${l#*=} ;; esac
done </etc/selinux/config
echo "$on $t"`

/** What `selinuxStart` told. */
export interface Selinux {
  readonly enabled: boolean
  /** The policy's name: targeted, default, mls. */
  readonly policy: string | undefined
}

/** Reads the first line. Raises ModuleFailure where only root could look. */
export function parseSelinux(status: number, line: string): Selinux {
  if (status === NOT_ROOT)
    throw new ModuleFailure('only root may look at the policy of SELinux', { hint: 'use become: true' })
  const [, on, policy] = /^(on|off) ([\w-]*)$/.exec(line) ?? []
  return { enabled: on === 'on', policy: policy === '' ? undefined : policy }
}

/** Raises ModuleFailure where there is no SELinux that a task could mean. Its mode is the host's own affair: no module sets it. */
export function needSelinux({ enabled, policy }: Selinux, ignored: boolean): void {
  if (enabled) return
  if (!ignored)
    throw new ModuleFailure('SELinux is disabled on this host', {
      hint: "when: ansible_selinux.status == 'enabled' skips such hosts; ignore_selinux_state: true changes the stored policy all the same",
    })
  if (policy === undefined)
    throw new ModuleFailure('this host has no policy of SELinux', {
      hint: 'install selinux-policy-default or selinux-policy-targeted',
    })
}
