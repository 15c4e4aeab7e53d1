import { newId } from './id.ts'
import { opaque, required, text } from './parameters.ts'
import { route, type Route } from './route.ts'
import { find } from './service.ts'
import type { StripeObject } from './state.ts'

export const portalSessionRoutes: readonly Route[] = [
  route(
    'POST',
    '/v1/billing_portal/sessions',
    {
      configuration: text(),
      customer: required(text()),
      flow_data: opaque(),
      locale: text(10),
      return_url: text(),
    },
    (service, { parameters }) => {
      const customer = find(service.state.customers, 'customer', parameters.customer, 'customer')
      const id = newId('bps')
      const session: StripeObject = {
        id,
        object: 'billing_portal.session',
        configuration: parameters.configuration ?? 'bpc_sandbox',
        created: service.now(),
        customer: customer.id,
        customer_account: null,
        flow: parameters.flow_data ?? null,
        livemode: false,
        locale: parameters.locale ?? null,
        on_behalf_of: null,
        return_url: parameters.return_url ?? null,
        url: `${service.url}/p/session/${newId('live', 40)}`,
        metadata: {},
      }
      service.state.portalSessions[id] = session
      return session
    },
  ),
]
