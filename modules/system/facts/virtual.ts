import { sh } from '../../../core/connection/quote.ts'
import { type FactSubset, sections } from './subset.ts'

/** Whether the host is itself a guest, and whether it can run guests with hardware support. */
export const virtual: FactSubset = {
  script: sh.raw(`echo @@detect; d=$(systemd-detect-virt 2>/dev/null); echo "$d"
echo @@kvm; [ -c /dev/kvm ] && echo present; grep -qE '^flags.* (vmx|svm)( |$)' /proc/cpuinfo && echo flags
echo @@dmi; [ -n "$d" ] || cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name 2>/dev/null
exit 0`),
  parse(output) {
    const part = sections(output)
    const detected = (part.get('detect') ?? '').trim()
    const kvm = part.get('kvm') ?? ''
    const host = kvm.includes('present') && kvm.includes('flags')
    const guest = detected !== '' && detected !== 'none' ? detected : guestOf(part.get('dmi') ?? '')
    return {
      virtualization_type: guest ?? (host ? 'kvm' : 'NA'),
      virtualization_role: guest !== undefined ? 'guest' : host ? 'host' : 'NA',
      virtualization_tech_host: host ? ['kvm'] : [],
      virtualization_tech_guest: guest === undefined ? [] : [guest],
      kvm_usable: host,
    }
  },
}

function guestOf(dmi: string): string | undefined {
  if (/QEMU|KVM/.test(dmi)) return 'kvm'
  if (/VMware/.test(dmi)) return 'VMware'
  return undefined
}
