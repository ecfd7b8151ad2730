import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { fetches, packageArgs, packageModule } from './packages/package.ts'
import { dnf } from './packages/rpm.ts'

export default defineState({
  name: 'dnf',
  aliases: ['yum', 'ansible.builtin.yum'],
  summary: 'Installs or removes packages with dnf (or yum).',
  args: arg
    .object({ ...packageArgs, install_weak_deps: arg.bool().optional().describe('another name of install_recommends') })
    .transform(({ install_weak_deps: weak, ...rest }) => ({
      ...rest,
      install_recommends: rest.install_recommends ?? weak,
    })),
  examples: `
- dnf: name=qemu-kvm,libvirt state=present
`,
  wakes: fetches,
  ...packageModule(dnf),
})
