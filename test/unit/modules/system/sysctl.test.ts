import { expect } from 'chai'
import sysctl from '../../../../modules/system/sysctl.ts'

describe('sysctl', () => {
  const file = '/etc/sysctl.d/99-virtfleet.conf'
  const name = 'net.ipv4.ip_forward'
  const table: [string, object, { file: string | undefined; live: string | undefined }, string[]][] = [
    ['absent everywhere', { value: 1 }, { file: undefined, live: '0\n' }, [`${file} ${name}`, name]],
    ['only live differs', { value: '1' }, { file: `${name}=1\n`, live: '0\n' }, [name]],
    ['only the file differs', { value: 'yes' }, { file: `${name} = 0\n`, live: '1\n' }, [`${file} ${name}`]],
    ['in force', { value: true }, { file: `${name} = 1\n`, live: '1\n' }, []],
    [
      'blanks do not count',
      { name: 'net.ipv4.tcp_rmem', value: '4096  87380 1' },
      { file: 'net.ipv4.tcp_rmem=4096 87380 1', live: '4096\t87380\t1\n' },
      [],
    ],
    ['the kernel is left alone', { value: 1, reload: false }, { file: `${name}=1`, live: '0\n' }, []],
    [
      'unless it is asked for',
      { value: 1, reload: false, sysctl_set: true },
      { file: `${name}=1`, live: '0\n' },
      [name],
    ],
    ['unknown key, ignored', { name: 'a.b', value: 1, ignoreerrors: true }, { file: 'a.b=1', live: undefined }, []],
    ['absent and not there', { state: 'absent' }, { file: '', live: '1' }, []],
    ['absent and there', { state: 'absent' }, { file: `${name}=1`, live: '1' }, [`${file} ${name}`]],
  ]
  for (const [what, input, state, expected] of table) {
    it(what, () => {
      const args = sysctl.args.parse({ name, ...input }) as never
      expect(sysctl.diff(state, args).map((one) => one.path)).to.deep.equal(expected)
    })
  }
  it('needs a value', () => expect(sysctl.args.safeParse({ name }).success).to.equal(false))
})
