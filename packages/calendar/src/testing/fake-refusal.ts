import type { ScriptedAnswer } from '@yuzuru/http/testing'

/** What the fake Google refuses a request with. */
export class FakeRefusal extends Error {
  readonly answer: ScriptedAnswer

  constructor(status: number, json: unknown) {
    super(`refused with ${status}`)
    this.answer = { status, json }
  }

  /** In the shape of the Calendar API. */
  static ofCalendar(status: number, reason: string): FakeRefusal {
    const message = `fake: ${reason}`
    return new FakeRefusal(status, {
      error: { code: status, message, errors: [{ reason, message }] },
    })
  }

  /** In the shape of OAuth (RFC 6749, 5.2). */
  static ofOAuth(error: string): FakeRefusal {
    return new FakeRefusal(400, { error, error_description: 'fake' })
  }
}
