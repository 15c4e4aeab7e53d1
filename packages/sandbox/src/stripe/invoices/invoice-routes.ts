import { invalid, refused, StripeFailure } from '../api/error.ts'
import { listParameters, page } from '../api/listing.ts'
import { applyMetadata, metadata } from '../api/metadata.ts'
import { clearable, flag, integer, oneOf, required, text } from '../api/parameters.ts'
import { route, type Route } from '../api/route.ts'
import { search, searchParameters } from '../api/search.ts'
import { change, expectCustomer, find, nowOf } from '../core/service.ts'
import { declined, methodOf } from '../payments/payment-method.ts'
import { collectNow, payInvoice, settle } from '../subscriptions/settle.ts'
import { closeInvoice, finalizeInvoice, intentOf, markPaid } from './finalize.ts'
import { draftInvoice } from './invoice.ts'
import { bill, lineOfItem, pendingItems } from './invoice-item.ts'
import { methodFor } from './pay.ts'
import type { StripeInvoice } from '../core/objects.ts'
import type { StripeService } from '../core/service.ts'

const path = '/v1/invoices'

function findInvoice({ state }: StripeService, id: string): StripeInvoice {
  return find(state.invoices, 'invoice', id)
}

export const invoiceRoutes: readonly Route[] = [
  route(
    'POST',
    path,
    {
      auto_advance: flag(),
      collection_method: oneOf('charge_automatically', 'send_invoice'),
      currency: text(3),
      customer: required(text()),
      days_until_due: integer(0),
      default_payment_method: text(),
      description: clearable(text()),
      metadata: metadata(),
      pending_invoice_items_behavior: oneOf('exclude', 'include'),
    },
    (service, { parameters }) => {
      const { auto_advance: isAutomatic = true, customer } = parameters
      find(service.state.customers, 'customer', customer, 'customer')
      const isIncluded = parameters.pending_invoice_items_behavior === 'include'
      const waiting = isIncluded ? pendingItems(service, customer, null) : []
      const invoice = draftInvoice(service, {
        customer,
        currency: parameters.currency ?? service.state.customers[customer]?.currency ?? 'jpy',
        reason: 'manual',
        lines: waiting.map((item) => lineOfItem(service, item)),
        collectionMethod: parameters.collection_method,
        daysUntilDue: parameters.days_until_due,
        defaultPaymentMethod: parameters.default_payment_method,
        description: parameters.description,
        metadata: applyMetadata({}, parameters.metadata),
        isAutomatic,
      })
      bill(waiting, invoice.id)
      service.emit('invoice.created', invoice)
      return invoice
    },
  ),
  route(
    'GET',
    path,
    {
      ...listParameters,
      collection_method: oneOf('charge_automatically', 'send_invoice'),
      customer: text(),
      status: oneOf('draft', 'open', 'paid', 'uncollectible', 'void'),
      subscription: text(),
    },
    ({ state }, { parameters }) => {
      const { collection_method: method, customer, status, subscription } = parameters
      expectCustomer(state, customer)
      return page(path, 'invoice', Object.values(state.invoices), parameters, (invoice) => {
        const { subscription_details: details } = invoice.parent ?? {}
        return (
          invoice.customer === (customer ?? invoice.customer) &&
          invoice.status === (status ?? invoice.status) &&
          invoice.collection_method === (method ?? invoice.collection_method) &&
          (subscription === undefined || details?.subscription === subscription)
        )
      })
    },
  ),
  route('GET', `${path}/search`, searchParameters, ({ state }, { parameters }) =>
    search(
      state,
      `${path}/search`,
      Object.values(state.invoices),
      [
        'created',
        'currency',
        'customer',
        'metadata',
        'number',
        'receipt_number',
        'status',
        'total',
      ],
      parameters,
    ),
  ),
  route('GET', `${path}/:id`, {}, (service, { id }) => findInvoice(service, id)),
  route('GET', `${path}/:id/lines`, listParameters, (service, { id, parameters }) => {
    const { created: _created, ...call } = parameters
    const { lines } = findInvoice(service, id)
    return page(`${path}/${id}/lines`, 'line item', lines.data.toReversed(), call)
  }),
  route(
    'POST',
    `${path}/:id`,
    {
      auto_advance: flag(),
      default_payment_method: text(),
      description: clearable(text()),
      metadata: metadata(),
    },
    (service, { id, parameters }) => {
      const { auto_advance: advances, metadata: given, ...plain } = parameters
      return change(service, 'invoice.updated', findInvoice(service, id), (invoice) => {
        Object.assign(invoice, plain)
        invoice.metadata = applyMetadata(invoice.metadata, given)
        if (advances === undefined) return
        invoice.auto_advance = advances
        const hour = nowOf(service, invoice.customer) + 3600
        invoice.automatically_finalizes_at = advances && invoice.status === 'draft' ? hour : null
      })
    },
  ),
  route('DELETE', `${path}/:id`, {}, (service, { id }) => {
    const invoice = findInvoice(service, id)
    if (invoice.status !== 'draft' || invoice.parent) {
      throw refused(
        'You can only delete draft invoices that are not of a subscription.',
        'invoice_not_editable',
      )
    }
    delete service.state.invoices[id]
    service.state.deleted[id] = 'invoice'
    service.emit('invoice.deleted', invoice)
    return { id, object: 'invoice', deleted: true }
  }),
  route('POST', `${path}/:id/finalize`, { auto_advance: flag() }, (service, { id, parameters }) => {
    const invoice = findInvoice(service, id)
    invoice.auto_advance = parameters.auto_advance ?? invoice.auto_advance
    finalizeInvoice(service, invoice)
    const now = nowOf(service, invoice.customer)
    if (invoice.status === 'open' && invoice.auto_advance) invoice.next_payment_attempt = now + 3600
    if (invoice.amount_due === 0) settle(service, invoice, 'paid')
    return invoice
  }),
  route(
    'POST',
    `${path}/:id/pay`,
    { off_session: flag(), paid_out_of_band: flag(), payment_method: text() },
    (service, { id, parameters }) => {
      const invoice = findInvoice(service, id)
      // Stripe sends no code with it.
      if (invoice.status === 'paid') throw refused('Invoice is already paid')
      if (invoice.status === 'draft') finalizeInvoice(service, invoice)
      if (invoice.status === 'void') throw refused('Invoice is void.')
      if (parameters.paid_out_of_band) {
        markPaid(service, invoice, 0)
        invoice.amount_paid = invoice.amount_due
        invoice.amount_remaining = 0
        settle(service, invoice, 'paid')
        return invoice
      }
      const { off_session: isOffSession = true, payment_method: given } = parameters
      const method = given === undefined ? undefined : methodOf(service, given, 'payment_method')
      if (!method && !methodFor(service, invoice)) {
        throw refused(
          'Cannot pay invoice: the customer has no default payment method.',
          'resource_missing',
        )
      }
      const intent = intentOf(service, invoice)
      const result = payInvoice(service, invoice, { isOffSession, method })
      if (result === 'paid') return invoice
      throw unpaid(result, intent)
    },
  ),
  route('POST', `${path}/:id/void`, {}, (service, { id }) => {
    const invoice = findInvoice(service, id)
    closeInvoice(service, invoice, 'void')
    return invoice
  }),
  route('POST', `${path}/:id/mark_uncollectible`, {}, (service, { id }) => {
    const invoice = findInvoice(service, id)
    closeInvoice(service, invoice, 'uncollectible')
    return invoice
  }),
  route('POST', `${path}/:id/send`, {}, (service, { id }) => {
    const invoice = findInvoice(service, id)
    if (invoice.status === 'draft') collectNow(service, invoice, { isOffSession: true })
    else service.emit('invoice.sent', invoice)
    return invoice
  }),
]

function unpaid(
  result: 'failed' | 'requires_action',
  intent: ReturnType<typeof intentOf>,
): StripeFailure {
  if (result === 'requires_action') {
    return new StripeFailure(
      402,
      'This payment requires additional user action before it can be completed successfully. Payment can be completed using the PaymentIntent associated with invoice.payment_intent',
      {
        type: 'card_error',
        code: 'invoice_payment_intent_requires_action',
        ...(intent ? { payment_intent: intent } : {}),
      },
    )
  }
  const error = intent?.['last_payment_error'] as
    | { code: string; decline_code?: string; message: string }
    | null
    | undefined
  if (!error) return invalid('The invoice could not be paid.')
  const { code, decline_code: declineCode = code, message } = error
  return declined({ code, declineCode, message }, intent ? { payment_intent: intent } : {})
}
