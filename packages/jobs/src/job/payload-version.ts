import { expected, expectFunction, expectInteger, expectObject } from '@yuzuru/concurrency/boundary'
import {
  checked,
  isPromise,
  orRefused,
  PayloadRefusal,
  type PayloadSchema,
} from './payload-schema.ts'

/** What makes a payload of version n one of version n + 1, by n. Each may be asynchronous. */
export type Upgrade = Readonly<Record<number, (payload: unknown) => unknown>>

/** What a kind of job says of its payloads. */
export interface Versioned {
  readonly schema: PayloadSchema | undefined
  readonly version: number
  readonly upgrade: Upgrade
}

/** The highest version of a payload: PostgreSQL's `smallint`. */
const MOST = 32_767

/** Throws unless each step leads to the next version, up to the present one. */
export function expectVersions(version: number, upgrade: Upgrade): void {
  expectInteger('version', version, 1, MOST)
  expectObject('upgrade', upgrade)
  const from = Object.keys(upgrade).map(Number)
  const oldest = Math.min(version, ...from)
  for (const each of from) {
    if (!Number.isInteger(each) || each < 1 || each >= version) {
      throw expected(`upgrade to begin at versions from 1 to ${version - 1}`, each)
    }
    expectFunction(`upgrade[${each}]`, upgrade[each])
  }
  if (from.length < version - oldest) {
    throw new TypeError(
      `Expected upgrade to have each version from ${oldest} to ${version - 1}, got some of them`,
    )
  }
}

/**
 * A payload as it was stored, upgraded to the present version and checked: what the handler gets. A promise
 * only where a step is asynchronous.
 *
 * @throws {PayloadRefusal} when no step leads to the present version, or the schema does not accept it
 */
export function payloadOf(job: Versioned, version: number, json: unknown): unknown {
  if (version < job.version) {
    const upgraded = stepsFrom(job, version, json)
    return isPromise(upgraded)
      ? upgraded.then((now) => payloadOf(job, job.version, now))
      : payloadOf(job, job.version, upgraded)
  }
  return job.schema === undefined ? json : checked(job.schema, json)
}

function stepsFrom(job: Versioned, version: number, json: unknown): unknown {
  let now = json
  for (let at = version; at < job.version; at += 1) {
    const step = job.upgrade[at]
    if (step === undefined) throw new PayloadRefusal(`there is no upgrade from version ${at}`)
    const before = now
    now = isPromise(before)
      ? before.then((payload) => orRefused(() => step(payload)))
      : orRefused(() => step(before))
  }
  return now
}
