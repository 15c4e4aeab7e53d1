import { createHttp } from '@yuzuru/http'
import type { Sandbox } from '@yuzuru/sandbox'
import { hiddenFields } from './hidden-fields.ts'
import type { Visit, Visitor } from './visitor.ts'

/** An hour, as Google takes it. */
const hourFrom = (start: Date): object => ({
  start: { dateTime: start.toISOString() },
  end: { dateTime: new Date(start.getTime() + 3_600_000).toISOString() },
})

/** What a person does in Google's own pages, of which the app knows nothing but what Google tells it. */
export class PersonInGoogle {
  readonly #sandbox: Sandbox
  readonly #email: string

  constructor(sandbox: Sandbox, email: string) {
    this.#sandbox = sandbox
    this.#email = email
  }

  /** Connects the office's calendar: the button in the app, then "allow" on Google's page. */
  async connect(visitor: Visitor): Promise<Visit> {
    const consent = await visitor.submit('/calendar/connect', {})
    const page = await visitor.get(consent.url)
    const fields = { ...hiddenFields(page.text), email: this.#email, decision: 'allow' }
    return await visitor.submit(new URL('/o/oauth2/v2/auth', consent.url), fields)
  }

  /** Moves an event, or one occurrence of a series by its own id. */
  async move(id: string, start: Date): Promise<void> {
    await this.#send('PATCH', `/${id}`, hourFrom(start))
  }

  async delete(id: string): Promise<void> {
    await this.#send('DELETE', `/${id}`)
  }

  /** Makes an event of an hour that is none of the app's. */
  async create(start: Date): Promise<void> {
    await this.#send('POST', '', { summary: '歯医者', ...hourFrom(start) })
  }

  async #send(method: string, path: string, json?: object): Promise<void> {
    const { google } = this.#sandbox
    const scopes = ['https://www.googleapis.com/auth/calendar.events']
    const { accessToken } = await google.issueTokens({ email: this.#email, scopes })
    await using http = createHttp({ origin: google.url })
    const url = `/calendar/v3/calendars/primary/events${path}`
    const headers = { authorization: `Bearer ${accessToken}` }
    await (await http.request(url, { method, headers, json })).bytes()
  }
}
