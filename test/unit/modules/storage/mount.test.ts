import { expect } from 'chai'
import mount from '../../../../modules/storage/mount.ts'

describe('mount', () => {
  const parse = (opts: string) =>
    mount.args.safeParse({ path: '/mnt', src: '//nas/vms', fstype: 'cifs', state: 'mounted', opts })

  for (const opts of ['password=s3cret', 'ro,pass=s3cret', 'user=a, PASSWORD=s3cret', 'password2=s3cret'])
    it(`takes no password: ${opts}`, () => {
      const answer = parse(opts)
      expect(answer.success).to.equal(false)
      expect(answer.error?.message).to.include('credentials=/path').and.not.include('s3cret')
    })
  it('takes a file with credentials', () => {
    for (const opts of ['credentials=/root/nas', 'ro,credentials=/a/password=b', 'passive', 'x-pass=1'])
      expect(parse(opts).success).to.equal(true, opts)
  })
})
