/**
 * Exit codes are Ansible's: 0 ok, 1 error, 2 failed hosts, 4 unreachable, 99 interrupted (5, bad options, is the command
 * line's). Where hosts failed and others were unreachable, 4 wins, as ansible-playbook does.
 */
export function exitCode(run: {
  readonly interrupted: boolean
  readonly error: boolean
  readonly failed: boolean
  readonly unreachable: boolean
}): number {
  if (run.interrupted) return 99
  if (run.error) return 1
  if (run.unreachable) return 4
  return run.failed ? 2 : 0
}
