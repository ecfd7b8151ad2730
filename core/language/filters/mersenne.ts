import { createHash } from 'node:crypto'

/**
 * Python's random.Random for a seed: MT19937, so that `random(seed=inventory_hostname)` chooses what Ansible chose.
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(624)
  #index = 624

  constructor(seed: string | bigint) {
    this.#seedArray(words(typeof seed === 'string' ? seedOfText(seed) : seed < 0n ? -seed : seed))
  }

  #seedArray(key: readonly number[]): void {
    const mt = this.#state
    mt[0] = 19650218
    for (let i = 1; i < 624; i++) mt[i] = Math.imul(1812433253, (mt[i - 1]! ^ (mt[i - 1]! >>> 30)) >>> 0) + i
    let i = 1
    let j = 0
    for (let k = Math.max(624, key.length); k > 0; k--) {
      mt[i] = (mt[i]! ^ Math.imul(mt[i - 1]! ^ (mt[i - 1]! >>> 30), 1664525)) + key[j]! + j
      if (++i >= 624) {
        mt[0] = mt[623]!
        i = 1
      }
      if (++j >= key.length) j = 0
    }
    for (let k = 623; k > 0; k--) {
      mt[i] = (mt[i]! ^ Math.imul(mt[i - 1]! ^ (mt[i - 1]! >>> 30), 1566083941)) - i
      if (++i >= 624) {
        mt[0] = mt[623]!
        i = 1
      }
    }
    mt[0] = 0x80000000
  }

  #next(): number {
    if (this.#index >= 624) this.#twist()
    let y = this.#state[this.#index++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  #twist(): void {
    const mt = this.#state
    for (let k = 0; k < 624; k++) {
      const y = (mt[k]! & 0x80000000) | (mt[(k + 1) % 624]! & 0x7fffffff)
      mt[k] = mt[(k + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
    }
    this.#index = 0
  }

  /** An int of so many bits, at most 32. */
  bits(count: number): number {
    return count === 0 ? 0 : this.#next() >>> (32 - count)
  }

  /** An int from 0 to below `limit`, as randrange and choice draw it. */
  below(limit: number): number {
    const size = 32 - Math.clz32(limit)
    for (;;) {
      const value = this.bits(size)
      if (value < limit) return value
    }
  }
}

/** random.seed of a text: the text and its SHA-512 as one number. */
function seedOfText(text: string): bigint {
  const bytes = Buffer.from(text, 'utf8')
  const all = Buffer.concat([bytes, createHash('sha512').update(bytes).digest()])
  return BigInt(`0x${all.toString('hex')}`)
}

function words(seed: bigint): number[] {
  const result: number[] = []
  for (let rest = seed; rest > 0n; rest >>= 32n) result.push(Number(rest & 0xffffffffn))
  return result.length > 0 ? result : [0]
}
