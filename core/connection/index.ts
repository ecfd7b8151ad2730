export { HostConnection } from './connection.ts'
export { CommandTimeout, ConnectionError, type ConnectionFailure, OutputTooLarge } from './errors.ts'
export {
  digestsOf,
  FileError,
  knownDigest,
  LARGE_FILE,
  type LargeFile,
  largeFile,
  type ReplaceOptions,
  readContent,
  readFile,
  rememberDigest,
  replaceFile,
  stampScript,
  type Uploaded,
  uploadLarge,
} from './files/index.ts'
export { type JointRead, jointReads } from './joint.ts'
export { connectionPool, type PoolOptions } from './pool.ts'
export { quote, ShellText, sh } from './quote.ts'
export { ordered } from './shell/shell.ts'
export type {
  Aside,
  Become,
  Channel,
  CommandOptions,
  CommandResult,
  Connection,
  ConnectionEnd,
  ConnectionPool,
  Endpoint,
  HostKeyRules,
  Script,
  Shell,
  TerminalSize,
} from './types.ts'
