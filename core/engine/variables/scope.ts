import type { Environment, Scope } from '../../language/types.ts'
import type { Value } from '../../language/values.ts'

/** Variables of one origin. A Map is one; magic variables are made when they are read. */
export interface Layer {
  get(name: string): Value | undefined
  keys(): Iterable<string>
  /** What is behind a layer that guards another one. */
  readonly base?: Layer
}

/** One task on one host: shared layers, strongest first. Nothing is copied; resolved values are remembered by the scope. */
export class LayeredScope implements Scope {
  readonly layers: readonly Layer[]
  readonly environment: Environment
  resolved?: NonNullable<Scope['resolved']>

  constructor(layers: readonly Layer[], environment: Environment) {
    this.layers = layers
    this.environment = environment
  }

  get(name: string): Value | undefined {
    for (const layer of this.layers) {
      const value = layer.get(name)
      if (value !== undefined) return value
    }
    return undefined
  }

  *names(): Iterable<string> {
    const seen = new Set<string>()
    for (const layer of this.layers) {
      for (const name of layer.keys()) {
        if (seen.has(name)) continue
        seen.add(name)
        yield name
      }
    }
  }

  /** The same, with nothing resolved yet. */
  anew(): LayeredScope {
    return new LayeredScope(this.layers, this.environment)
  }

  /** The same with variables above all others. */
  with(layer: Layer): LayeredScope {
    return new LayeredScope([layer, ...this.layers], this.environment)
  }
}
