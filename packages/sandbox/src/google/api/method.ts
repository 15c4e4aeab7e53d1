import type { JsonObject } from '../../json.ts'
import type { GoogleService } from '../core/service.ts'
import type { GoogleGrant } from '../core/state.ts'
import type { Parameters, Query } from './parameters.ts'
import type { Fields } from './shape.ts'

/** A request that was understood: the account is known, its scope suffices, query and body are read. */
export interface Call {
  readonly service: GoogleService
  readonly grant: GoogleGrant
  readonly request: Request
  readonly query: Query
  /** What of the body a client may set. */
  readonly body: JsonObject
  /** A part of the path, decoded: `calendarId`, `eventId` … */
  readonly part: (name: string) => string
}

/** One method of the API, as the reference names it: `events.insert`. */
export interface Method {
  readonly name: string
  readonly verb: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly parameters: Parameters
  /** What its body may hold; none for a method without one. */
  readonly body?: Fields
  /** What its answer may hold: `fields` selects of it. None for a method that answers nothing. */
  readonly reply?: Fields
  readonly run: (call: Call) => Response
}
