import { expect } from 'chai'
import { complaint, hasNoSystem, remedy } from '../../../../modules/libvirt/guest/said.ts'

const answer = (text: string, merged = false) => ({
  merged,
  stdout: Buffer.from(merged ? text : 'other'),
  stderr: Buffer.from(merged ? '' : text),
})

// What libguestfs 1.48 of Debian 12 said.
const LAUNCH = `libguestfs: error: /usr/bin/supermin exited with error status 1.
To see full error messages you may need to enable debugging.
Do:
  export LIBGUESTFS_DEBUG=1 LIBGUESTFS_TRACE=1
and run the command again.  For further information, read:
  http://libguestfs.org/guestfs-faq.1.html#debugging-libguestfs
`
const COMMAND = `virt-customize: warning: random seed could not be set for this type of guest
out
err
virt-customize: error: exit 7: command exited with an error

If reporting bugs, run virt-customize with debugging enabled and include the complete output:

  virt-customize -v -x [...]
`
const SYSTEM = `guestfish: no operating system was found on this disk

If using guestfish ‘-i’ option, remove this option and instead
use the commands ‘run’ followed by ‘list-filesystems’.
`

describe('what tools of libguestfs say', () => {
  const table: [string, string, string][] = [
    ['an appliance that cannot be made', LAUNCH, 'libguestfs: error: /usr/bin/supermin exited with error status 1.'],
    ['a command that fails', COMMAND, 'out; err; virt-customize: error: exit 7: command exited with an error'],
    ['a disk without a system', SYSTEM, 'guestfish: no operating system was found on this disk'],
    [
      'an upload',
      '*stdin*:2: libguestfs: error: upload: /etc: Is a directory\n',
      '*stdin*:2: libguestfs: error: upload: /etc: Is a directory',
    ],
    ['nothing', '', ''],
  ]
  for (const [what, text, expected] of table)
    it(`is told without their advice: ${what}`, () => {
      expect(complaint(answer(text))).to.equal(expected)
      expect(complaint(answer(text, true))).to.equal(expected)
    })
  it('is understood where it helps', () => {
    expect(hasNoSystem(complaint(answer(SYSTEM)))).to.equal(true)
    expect(hasNoSystem(complaint(answer(COMMAND)))).to.equal(false)
    expect(remedy(complaint(answer(LAUNCH)))).to.include('kernel')
    expect(remedy(complaint(answer(SYSTEM)))).not.to.include('kernel')
  })
})
