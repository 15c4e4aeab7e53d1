import { defineEmulator, type EmulatorDefinition } from 'emulate'

import { answer, type ApiOptions } from './api/answer.ts'
import { apiRoutes } from './api-routes.ts'
import { showCheckout, submitCheckout } from './checkout/page.ts'
import { emptyStripeState, type StripeState } from './core/state.ts'
import { answerThin, thinRoutes } from './events/thin-api.ts'
import { showInvoice, submitInvoice } from './invoices/page.ts'
import { showPortal, submitPortal } from './portal/page.ts'

/** Requested by the server itself after a change that came without a request. */
export const savePath = '/sandbox/save'

export interface DefinitionOptions extends ApiOptions {
  /** Called with the live state, before the first request. */
  onState(state: StripeState): void
}

/** Stripe as an `emulate` service: the API under `/v1` and `/v2`, and the pages that people see. */
export function defineStripe(options: DefinitionOptions): EmulatorDefinition<StripeState> {
  const pageService = (): ReturnType<ApiOptions['serviceFor']> =>
    options.serviceFor({ id: '', idempotencyKey: null })
  return defineEmulator<StripeState>({
    name: 'stripe',
    stateVersion: 3,
    state: emptyStripeState,
    cors: false,
    setup({ app, state }) {
      options.onState(state)
      for (const route of apiRoutes) {
        app.on(route.method, route.path, ({ req }) =>
          answer(options, req.raw, route, route.path.includes(':id') ? req.param('id') : ''),
        )
      }
      for (const route of thinRoutes) {
        app.on(route.method, route.path, ({ req }) => {
          const id = route.path.includes(':id') ? req.param('id') : ''
          const service = pageService()
          options.catchUp(service)
          return answerThin(service, options.secretKey, req.raw, route, id)
        })
      }
      app.get('/c/pay/:id', ({ req }) => showCheckout(pageService(), req.raw, req.param('id')))
      app.post('/c/pay/:id', ({ req }) => submitCheckout(pageService(), req.raw, req.param('id')))
      app.get('/i/:id', ({ req }) => showInvoice(pageService(), req.raw, req.param('id')))
      app.post('/i/:id', ({ req }) => submitInvoice(pageService(), req.raw, req.param('id')))
      app.get('/p/session/:id', ({ req }) => showPortal(pageService(), req.raw, req.param('id')))
      app.post('/p/session/:id', ({ req }) => submitPortal(pageService(), req.raw, req.param('id')))
      // A request saves the state; this one does nothing else.
      app.get(savePath, () => new Response(null, { status: 204 }))
      app.notFound(({ req }) => answer(options, req.raw, undefined, ''))
    },
  })
}
