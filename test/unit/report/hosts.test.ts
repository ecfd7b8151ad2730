import { expect } from 'chai'
import { foldHosts } from '../../../core/report/hosts.ts'

const numbered = (prefix: string, from: number, to: number, width = 0): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => prefix + String(from + i).padStart(width, '0'))

describe('foldHosts', () => {
  for (const [names, expected] of [
    [[], ''],
    [['b', 'a'], 'a, b'],
    [['kvm10', 'kvm2', 'kvm1'], 'kvm1, kvm2, kvm10'],
    [numbered('kvm', 1, 40), 'kvm[1:40]'],
    [numbered('kvm', 1, 40, 2), 'kvm[01:40]'],
    [numbered('kvm', 98, 103, 3), 'kvm[098:103]'],
    [['a1.x', 'a2.x', 'a3.x', 'a3.y'], 'a[1:3].x, a3.y'],
    [['kvm01', 'kvm1'], 'kvm01, kvm1'],
    [['10.0.0.1', '10.0.0.2', '10.0.0.3'], '10.0.0.[1:3]'],
    [
      numbered('x', 1, 40).filter((_, i) => i % 2 === 0),
      'x1, x3, x5, x7, x9, x11, x13, x15, x17, x19, x21, x23 … and 8 more',
    ],
  ] as const)
    it(`makes '${expected}' of ${names.length} names`, () => expect(foldHosts(names)).to.equal(expected))
})
