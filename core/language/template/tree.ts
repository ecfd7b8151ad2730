import type { Value } from '../values.ts'

/*
 * The tree of a template. `at` is the offset in the template's text where the thing begins that an error would be about.
 */

export type Expression =
  | { readonly kind: 'constant'; readonly at: number; readonly value: Value }
  | Name
  | { readonly kind: 'attribute'; readonly at: number; readonly target: Expression; readonly name: string }
  | { readonly kind: 'item'; readonly at: number; readonly target: Expression; readonly index: Expression }
  | Slice
  | Call
  | Filter
  | Test
  | { readonly kind: 'not' | 'negative' | 'positive'; readonly at: number; readonly operand: Expression }
  | Binary
  | { readonly kind: 'and' | 'or'; readonly at: number; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'concat'; readonly at: number; readonly parts: readonly Expression[] }
  | Comparison
  | Conditional
  | { readonly kind: 'list' | 'tuple'; readonly at: number; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly at: number; readonly pairs: readonly (readonly [Expression, Expression])[] }

export interface Name {
  readonly kind: 'name'
  readonly at: number
  readonly name: string
}

export interface Slice {
  readonly kind: 'slice'
  readonly at: number
  readonly target: Expression
  readonly start: Expression | undefined
  readonly stop: Expression | undefined
  readonly step: Expression | undefined
}

/** Arguments of a call, a filter or a test. */
export interface Arguments {
  readonly positional: readonly Expression[]
  readonly named: readonly (readonly [string, Expression])[]
  /** `*args` and `**kwargs`. */
  readonly rest: Expression | undefined
  readonly keywords: Expression | undefined
}

export interface Call {
  readonly kind: 'call'
  readonly at: number
  readonly target: Expression
  readonly args: Arguments
}

export interface Filter {
  readonly kind: 'filter'
  readonly at: number
  readonly name: string
  readonly target: Expression
  readonly args: Arguments
}

export interface Test {
  readonly kind: 'test'
  readonly at: number
  readonly name: string
  readonly target: Expression
  readonly args: Arguments
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**'

export interface Binary {
  readonly kind: 'binary'
  readonly at: number
  readonly operator: BinaryOperator
  readonly left: Expression
  readonly right: Expression
}

export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'

export interface Comparison {
  readonly kind: 'compare'
  readonly at: number
  readonly first: Expression
  readonly rest: readonly { readonly operator: CompareOperator; readonly at: number; readonly operand: Expression }[]
}

export interface Conditional {
  readonly kind: 'conditional'
  readonly at: number
  readonly test: Expression
  readonly value: Expression
  readonly otherwise: Expression | undefined
}

/** What an assignment writes to: a name, an attribute of a namespace, or several of them. */
export type Target =
  | Name
  | { readonly kind: 'field'; readonly at: number; readonly name: string; readonly field: string }
  | { readonly kind: 'targets'; readonly at: number; readonly items: readonly Target[] }

export interface Parameter {
  readonly name: string
  readonly at: number
  readonly fallback: Expression | undefined
}

/** A filter applied to a body; its target is filled in when it runs. */
export interface BodyFilter {
  readonly at: number
  readonly name: string
  readonly args: Arguments
}

export type Body = readonly Statement[]

export type Statement =
  | { readonly kind: 'text'; readonly at: number; readonly text: string }
  | { readonly kind: 'output'; readonly at: number; readonly expression: Expression }
  | If
  | For
  | { readonly kind: 'set'; readonly at: number; readonly target: Target; readonly value: Expression }
  | {
      readonly kind: 'capture'
      readonly at: number
      readonly target: Target
      readonly filters: readonly BodyFilter[]
      readonly body: Body
    }
  | Macro
  | {
      readonly kind: 'call-block'
      readonly at: number
      readonly call: Call
      readonly parameters: readonly Parameter[]
      readonly body: Body
    }
  | { readonly kind: 'filter-block'; readonly at: number; readonly filters: readonly BodyFilter[]; readonly body: Body }
  | Include
  | {
      readonly kind: 'import'
      readonly at: number
      readonly template: Expression
      readonly name: string
      readonly withContext: boolean
    }
  | FromImport
  | { readonly kind: 'extends'; readonly at: number; readonly template: Expression }
  | Block
  | {
      readonly kind: 'with'
      readonly at: number
      readonly pairs: readonly (readonly [Target, Expression])[]
      readonly body: Body
    }
  | { readonly kind: 'do'; readonly at: number; readonly expression: Expression }
  | { readonly kind: 'break' | 'continue'; readonly at: number }
  | { readonly kind: 'scope'; readonly at: number; readonly body: Body }

export interface If {
  readonly kind: 'if'
  readonly at: number
  readonly branches: readonly { readonly test: Expression; readonly body: Body }[]
  readonly otherwise: Body
}

export interface For {
  readonly kind: 'for'
  readonly at: number
  readonly target: Target
  readonly iterable: Expression
  readonly condition: Expression | undefined
  readonly recursive: boolean
  readonly body: Body
  readonly otherwise: Body
}

export interface Macro {
  readonly kind: 'macro'
  readonly at: number
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly body: Body
}

export interface Include {
  readonly kind: 'include'
  readonly at: number
  readonly template: Expression
  readonly ignoreMissing: boolean
  readonly withContext: boolean
}

export interface FromImport {
  readonly kind: 'from'
  readonly at: number
  readonly template: Expression
  readonly names: readonly (readonly [name: string, as: string])[]
  readonly withContext: boolean
}

export interface Block {
  readonly kind: 'block'
  readonly at: number
  readonly name: string
  readonly scoped: boolean
  readonly required: boolean
  readonly body: Body
}
