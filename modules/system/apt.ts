import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { apt } from './packages/apt.ts'
import { packageArgs, packageModule } from './packages/package.ts'

export default defineState({
  name: 'apt',
  summary: 'Installs or removes packages with apt.',
  args: arg.object(packageArgs, { aliases: { pkg: 'name', package: 'name' } }),
  examples: `
- apt: name=libvirt-daemon-system update_cache=true install_recommends=false
`,
  ...packageModule(apt),
})
