import { readFile } from 'node:fs/promises'
import { attempt } from './command.ts'

/**
 * Whether hardware virtualisation really runs a kernel here: the processor says so, and a machine with this kernel prints
 * its first line in 10 s. /dev/kvm alone proves nothing.
 */
export async function probeAcceleration(kernel: string): Promise<'kvm' | 'tcg'> {
  const cpu = await readFile('/proc/cpuinfo', 'utf8').catch(() => '')
  if (!/^flags\s*:.*\b(vmx|svm)\b/m.test(cpu)) return 'tcg'
  const args = ['-accel', 'kvm', '-cpu', 'host', '-machine', 'q35', '-m', '256', '-nodefaults', '-display', 'none']
  const boot = ['-no-reboot', '-serial', 'stdio', '-kernel', kernel, '-append', 'console=ttyS0 panic=-1']
  const result = await attempt('qemu-system-x86_64', [...args, ...boot], { timeout: 10_000 })
  return /Linux version/.test(result.stdout) ? 'kvm' : 'tcg'
}
