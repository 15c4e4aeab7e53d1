import { invalid } from '../api/error.ts'
import { portalLocales } from '../api/locales.ts'
import { oneOf, required, text, type Parameter } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { newId } from '../core/id.ts'
import type { StripeObject } from '../core/objects.ts'
import { find, nowOf } from '../core/service.ts'
import { configurationOf, featuresOf } from './configuration.ts'
import { flowData, flowOf } from './flow.ts'

const url: Parameter<string> = {
  read(value, name) {
    const given = text().read(value, name)
    if (/^https?:\/\/[^\s/]/.test(given)) return given
    throw invalid(
      'Invalid URL: An explicit scheme (such as https) must be provided.',
      name,
      'url_invalid',
    )
  },
}

export const portalSessionRoutes: readonly Route[] = [
  route(
    'POST',
    '/v1/billing_portal/sessions',
    {
      configuration: text(),
      customer: required(text()),
      flow_data: flowData,
      locale: oneOf(...portalLocales),
      return_url: url,
    },
    (service, { parameters }) => {
      const { id: customer } = find(
        service.state.customers,
        'customer',
        parameters.customer,
        'customer',
      )
      const id = newId('bps')
      const configuration = configurationOf(service, parameters.configuration)
      const { flow_data: flow } = parameters
      const session: StripeObject = {
        id,
        object: 'billing_portal.session',
        configuration: configuration.id,
        created: nowOf(service, customer),
        customer,
        customer_account: null,
        flow: flow ? flowOf(service, flow, customer, featuresOf(configuration)) : null,
        livemode: false,
        locale: parameters.locale ?? null,
        on_behalf_of: null,
        return_url: parameters.return_url ?? configuration['default_return_url'] ?? null,
        url: `${service.url}/p/session/${newId('live', 40)}`,
      }
      service.state.portalSessions[id] = session
      return session
    },
  ),
]
