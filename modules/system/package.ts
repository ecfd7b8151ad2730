import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { fetches, packageArgs, packageModule } from './packages/package.ts'

export default defineState({
  name: 'package',
  summary: 'Installs or removes packages with the package manager of the host.',
  args: arg.object({
    ...packageArgs,
    use: arg.str().default('auto').describe('accepted; the package manager is found'),
  }),
  examples: `
- package:
    name: [qemu-utils, nfs-common]
    update_cache: true
    cache_valid_time: 3600
`,
  wakes: fetches,
  ...packageModule(),
})
