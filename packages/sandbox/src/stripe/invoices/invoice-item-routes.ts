import { invalid, refused } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import { clearable, flag, hash, integer, required, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { currency } from '../catalog/prices.ts'
import { find, nowOf } from '../core/service.ts'
import { setLines } from './invoice.ts'
import { createInvoiceItem, lineOfItem, shown } from './invoice-item.ts'

const path = '/v1/invoiceitems'

export const invoiceItemRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      amount: integer(-99_999_999, 99_999_999),
      currency,
      customer: required(text()),
      description: clearable(text()),
      discountable: flag(),
      invoice: text(),
      metadata: metadata(),
      pricing: hash({ price: required(text()) }),
      quantity: integer(),
      subscription: text(),
    },
    (service, { parameters }) => {
      const { state } = service
      const { amount, customer, pricing, quantity = 1, subscription = null } = parameters
      find(state.customers, 'customer', customer, 'customer')
      const price = pricing ? find(state.prices, 'price', pricing.price, 'pricing[price]') : null
      if ((amount === undefined) === (price === null)) {
        throw invalid('Exactly one of amount and pricing must be given.', 'amount')
      }
      if (subscription !== null)
        find(state.subscriptions, 'subscription', subscription, 'subscription')
      const invoice =
        parameters.invoice === undefined
          ? undefined
          : find(state.invoices, 'invoice', parameters.invoice, 'invoice')
      if (invoice && invoice.status !== 'draft') {
        throw refused('This invoice is no longer editable.', 'invoice_not_editable', 'invoice')
      }
      const now = nowOf(service, customer)
      const item = createInvoiceItem(service, {
        amount: price ? price.unit_amount * quantity : (amount ?? 0),
        currency: price?.currency ?? parameters.currency ?? 'jpy',
        customer,
        description: parameters.description ?? null,
        discountable: parameters.discountable,
        invoice: invoice?.id,
        isProration: false,
        metadata: applyMetadata({}, parameters.metadata),
        period: { start: now, end: now },
        price,
        quantity,
        subscription,
        subscriptionItem: null,
      })
      if (invoice) setLines(service, invoice, [...invoice.lines.data, lineOfItem(service, item)])
      return shown(item)
    },
  ),
  route(
    'GET',
    path,
    { ...listParameters, customer: text(), invoice: text(), pending: flag() },
    ({ state }, { parameters }) => {
      const { customer, invoice, pending } = parameters
      const found = page(
        path,
        'invoice item',
        Object.values(state.invoiceItems),
        parameters,
        (item) => {
          if (pending !== undefined && (item['invoice'] === null) !== pending) return false
          if (invoice !== undefined && item['invoice'] !== invoice) return false
          return item['customer'] === (customer ?? item['customer'])
        },
      )
      return { ...found, data: (found['data'] as Parameters<typeof shown>[0][]).map(shown) }
    },
  ),
  route('GET', `${path}/:id`, {}, ({ state }, { id }) =>
    shown(find(state.invoiceItems, 'invoiceitem', id)),
  ),
  route('DELETE', `${path}/:id`, {}, (service, { id }) => {
    const item = find(service.state.invoiceItems, 'invoiceitem', id)
    if (item['invoice'] !== null)
      throw refused('This invoice item is on an invoice.', 'invoice_not_editable')
    delete service.state.invoiceItems[id]
    service.state.deleted[id] = 'invoiceitem'
    service.emit('invoiceitem.deleted', shown(item))
    return { id, object: 'invoiceitem', deleted: true }
  }),
]
