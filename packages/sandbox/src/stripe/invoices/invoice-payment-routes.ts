import { listParameters, page } from '../api/listing.ts'
import { oneOf, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { find } from '../core/service.ts'

const path = '/v1/invoice_payments'

export const invoicePaymentRoutes: readonly Route[] = [
  route(
    'GET',
    path,
    { ...listParameters, invoice: text(), status: oneOf('canceled', 'open', 'paid') },
    ({ state }, { parameters }) =>
      page(path, 'invoice payment', Object.values(state.invoicePayments), parameters, (payment) => {
        const { invoice, status } = parameters
        return (
          payment['invoice'] === (invoice ?? payment['invoice']) &&
          payment['status'] === (status ?? payment['status'])
        )
      }),
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) =>
    find(state.invoicePayments, 'invoice payment', id),
  ),
]
