import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { apt } from './packages/apt.ts'
import {
  applyPackages,
  diffPackages,
  packageArgs,
  probePackages,
  resultPackages,
  whyPackages,
} from './packages/package.ts'

export default defineState({
  name: 'apt',
  summary: 'Installs or removes packages with apt.',
  args: arg
    .object({
      ...packageArgs,
      pkg: arg.list(arg.name()).optional().describe('another name of name'),
      package: arg.list(arg.name()).optional().describe('another name of name'),
    })
    .transform(({ pkg, package: other, ...rest }) => ({
      ...rest,
      name: [...rest.name, ...(pkg ?? []), ...(other ?? [])],
    })),
  local: true,
  shielded: true,
  examples: `
- apt: name=libvirt-daemon-system update_cache=true install_recommends=false
`,
  probe: (host, a) => probePackages(host, a, apt),
  diff: diffPackages,
  apply: applyPackages,
  result: resultPackages,
  why: whyPackages,
})
