/* The language: what other areas use of it. */
export * from './diagnostic.ts'
export { defaultEnvironment } from './environment.ts'
export * from './errors.ts'
export { builtinGlobals } from './globals/index.ts'
export { fromJson, toJson } from './json.ts'
export { hasMarks, userText } from './marks.ts'
export {
  add,
  attribute,
  compare,
  contains,
  div,
  equals,
  floordiv,
  getItem,
  getMethod,
  iterate,
  length,
  mod,
  mul,
  neg,
  PythonError,
  pos,
  pow,
  repr,
  slice,
  str,
  sub,
  subscript,
  truth,
  typeName,
} from './python/index.ts'
export { renderDiagnostic, sortDiagnostics } from './render.ts'
export {
  evaluateCondition,
  evaluateConditionAsync,
  isTruthy,
  resolve,
  resolveAsync,
  resolveSoon,
  variablesOf,
} from './resolve.ts'
export { didYouMean } from './suggest.ts'
export { resolveTemplate } from './template/compiled.ts'
export { compile, compileExpression, compileTemplate, templateFile } from './template/template.ts'
export * from './types.ts'
export * from './values.ts'
export { Callable, Template } from './values.ts'
export { parseYaml, parseYamlDocuments } from './yaml/parse.ts'
export { mapGet, toValue, toVariables } from './yaml/value.ts'
export { yesOrNo } from './yes-or-no.ts'
