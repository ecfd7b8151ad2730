import { expect } from 'chai'
import { findMirrors } from '../../../lab/image/mirrors.ts'

const names = ['bookworm', 'trixie', 'stable']
const lines = (...all: string[]) => all.join('\n')

describe('lab mirrors', () => {
  const cases: [string, string, ReturnType<typeof findMirrors>][] = [
    [
      'takes the site of the release and that of its security updates',
      lines(
        'Translations bookworm main http://translations.example/debian',
        'Packages bookworm main http://a.example/debian',
        'Packages bookworm-updates main http://u.example/debian',
        'Packages bookworm-security main http://s.example/debian-security',
      ),
      { mirror: 'http://a.example/debian', securityMirror: 'http://s.example/debian-security' },
    ],
    [
      'prefers the wanted release to a newer one, wherever it stands',
      lines('Packages trixie main http://new.example/debian', 'Packages bookworm main http://old.example/debian'),
      { mirror: 'http://old.example/debian' },
    ],
    [
      'takes another Debian’s, as the wanted release is there too',
      lines(
        'Packages trixie main http://new.example/debian',
        'Packages trixie-security main http://new.example/security',
      ),
      { mirror: 'http://new.example/debian', securityMirror: 'http://new.example/security' },
    ],
    [
      'takes none of another distribution or component',
      lines('Packages nodistro main http://x.example/', 'Packages bookworm non-free http://y.example/', ''),
      {},
    ],
  ]
  for (const [title, targets, expected] of cases) {
    it(title, () => expect(findMirrors(targets, names)).to.deep.equal(expected))
  }
})
