import { randomUUID } from 'node:crypto'

/** What an id from elsewhere may look like, so that it can go into a log line and a header as it is. */
const ID = /^[\w.:+/=@-]{1,128}$/

/** The id that came with a request, if it is one; else a new one. */
export function requestIdOf(given: string | undefined): string {
  return given !== undefined && ID.test(given) ? given : randomUUID()
}
