import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const motd = readFileSync(new URL('./motd', import.meta.url), 'utf8')

/** Ten tasks, of which seven look at a state of files and three run a command. */
export const COMPLIANCE_PLAYBOOK = fileURLToPath(new URL('./site.yml', import.meta.url))

/** The same twice, in two folders of each host. */
export const TWENTY_TASKS = fileURLToPath(new URL('./twenty.yml', import.meta.url))

/** What the playbook says, by hand, for the host whose account runs it: one look and at most one act a task. */
export function complianceScript(folders: string): string {
  const workers = Array.from({ length: 20 }, (_, i) => `worker${i + 1} = $name-${String(i + 1).padStart(2, '0')}\n`)
  return `name=\${name:-$(id -un)}
cd ${folders}/$name || exit 1
content() {
  [ "$(stat -c %a "$1" 2>/dev/null; cat "$1" 2>/dev/null)" = "$2
$3" ] || { printf '%s\\n' "$3" >"$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1" && echo changed; }
}
[ "$(stat -c %F%a conf 2>/dev/null)" = directory750 ] || { mkdir -p conf && chmod 750 conf && echo changed; }
[ "$(readlink current)" = conf ] || { ln -sfn conf current && echo changed; }
content conf/service.conf 640 "# $name
[service]
${workers.join('').trimEnd()}"
content conf/motd 644 '${motd.trimEnd()}'
grep -qxF nofile=65536 conf/limits 2>/dev/null || { echo nofile=65536 >>conf/limits && echo changed; }
grep -qxF nproc=4096 conf/limits || { echo nproc=4096 >>conf/limits && echo changed; }
stat conf/service.conf
uname -r
id -u
test -e current/motd
`
}
