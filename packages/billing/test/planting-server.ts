import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type ScriptedServer, startListening } from './scripted-server.ts'

/** What must be shown to nobody, by what it is. */
export const PLANTED = {
  address: 'hanako.planted@secret.example',
  name: '植木 花子',
  card: '4000056655665556',
  lastFour: '5556',
  security: 'cvc 737',
  key: 'sk_test_plantedKeyOfSomebody99',
  restricted: 'rk_live_plantedKeyOfSomebody77',
  webhookSecret: 'whsec_plantedSecretOfSomebody',
  clientSecret: 'seti_1_secret_plantedSecretOfSomebody',
  street: '秘密通り一丁目',
  phone: '+819055550123',
} as const

/** All of it in one text, as Stripe's prose quotes what it was sent. */
export const PROSE: string = Object.values(PLANTED).join(' ')

/** What stands in the place of Stripe's answer, if anything does. */
export interface Instead {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** Forwards to Stripe, and plants in all that it answers. */
export async function startPlanting(
  target: string,
  onRequest: (request: IncomingMessage) => Instead | 'cut' | undefined,
): Promise<ScriptedServer> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request)
    const instead = onRequest(request)
    if (instead === 'cut') {
      response.destroy()
      return
    }
    if (instead !== undefined) {
      response.writeHead(instead.status, { 'content-type': 'application/json', ...instead.headers })
      response.end(instead.body)
      return
    }
    const { authorization = '', 'content-type': type = '', ...rest } = request.headers
    const key = rest['idempotency-key']
    const version = rest['stripe-version']
    const forwarded = await fetch(new URL(request.url ?? '/', target), {
      method: request.method ?? 'GET',
      headers: {
        authorization,
        ...(type === '' ? {} : { 'content-type': type }),
        ...(typeof key === 'string' ? { 'idempotency-key': key } : {}),
        ...(typeof version === 'string' ? { 'stripe-version': version } : {}),
      },
      ...(body.length > 0 ? { body } : {}),
    })
    const text = JSON.stringify(JSON.parse(await forwarded.text(), plant))
    response.writeHead(forwarded.status, { 'content-type': 'application/json' })
    response.end(text)
  }
  return await startListening((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
}

/** Every object of Stripe's has all of it, in fields that are free text or personal. */
function plant(_: string, value: unknown): unknown {
  const isObject = typeof (value as { object?: unknown } | null)?.object === 'string'
  if (!isObject) return value
  const { address: email, name, phone, street, clientSecret, lastFour } = PLANTED
  return Object.assign({}, value, {
    email,
    phone,
    description: PROSE,
    customer_email: email,
    customer_name: name,
    client_secret: clientSecret,
    statement_descriptor: PROSE,
    payment_method_details: { card: { last4: lastFour, number: PLANTED.card } },
    billing_details: { address: { line1: street }, email, name, phone },
    last_payment_error: { message: PROSE },
    last_finalization_error: { message: PROSE },
    nickname: PROSE,
  })
}
