export { HostConnection } from './connection.ts'
export { CommandTimeout, ConnectionError, type ConnectionFailure, OutputTooLarge } from './errors.ts'
export { FileError, type ReplaceOptions, readFile, replaceFile, type UploadSource, uploadLarge } from './files/index.ts'
export { connectionPool, type PoolOptions } from './pool.ts'
export { quote, ShellText, sh } from './quote.ts'
export type {
  Become,
  Channel,
  CommandOptions,
  CommandResult,
  Connection,
  ConnectionEnd,
  ConnectionPool,
  Endpoint,
  HostKeyRules,
  Shell,
} from './types.ts'
