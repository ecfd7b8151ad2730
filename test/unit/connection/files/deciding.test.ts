import { expect } from 'chai'
import { rateText, sizeText } from '../../../../core/connection/files/amounts.ts'
import { compressionPays } from '../../../../core/connection/files/compression.ts'
import { parseBeginning } from '../../../../core/connection/files/partial.ts'

describe('sending a large file', () => {
  const links: readonly (readonly [ratio: number, speed: number, link: number, pays: boolean])[] = [
    [0.4, 60e6, 10e6, true],
    [0.4, 60e6, 40e6, true],
    [0.4, 60e6, 50e6, false],
    [0.4, 60e6, 110e6, false],
    [0.9, 60e6, 1e6, false],
    [0.75, 60e6, 1e6, true],
    [0.01, 900e6, 300e6, false],
    [0.01, 900e6, 100e6, true],
  ]
  for (const [ratio, speed, link, pays] of links) {
    it(`${pays ? 'is' : 'is not'} compressed to ${ratio} at ${rateText(speed)} for ${rateText(link)}`, () => {
      expect(compressionPays({ ratio, speed }, link)).to.equal(pays)
    })
  }

  const beginnings: readonly (readonly [string, ReturnType<typeof parseBeginning>])[] = [
    [
      '5000000000\nnotrunc,sparse\ngzip\n/dev/sda1 10000 2000 8000 20% /var\n',
      { have: 5_000_000_000, seeks: true, gzip: true, free: 8_192_000, fileSystem: '/dev/sda1 on /var' },
    ],
    [
      '0\nnotrunc\n\nnas:/a share 10000 12000 -2000 120% /mnt/two words\n',
      { have: 0, seeks: true, gzip: false, free: 0, fileSystem: 'nas:/a share on /mnt/two words' },
    ],
    ['7\n\ngzip\n', { have: 7, seeks: false, gzip: true, free: undefined, fileSystem: 'the file system' }],
    [
      '7\n\ngzip\ntmpfs - - - - /x\n',
      { have: 7, seeks: false, gzip: true, free: undefined, fileSystem: 'the file system' },
    ],
  ]
  for (const [text, beginning] of beginnings) {
    it(`understands ${JSON.stringify(text)}`, () => expect(parseBeginning(text)).to.deep.equal(beginning))
  }

  it('tells amounts for people', () => {
    expect([0, 1023, 1024, 5.3 * 1024 ** 3, 150 * 1024 ** 2].map(sizeText)).to.deep.equal([
      '0 B',
      '1023 B',
      '1.0 KiB',
      '5.3 GiB',
      '150 MiB',
    ])
    expect([400_000, 9.44e6, 111.6e6].map(rateText)).to.deep.equal(['0.4 MB/s', '9.4 MB/s', '112 MB/s'])
  })
})
