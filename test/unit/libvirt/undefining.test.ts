import { expect } from 'chai'
import { LibvirtError } from '../../../core/libvirt/errors.ts'
import { undefining } from '../../../core/libvirt/undefining.ts'

describe('undefining a domain that has a TPM', () => {
  const older = "command 'undefine' doesn't support option --tpm"
  const cases: [string, string[], string, string[][], boolean][] = [
    ['again without the flag that virsh does not know', ['--nvram', '--tpm'], older, [['--nvram']], true],
    [
      'again without the flag that libvirtd does not know',
      ['--tpm'],
      'unsupported flags (0x20) in function x',
      [[]],
      true,
    ],
    ['not again where nothing can be left out', ['--nvram'], older, [], false],
    ['not again after another refusal', ['--tpm'], 'domain is running', [], false],
    ['never without what keeps something', ['--keep-tpm'], older, [], false],
  ]
  for (const [title, flags, message, more, done] of cases)
    it(`is tried ${title}`, async () => {
      const tried: (readonly string[])[] = []
      const work = undefining(flags, async (known) => {
        tried.push(known)
        if (tried.length === 1) throw new LibvirtError(message)
      })
      const outcome = await work.then(
        () => true,
        () => false,
      )
      expect(outcome).to.equal(done)
      expect(tried).to.deep.equal([flags, ...more])
    })
})
