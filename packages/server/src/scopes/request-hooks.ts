import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Cancelled } from '@yuzuru/concurrency'

/** What is called as a request goes on. */
export interface RequestHooks {
  /** Its answer has left, or its client has. */
  closed?(response: ServerResponse): void
  /** Its scope was cancelled while its handler ran. */
  cancelled?(request: IncomingMessage, reason: Cancelled, response: ServerResponse): void
}
