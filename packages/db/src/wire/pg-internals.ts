import pg, { Client, Query, types } from 'pg'
import { Duplex } from 'node:stream'

/**
 * The versions of pg that this package was tested with. It uses undocumented parts of pg, which a minor
 * version may change; `pg-internals.test.ts` fails when the installed pg is outside of this range.
 */
export const TESTED_PG = { from: '8.23.1', below: '8.24.0' } as const

/** The undocumented parts of pg that are used, by name. Each has a check that it is unchanged. */
const INTERNALS: Readonly<Record<string, (client: object) => boolean>> = {
  // pg-wire.ts
  'client.processID': (client) => 'processID' in client,
  'client.secretKey': (client) => 'secretKey' in client,
  'client.host': (client) => typeof member(client, 'host') === 'string',
  'client.port': (client) => typeof member(client, 'port') === 'number',
  'client.ssl': (client) => 'ssl' in client,
  'client.pipeline': (client) => typeof member(client, 'pipeline') === 'boolean',
  'client.getTransactionStatus()': (client) => isMethod(client, 'getTransactionStatus'),
  'client.connection.on()': (client) => isMethod(connectionOf(client), 'on'),
  'client.connection.stream': (client) => member(connectionOf(client), 'stream') instanceof Duplex,
  // statement-batch.ts and the two exchanges of COPY
  'client.connection.query()': (client) => isMethod(connectionOf(client), 'query'),
  'client.connection.sync()': (client) => isMethod(connectionOf(client), 'sync'),
  'client.connection.sendCopyFromChunk()': (client) =>
    isMethod(connectionOf(client), 'sendCopyFromChunk'),
  'client.connection.endCopyFrom()': (client) => isMethod(connectionOf(client), 'endCopyFrom'),
  'client.connection.sendCopyFail()': (client) => isMethod(connectionOf(client), 'sendCopyFail'),
  // guard-answers.ts
  'client.connection.attachListeners()': (client) =>
    isMethod(connectionOf(client), 'attachListeners'),
  // configured-client.ts
  'Client.prototype.getStartupConf()': () => isMethod(Client.prototype, 'getStartupConf'),
  // pipelined-read.ts, and what calls the hooks of a statement
  ...Object.fromEntries(
    [
      'submit',
      'handleRowDescription',
      'handleDataRow',
      'handleCommandComplete',
      'handleEmptyQuery',
      'handlePortalSuspended',
      'handleCopyInResponse',
      'handleCopyData',
      'handleError',
      'handleReadyForQuery',
    ].map((hook) => [`Query.prototype.${hook}()`, () => isMethod(Query.prototype, hook)]),
  ),
  // wire-value.ts, value-parsers.ts, type-catalogue.ts, value-text.ts
  'utils.prepareValue()': () => isMethod(member(pg, 'utils'), 'prepareValue'),
  'types.getTypeParser()': () => isMethod(types, 'getTypeParser'),
  'defaults.parseInputDatesAsUTC': () =>
    typeof member(member(pg, 'defaults'), 'parseInputDatesAsUTC') === 'boolean',
}

/** The names of the parts that have changed; empty if all are as needed. */
export function changedPgInternals(client: object): readonly string[] {
  return Object.entries(INTERNALS)
    .filter(([, isAsItWas]) => !isAsItWas(client))
    .map(([name]) => name)
}

let isChecked = false

/**
 * Checks once, at the first connection, that pg is as this package needs it, so that a change gives a clear
 * error instead of a connection that hangs.
 *
 * @param client one that has not connected yet
 * @throws {TypeError} with the names of the changed parts
 */
export function expectPgInternals(client: object): void {
  if (isChecked) return
  const changed = changedPgInternals(client)
  if (changed.length > 0) throw new TypeError(changedSentence(changed))
  isChecked = true
}

/** The sentence about changed parts. */
export function changedSentence(changed: readonly string[]): string {
  const { from, below } = TESTED_PG
  return `Expected a pg of ${from} or later, below ${below}, got one in which ${changed.join(', ')} is missing or otherwise`
}

function connectionOf(client: object): unknown {
  return member(client, 'connection')
}

function isMethod(of: unknown, name: string): boolean {
  return typeof member(of, name) === 'function'
}

function member(of: unknown, name: string): unknown {
  const isHolder = (typeof of === 'object' && of !== null) || typeof of === 'function'
  return isHolder ? (of as Record<string, unknown>)[name] : undefined
}
