import type { RequestBody } from './request-body.ts'

/** One attempt, as interceptors see it. To change it, hand a copy on. */
export interface HttpRequest {
  readonly method: string
  readonly url: URL
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: RequestBody | undefined
  /** 1 for the first. */
  readonly attempt: number
  /** Fires when the call is cancelled or its deadline passes. */
  readonly signal: AbortSignal
}
