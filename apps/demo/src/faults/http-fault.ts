import { createHttp } from '@yuzuru/http'
import { BOUNDARIES } from './boundaries.ts'
import { customersOf, deleteCustomers } from './customers.ts'
import type { Fault } from './fault.ts'

/** A POST without a key is answered, and the answer is lost. */
export const httpFault: Fault = {
  name: 'http-reply',
  boundary: BOUNDARIES.http,
  text: { ja: 'POST の返事が失われる', en: 'The reply to a POST is lost' },
  code: "await http.request('/v1/customers', { method: 'POST', body })",
  guarantee: 13,
  sees: 'unknown',
  losesReply: true,
  act: async ({ app, line, mark }) => {
    const { url, secretKey } = app.settings.stripe
    await using http = createHttp({ origin: url })
    line.set({ dropReply: { when: 'POST /v1/customers' } })
    await http.request('/v1/customers', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${secretKey}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: `email=${mark}%40example.jp`,
    })
  },
  held: async (stage) => {
    return {
      holds: customersOf(stage).length === 1,
      text: {
        ja: '届いていた。だから unknown は正しく、鍵のない POST は繰り返されない',
        en: 'It had arrived: unknown was right, and a POST without a key is not repeated',
      },
    }
  },
  clean: deleteCustomers,
}
