import { defineEmulator, type EmulatorDefinition } from 'emulate'

import type { RequestLog } from '../request-log.ts'
import { answerCalendar } from './api/answer.ts'
import { answerBatch } from './api/batch.ts'
import type { Method } from './api/method.ts'
import type { Quotas } from './api/quotas.ts'
import { routeOf } from './api/route.ts'
import { notifyChannels } from './channels/channels.ts'
import type { Troubles } from './api/troubles.ts'
import type { GoogleService } from './core/service.ts'
import { emptyGoogleState, type GoogleState } from './core/state.ts'
import { methods } from './methods.ts'
import { showConsent, submitConsent } from './oauth/authorize-page.ts'
import { certificates } from './oauth/id-token.ts'
import { revokeEndpoint, tokenEndpoint, tokenInfo } from './oauth/token-endpoint.ts'

/** Requested by the server itself after a change that came without a request. */
export const savePath = '/sandbox/save'

export interface DefinitionOptions {
  readonly log: RequestLog
  readonly troubles: Troubles
  readonly quotas: Quotas
  /** Called with the live state, before the first request. */
  readonly serviceOf: (state: GoogleState) => GoogleService
}

/** Google's OAuth endpoints and Calendar v3 as an `emulate` service. */
export function defineGoogle(options: DefinitionOptions): EmulatorDefinition<GoogleState> {
  const logged = async (
    request: Request,
    reply: Promise<Response> | Response,
  ): Promise<Response> => {
    const response = await reply
    const { pathname } = new URL(request.url)
    options.log.add({ method: request.method, path: pathname, status: response.status })
    return response
  }
  const answered = async (
    service: GoogleService,
    request: Request,
    method: Method | undefined,
    path: Readonly<Partial<Record<string, string>>>,
  ): Promise<Response> => {
    const response = await answerCalendar(service, request, method, path, options)
    notifyChannels({ service })
    return response
  }
  return defineEmulator<GoogleState>({
    name: 'google',
    stateVersion: 7,
    state: emptyGoogleState,
    cors: false,
    setup({ app, state }) {
      const service = options.serviceOf(state)
      app.get('/o/oauth2/v2/auth', ({ req }) => logged(req.raw, showConsent(service, req.raw)))
      app.post('/o/oauth2/v2/auth', ({ req }) => logged(req.raw, submitConsent(service, req.raw)))
      app.post('/token', ({ req }) => logged(req.raw, tokenEndpoint(service, req.raw)))
      app.get('/tokeninfo', ({ req }) => logged(req.raw, tokenInfo(service, req.raw)))
      app.get('/oauth2/v3/certs', ({ req }) => logged(req.raw, certificates(service)))
      app.post('/revoke', ({ req }) => logged(req.raw, revokeEndpoint(service, req.raw)))
      for (const method of methods) {
        app.on(method.verb, method.path, ({ req }) =>
          logged(req.raw, answered(service, req.raw, method, req.param())),
        )
      }
      app.post('/batch/calendar/v3', ({ req }) =>
        logged(
          req.raw,
          answerBatch(req.raw, (request) => {
            const route = routeOf(methods, request.method, new URL(request.url).pathname)
            return logged(request, answered(service, request, route?.method, route?.path ?? {}))
          }),
        ),
      )
      // A request saves the state; this one does nothing else.
      app.get(savePath, () => new Response(null, { status: 204 }))
      app.notFound(({ req }) =>
        logged(req.raw, answerCalendar(service, req.raw, undefined, {}, options)),
      )
    },
  })
}
